"""What is connected, by signal and sender, and which of it a pattern asks for."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sigtrace.analysis.paths import last_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sigtrace.inspection import Connection, Inspection, Sender, Signal

CONNECTED, COLLECTED, LAZY = "connected", "collected", "lazy"
"""Is called; its receiver was garbage at once; waits for a model that was never loaded."""

_MODEL_SIGNAL = "django.db.models.signals.ModelSignal"
_NEAREST = 5


@dataclass(frozen=True)
class Row:
    """A connection, how often the same receiver stands in its group, and whether it is called."""

    connection: Connection
    times: int = 1
    state: str = CONNECTED


@dataclass(frozen=True)
class Group:
    """What listens to one sender of a signal, in the order in which it is called."""

    sender: Sender
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Listed:
    """A signal and what is shown of its receivers."""

    signal: Signal
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Registry:
    """What a pattern matches; without one, everything. `nearest` are names where it is nothing."""

    inspection: Inspection
    pattern: str
    listed: tuple[Listed, ...]
    nearest: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[Listed, ...]:
        """Without a pattern, what has no receivers is only counted."""
        return tuple(one for one in self.listed if one.groups or self.pattern)

    @property
    def origins(self) -> Counter[str]:
        """How many connections of all signals there are, by whose their receivers are."""
        return Counter(one.receiver.place.origin or "" for one in self.inspection.connections)


def registry(inspection: Inspection, pattern: str = "") -> Registry:
    """List the connections whose signal, sender or receiver the pattern is a part of."""
    found = []
    asks = matcher(pattern)
    # Who asks for a model asks for what hears any model too.
    is_model = any(map(asks, inspection.models_by_label))
    for signal in inspection.signals:
        whole = asks(signal.name)
        any_sender = is_model and signal.type == _MODEL_SIGNAL
        groups = []
        for group in _groups(signal):
            if (
                whole
                or _is_asked(group.sender, asks)
                or (any_sender and group.sender.kind == "any")
            ):
                groups.append(group)
            else:
                rows = tuple(row for row in group.rows if asks(row.connection.receiver.name))
                groups += [Group(group.sender, rows)] * bool(rows)
        if groups or whole:
            found.append(Listed(signal, tuple(groups)))
    nearest = () if found else nearest_names(pattern, _names(inspection))
    return Registry(inspection, pattern, tuple(found), nearest)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a name has the pattern as a part, whatever the case; globs work."""
    lowered = pattern.lower()
    if any(sign in pattern for sign in "*?["):
        return lambda name: (
            fnmatchcase(name.lower(), lowered) or fnmatchcase(last_part(name.lower()), lowered)
        )
    return lambda name: lowered in name.lower()


def nearest_names(wanted: str, names: Iterable[str], least: float = 0.5) -> tuple[str, ...]:
    """The names that look most like what was wanted, by the whole or by the last part.

    `least` is how alike they are, of 1 for the same.
    """
    by_text: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        for text in {name.lower(), last_part(name.lower())}:
            by_text.setdefault(text, []).append(name)
    close = difflib.get_close_matches(wanted.lower(), by_text, _NEAREST, least)
    return tuple(dict.fromkeys(name for text in close for name in by_text[text]))[:_NEAREST]


def sender_name(sender: Sender) -> str:
    """What stands for a sender in a list."""
    if sender.kind == "any":
        return "any sender"
    return sender.label or "unknown sender"


def called_in_order(connections: Iterable[Connection]) -> list[Connection]:
    """Django calls the synchronous receivers of a send first."""
    return sorted(connections, key=lambda one: one.is_async)


def _groups(signal: Signal) -> list[Group]:
    by_sender: dict[Sender, list[Connection]] = {}
    for one in called_in_order(signal.connections):
        by_sender.setdefault(one.sender, []).append(one)
    rows = {sender: list(map(_row(alike), alike)) for sender, alike in by_sender.items()}
    for state, others in ((COLLECTED, signal.collected), (LAZY, signal.lazy)):
        for one in others:
            rows.setdefault(one.sender, []).append(Row(one, state=state))
    groups = [Group(sender, tuple(found)) for sender, found in rows.items()]
    return sorted(groups, key=lambda group: (group.sender.kind == "any", _sort_key(group.sender)))


def _row(alike: list[Connection]) -> Callable[[Connection], Row]:
    def row(one: Connection) -> Row:
        return Row(one, sum(other.receiver.repeats(one.receiver) for other in alike))

    return row


def _sort_key(sender: Sender) -> tuple[str, str]:
    return (sender_name(sender), sender.path or "")


def _is_asked(sender: Sender, asks: Callable[[str], bool]) -> bool:
    return any(asks(name) for name in (sender.label, sender.path) if name is not None)


def _names(inspection: Inspection) -> Iterator[str]:
    yield from inspection.models_by_label
    for signal in inspection.signals:
        yield signal.name
        for one in (*signal.connections, *signal.collected, *signal.lazy):
            yield one.receiver.name
            if one.sender.label is not None:
                yield one.sender.label
