"""R001, the other half: one save that calls a receiver several times, for it is connected so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.findings.finding import EVIDENCE, Name, Place, finding, times

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
    """Receivers whose code one send calls more than once.

    The line of the code decides: a module that is imported under two names connects it twice.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._found: dict[tuple[object, ...], _Calls] = {}
        # The receivers of sends that were looked at before, each with code of its own.
        self._single: set[tuple[str, ...]] = set()

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for place in chain.of["send"]:
            send = chain.spans[place]
            if len(send.children) > 1:
                names = tuple(send.event.get("receivers") or ())
                if names not in self._single and not self._send(send.children):
                    self._single.add(names)

    def absorb(self, later: ConnectedTwice) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._found, later._found)

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for calls in self._found.values():
            event = calls.span.event
            signal = str(event.get("signal") or "").rpartition(".")[2]
            where = [one for one in self._registry.connections if _is_of(one, calls)]
            yield finding(
                "R001",
                (
                    *(Name(calls.span.name), f" is called {times(calls.most)} by one send of "),
                    f"{signal}: it is connected {times(calls.most)}",
                ),
                calls.span,
                details=(*map(_connected, where), *_other_names(calls)),
                evidence=tuple(calls.evidence),
                count=calls.sends,
                show=("--tree", "--around", calls.span.name),
                weight=calls.sends,
            )

    def _send(self, children: list[Span]) -> bool:
        """Note what is called twice, and say whether anything is."""
        called = [child for child in children if child.event["kind"] == "receiver"]
        places = Counter(
            (child.event.get("file"), child.event.get("line"), _last(child.name))
            for child in called
            if child.event.get("file") is not None and child.event.get("origin") != "django"
        )
        if not any(count > 1 for count in places.values()):
            return False
        for place, count in places.items():
            if count < 2:
                continue
            twice = [
                child
                for child in called
                if (child.event.get("file"), child.event.get("line"), _last(child.name)) == place
            ]
            key = (twice[0].event.get("signal"), *place)
            known = self._found.get(key)
            if known is None:
                known = self._found[key] = _Calls(twice[0].replaced([]))
            known.names.update(dict.fromkeys(child.name for child in twice))
            known.sends += 1
            known.most = max(known.most, count)
            if len(known.evidence) < EVIDENCE:
                known.evidence += [child.id for child in twice][: EVIDENCE - len(known.evidence)]
        return True


def _last(name: str) -> str:
    return name.rpartition(".")[2]


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
