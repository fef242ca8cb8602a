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
from sigtrace.analysis.unfolded import CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.connected import Registry
    from sigtrace.analysis.figures import Failure
    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.unfolded import Unfolded


@dataclass
class _Raised:
    """How often something came of an exception, and in which spans."""

    count: int = 0
    evidence: list[str] = field(default_factory=list)


class _Missed(NamedTuple):
    """Receivers that sends of one signal did not reach, and the exception that was in the way."""

    signal: str
    sender: str
    receivers: tuple[str, ...]
    failure: Failure


class Errors:
    """Exceptions that began in a receiver or a callback, and sends that one of them cut short."""

    def __init__(self, registry: Registry) -> None:
        self._places = {one.receiver: (one.file, one.line) for one in registry.connections}
        self._raised: dict[Failure, _Raised] = {}
        self._missed: dict[_Missed, _Raised] = {}

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for span, path in failing(chain.spans[0]):
            found = failure(span, path)
            if found.kind in CALLS:
                _count(self._raised.setdefault(found, _Raised()), span.id)
            for send in path:
                receivers = tuple(send.texts("not_reached"))
                if receivers:
                    signal, sender = send.text("signal") or send.name, send.text("sender")
                    missed = _Missed(signal, sender, receivers, found)
                    _count(self._missed.setdefault(missed, _Raised()), send.id)

    def absorb(self, later: Errors) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._raised, later._raised)
        absorb(self._missed, later._missed)

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for found, raised in self._raised.items():
            how = " and send_robust swallowed it" if found.swallowed else ""
            inside = () if found.span == found.inside else ((f"in {found.span}",),)
            yield finding(
                "R006",
                (Name(found.inside), f" raised {_exception(found)} {times(raised.count)}{how}"),
                details=inside,
                file=found.file,
                line=found.line,
                evidence=tuple(raised.evidence),
                count=raised.count,
                show=("--tree", "--errors", "--around", found.inside),
                level=WARNING if found.swallowed else "",
                weight=raised.count,
            )
        for missed, cut in self._missed.items():
            found = missed.failure
            file, line = self._places.get(missed.receivers[0], (None, None))
            signal = missed.signal.rpartition(".")[2]
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
                        *(Name(found.inside), f" raised {_exception(found)} before, at "),
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


def _count(raised: _Raised, span_id: str) -> None:
    raised.count += 1
    if len(raised.evidence) < EVIDENCE:
        raised.evidence.append(span_id)


def _exception(found: Failure) -> str:
    return found.exception.removeprefix("builtins.")
