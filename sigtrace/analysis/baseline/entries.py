"""What is connected, or was called, as entries of a baseline: own and third-party receivers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.baseline.entry import ANY, Entry, Key, uid_word
from sigtrace.inspection import DJANGO, OWN, THIRD_PARTY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sigtrace.inspection import Connection, Sender

Event = dict[str, Any]

UNKNOWN = "?"
"""The package of a third-party receiver that no distribution has installed."""

_NAMELESS = re.compile(r"<Signal at .*>")


@dataclass(frozen=True)
class Connected:
    """An entry, and the connections that are the same to it, in the order of their calls."""

    entry: Entry
    connections: tuple[Connection, ...]

    @property
    def connection(self) -> Connection:
        return self.connections[0]


@dataclass(frozen=True)
class Called:
    """A receiver that a run called for a signal and sender, and where it stands."""

    entry: Entry
    origin: str
    file: str | None
    line: int | None


def origin(connection: Connection) -> str:
    """Whose a receiver is; one that is written in C is whoever's connected it."""
    known = connection.receiver.place.origin
    if known is None and connection.connected_at is not None:
        known = connection.connected_at.origin
    return known or OWN


def entry_of(connection: Connection) -> Entry:
    """A connection as a line of the file."""
    is_third_party = origin(connection) == THIRD_PARTY
    return Entry(
        signal=_NAMELESS.sub("<Signal>", connection.signal),
        sender=sender_word(connection.sender),
        receiver=connection.receiver.name,
        uid=uid_word(connection.dispatch_uid),
        is_async=connection.is_async,
        package=(connection.receiver.place.package or UNKNOWN) if is_third_party else "",
    )


def connected(connections: Iterable[Connection]) -> list[Connected]:
    """Put own and third-party connections into entries; Django's own change with its version."""
    found: dict[Key, list[Connection]] = {}
    for connection in connections:
        if origin(connection) != DJANGO:
            found.setdefault(entry_of(connection).key, []).append(connection)
    return [Connected(entry_of(same[0]).counted(len(same)), tuple(same)) for same in found.values()]


def called(events: Iterable[Event]) -> list[Called]:
    """The own and third-party receivers that the spans of a run name, each once.

    One that never ended has no signal that is known: its entry says the short name of its parent.
    """
    found: dict[tuple[str, str, str], Called] = {}
    unfinished: dict[str, Event] = {}
    names: dict[str, str] = {}
    for event in events:
        if event["event"] == "begin":
            names[event["id"]] = str(event.get("name"))
            if event["kind"] == "receiver":
                unfinished[event["id"]] = event
        elif event["event"] == "end" and event["kind"] == "receiver":
            unfinished.pop(event["id"], None)
            _add(found, event, str(event.get("signal")))
    for event in unfinished.values():
        _add(found, event, names.get(event["parent"], ""))
    return list(found.values())


def sender_word(sender: Sender) -> str:
    """A sender as it stands in the file."""
    if sender.kind == "any":
        return ANY
    return sender.label or sender.path or "?"


def _add(found: dict[tuple[str, str, str], Called], event: Event, signal: str) -> None:
    receiver = str(event.get("receiver") or event.get("name"))
    # The line of one that never ended does not say whose it is.
    whose = event.get("origin") or (DJANGO if receiver.startswith("django.") else OWN)
    if whose == DJANGO:
        return
    sender = str(event.get("sender") or "")
    found.setdefault(
        (signal, sender, receiver),
        Called(
            Entry(_NAMELESS.sub("<Signal>", signal), sender, receiver),
            whose,
            event.get("file"),
            event.get("line"),
        ),
    )
