"""What was connected when Django was set up, as `receivers.json` has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.reader import Run

Event = dict[str, Any]


@dataclass(frozen=True)
class Connection:
    """One connection of a receiver; `sender` is None for any, `at_file` and `at_line` say where.

    `uid` is its dispatch_uid as text, None without one.
    """

    signal: str
    receiver: str
    sender: str | None
    file: str | None
    line: int | None
    origin: str | None
    at_file: str | None
    at_line: int | None
    uid: str | None = None


@dataclass(frozen=True)
class Registry:
    """The connections of a run and its muted signals; neither if nothing was written of them."""

    connections: tuple[Connection, ...] = ()
    muted: frozenset[str] = frozenset()

    def audible(self) -> Iterator[Connection]:
        """The connections whose calls are recorded: not those to muted signals."""
        return (one for one in self.connections if one.signal not in self.muted)


def registry(run: Run) -> Registry:
    """Read what there is; what is of another form is passed over."""
    connections = tuple(
        _connection(str(signal.get("signal")), one)
        for signal in _objects(run.receivers.get("signals"))
        for one in _objects(signal.get("receivers"))
    )
    names = run.receivers.get("muted")
    muted = [_signal(name) for name in names] if isinstance(names, list) else []
    return Registry(connections, frozenset(muted))


def _connection(signal: str, event: Event) -> Connection:
    at = event.get("connected_at")
    at = at if isinstance(at, dict) else {}
    uid = event.get("dispatch_uid")
    return Connection(
        signal=signal,
        receiver=str(event.get("receiver")),
        sender=_text(event, "sender"),
        file=_text(event, "file"),
        line=_number(event, "line"),
        origin=_text(event, "origin"),
        at_file=_text(at, "file"),
        at_line=_number(at, "line"),
        uid=None if uid is None else str(uid),
    )


def _text(event: Event, field: str) -> str | None:
    value = event.get(field)
    return value if isinstance(value, str) else None


def _number(event: Event, field: str) -> int | None:
    value = event.get(field)
    return value if isinstance(value, int) else None


def _signal(name: object) -> str:
    return str(name.get("signal") if isinstance(name, dict) else name)


def _objects(value: object) -> list[Event]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
