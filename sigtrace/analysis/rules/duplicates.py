"""E004: a send calls the same function more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.baseline import entry_of, origin
from sigtrace.analysis.rules.context import (
    Context,
    places,
    receiver_place,
    said_connected,
    subjects,
)
from sigtrace.analysis.rules.finding import RULES, Finding
from sigtrace.inspection.records import DJANGO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Connection

# An object of its own each time: what it holds may tell it from the others.
_CARRY_DATA = ("method", "partial", "instance")
_COMPARABLE = ("any", "model", "class", "string")


def duplicates(context: Context) -> Iterator[Finding]:
    """Functions that are connected twice to the same signal and sender."""
    same: dict[object, list[Connection]] = {}
    for connection in context.inspection.connections:
        receiver = connection.receiver
        if (
            origin(connection) != DJANGO
            and receiver.kind not in _CARRY_DATA
            and not receiver.is_local
            and not receiver.is_lambda
            and connection.sender.kind in _COMPARABLE
        ):
            # The source, not the name: that is another under another import path.
            what = (receiver.place.file, receiver.place.line) if receiver.place.file else None
            key = (connection.signal, connection.sender, what or receiver.name)
            same.setdefault(key, []).append(connection)
    for connections in same.values():
        if len(connections) > 1:
            yield _finding(connections)


def _finding(connections: list[Connection]) -> Finding:
    names = list(dict.fromkeys(one.receiver.name for one in connections))
    uids = [entry_of(one).uid for one in connections]
    first = connections[0]
    said = f"{entry_of(first).title} is connected {len(connections)} times"
    if len(names) > 1:
        modules = " and ".join(name.rpartition(".")[0] for name in names)
        said += f": one file is imported as {modules}"
        hint = f"Import it under one name: from {min(names, key=len).rpartition('.')[0]} import …"
    elif len(set(uids)) > 1:
        said += ", each time with another dispatch_uid"
        hint = "Connect it in one place, or with the same dispatch_uid in all."
    else:
        hint = "Connect it in one place, or give it a dispatch_uid, so that Django keeps one."
    file, line = receiver_place(first)
    return Finding(
        RULES["E004"],
        said,
        hint,
        file,
        line,
        tuple(dict.fromkeys(said_connected(one) for one in connections)),
        tuple(dict.fromkeys(name for one in connections for name in subjects(one))),
        tuple(dict.fromkeys(place for one in connections for place in places(one))),
    )
