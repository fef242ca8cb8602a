"""R006 and R007: exceptions in receivers and callbacks, and who was not called because of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.failures import failing, failure
from sigtrace.analysis.findings.finding import (
    EVIDENCE,
    WARNING,
    Name,
    Place,
    finding,
    names,
    times,
)
from sigtrace.analysis.paths import last_part
from sigtrace.analysis.unfolded import CALLS
from sigtrace.events import sender_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.connected import Registry
    from sigtrace.analysis.figures import Failure
    from sigtrace.analysis.findings.finding import Finding, Words
    from sigtrace.analysis.unfolded import Unfolded


INTERRUPTED = frozenset(
    {
        "asyncio.exceptions.CancelledError",
        "GeneratorExit",
        "greenlet.GreenletExit",
        "KeyboardInterrupt",
    }
)
"""What is thrown into a receiver from without: a client that left, Ctrl-C. It raised nothing."""

_ORIGINS = 3


class _Key(NamedTuple):
    """A receiver, callback or operation, and what it raised."""

    exception: str
    inside: str
    file: str | None
    line: int | None
    swallowed: bool


@dataclass
class _Raised:
    """How often something came of an exception, in which spans, and where that had begun."""

    failure: Failure
    count: int = 0
    origins: dict[Words, None] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)

    def add(self, found: Failure, span_id: str) -> None:
        self.count += 1
        origin = _origin(found)
        if origin and len(self.origins) < _ORIGINS:
            self.origins[origin] = None
        if len(self.evidence) < EVIDENCE:
            self.evidence.append(span_id)


class _Missed(NamedTuple):
    """Receivers that sends of one signal did not reach, and the exception that was in the way."""

    signal: str
    sender: str
    receivers: tuple[str, ...]
    raised: _Key


class Errors:
    """Exceptions that left a receiver or a callback, and sends that one of them cut short.

    One that goes on through the receivers around it is put down to the innermost.
    """

    def __init__(self, registry: Registry) -> None:
        self._places = {one.receiver: (one.file, one.line) for one in registry.connections}
        self._raised: dict[_Key, _Raised] = {}
        self._missed: dict[_Missed, _Raised] = {}

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for raised in failing(chain.spans[0]):
            found, began = failure(raised), raised.path[-1].id
            key = _Key(found.exception, found.inside, found.file, found.line, found.swallowed)
            if found.kind in CALLS and found.exception not in INTERRUPTED:
                self._raised.setdefault(key, _Raised(found)).add(found, began)
            for send in raised.path:
                receivers = tuple(send.texts("not_reached"))
                if receivers:
                    signal = send.text("signal") or send.name
                    sender = sender_kind(send.text("sender"))
                    missed = _Missed(signal, sender, receivers, key)
                    self._missed.setdefault(missed, _Raised(found)).add(found, send.id)

    def absorb(self, later: Errors) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._raised, later._raised)
        absorb(self._missed, later._missed)

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for raised in self._raised.values():
            found = raised.failure
            how = " and send_robust swallowed it" if found.swallowed else ""
            yield finding(
                "R006",
                (Name(found.inside), f" raised {_exception(found)} {times(raised.count)}{how}"),
                details=tuple(raised.origins)[:_ORIGINS],
                file=found.file,
                line=found.line,
                evidence=tuple(raised.evidence),
                count=raised.count,
                show=("--tree", "--errors", "--around", found.inside),
                level=WARNING if found.swallowed else "",
                weight=raised.count,
            )
        for missed, cut in self._missed.items():
            found = cut.failure
            file, line = self._places.get(missed.receivers[0], (None, None))
            signal = last_part(missed.signal)
            did = "was ended by" if found.exception in INTERRUPTED else "raised"
            yield finding(
                "R007",
                (
                    *names(missed.receivers),
                    f" {'was' if len(missed.receivers) == 1 else 'were'} not called by {signal}",
                    f" of {missed.sender}" if missed.sender else "",
                    f" ({times(cut.count)})" if cut.count > 1 else "",
                ),
                details=(
                    (
                        *(Name(found.inside), f" {did} {_exception(found)} before, at "),
                        Place(found.file, found.line),
                    ),
                ),
                file=file or found.file,
                line=line if file else found.line,
                evidence=tuple(cut.evidence),
                count=cut.count,
                show=("--tree", "--root", cut.evidence[0]),
                weight=cut.count,
            )


def _origin(found: Failure) -> Words:
    """Where an exception began; empty where that is in the code of what it left itself."""
    if found.operation is None:
        return () if found.span == found.inside else (f"in {found.span}",)
    what = found.operation
    if found.span != what:
        what = f"{found.span} of {what}"
    return (f"in {what} at ", Place(found.operation_file, found.operation_line))


def _exception(found: Failure) -> str:
    return found.exception.removeprefix("builtins.")
