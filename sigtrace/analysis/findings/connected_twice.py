"""R001, the other half: one save that calls a receiver several times, for it is connected so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.findings.finding import EVIDENCE, Name, Place, finding, times
from sigtrace.analysis.paths import last_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.connected import Connection, Registry
    from sigtrace.analysis.findings.finding import Finding, Words
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span


@dataclass
class _Calls:
    """Calls of one piece of code by sends of one signal; `names` are those it goes by."""

    span: Span
    names: dict[str, None] = field(default_factory=dict)
    sends: int = 0
    most: int = 0
    evidence: list[str] = field(default_factory=list)


class ConnectedTwice:
    """Receivers that one send calls more than once, or whose module was imported under two names.

    What a function makes anew, partials and the methods of several instances are receivers of
    their own, though their code is the same.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._found: dict[tuple[object, ...], _Calls] = {}
        # The receivers of sends that were looked at before, of which none is called twice.
        self._single: set[tuple[str, ...]] = set()

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for place in chain.of["send"]:
            send = chain.spans[place]
            if len(send.children) > 1:
                names = tuple(send.event.get("receivers") or ())
                repeats = send.event.get("repeats") or {}
                if not repeats and names in self._single:
                    continue
                called = [child for child in send.children if child.event["kind"] == "receiver"]
                twice = [*_repeated(called, repeats), *_imported_twice(called)]
                for calls in twice:
                    self._note(calls)
                if not twice:
                    self._single.add(names)

    def absorb(self, later: ConnectedTwice) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._found, later._found)

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for calls in self._found.values():
            event = calls.span.event
            signal = last_part(str(event.get("signal") or ""))
            where = [one for one in self._registry.connections if _is_of(one, calls)]
            yield finding(
                "R001",
                (
                    *(Name(calls.span.name), f" is called {times(calls.most)} by one send of "),
                    f"{signal}: it is connected {times(calls.most)}",
                ),
                calls.span,
                details=(
                    *map(_connected, where),
                    *self._not_recorded(calls.most - len(where)),
                    *_other_names(calls),
                ),
                evidence=tuple(calls.evidence),
                count=calls.sends,
                show=("--tree", "--around", calls.span.name),
                weight=calls.sends,
            )

    def _not_recorded(self, count: int) -> Iterator[Words]:
        """Connections that were made when all had been written, or of which nothing was."""
        if count > 0:
            after = " after django.setup()" if self._registry.connections else ""
            yield (f"connected {times(count)}{after}, where is not recorded",)

    def _note(self, calls: list[Span]) -> None:
        key = (calls[0].event.get("signal"), *_code(calls[0]))
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = _Calls(calls[0].replaced([]))
        known.names.update(dict.fromkeys(call.name for call in calls))
        known.sends += 1
        known.most = max(known.most, len(calls))
        known.evidence += [call.id for call in calls][: EVIDENCE - len(known.evidence)]


def _repeated(called: list[Span], repeats: dict[str, int]) -> Iterator[list[Span]]:
    """Calls of the same object, as the send has noted it by their places."""
    if not repeats:
        return
    same: defaultdict[object, list[Span]] = defaultdict(list)
    for call in called:
        place = call.event.get("index")
        same[repeats.get(str(place), place)].append(call)
    yield from (calls for calls in same.values() if len(calls) > 1 and _is_told(calls[0]))


def _imported_twice(called: list[Span]) -> Iterator[list[Span]]:
    """Calls of one line under several names; what a function made may have any name."""
    same: defaultdict[object, dict[str, Span]] = defaultdict(dict)
    for call in called:
        if "<" not in call.name and _is_told(call):
            same[_code(call)].setdefault(call.name, call)
    yield from (list(calls.values()) for calls in same.values() if len(calls) > 1)


def _is_told(call: Span) -> bool:
    return call.event.get("file") is not None and call.event.get("origin") != "django"


def _code(call: Span) -> tuple[object, ...]:
    return (call.event.get("file"), call.event.get("line"), last_part(call.name))


def _is_of(connection: Connection, calls: _Calls) -> bool:
    event = calls.span.event
    return (
        connection.signal == event.get("signal")
        and connection.receiver in calls.names
        and connection.sender in (None, event.get("sender"))
    )


def _connected(connection: Connection) -> Words:
    words = (Place(connection.at_file, connection.at_line), " connects it")
    return (*words, " to any sender") if connection.sender is None else words


def _other_names(calls: _Calls) -> Iterator[Words]:
    if len(calls.names) > 1:
        yield ("its module was imported under several names: ", ", ".join(calls.names))
