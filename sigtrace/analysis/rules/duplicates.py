"""E004: a send calls the same function more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.baseline import entry_of, origin
from sigtrace.analysis.rules.context import (
    Context,
    elsewhere,
    places,
    receiver_place,
    subjects,
)
from sigtrace.analysis.rules.finding import RULES, Finding
from sigtrace.events import ADDRESS
from sigtrace.inspection import DJANGO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Connection

# Of others a label is no identity.
_COMPARABLE = ("any", "model", "class", "string")


def duplicates(context: Context) -> Iterator[Finding]:
    """Functions that are connected twice to the same signal and sender."""
    heard: dict[object, list[Connection]] = {}
    for connection in context.inspection.connections:
        if origin(connection) != DJANGO and connection.sender.kind in _COMPARABLE:
            heard.setdefault((connection.signal, connection.sender), []).append(connection)
    for connections in heard.values():
        waiting = connections
        while waiting:
            first = waiting[0]
            same = [one for one in waiting if one is first or one.receiver.repeats(first.receiver)]
            waiting = [one for one in waiting if one not in same]
            if len(same) > 1:
                yield _finding(same)


def _finding(connections: list[Connection]) -> Finding:
    names = list(dict.fromkeys(one.receiver.name for one in connections))
    uids = [entry_of(one).uid for one in connections]
    first = connections[0]
    said = f"{entry_of(first).title} is connected {len(connections)} times"
    if len(names) > 1:
        modules = " and ".join(name.rpartition(".")[0] for name in names)
        said += f": one file is imported as {modules}"
        hint = "Import it by the same name everywhere."
    elif len(set(uids)) > 1 or ADDRESS in uids[0]:
        said += ", each time with another dispatch_uid"
        hint = "Connect it in one place, or with the same dispatch_uid in all."
    else:
        hint = "Connect it in one place, or give it a dispatch_uid, so that Django keeps one."
    place = receiver_place(first)
    return Finding(
        RULES["E004"],
        said,
        hint,
        *place,
        tuple(dict.fromkeys(said for one in connections for said in elsewhere(one, place))),
        tuple(dict.fromkeys(name for one in connections for name in subjects(one))),
        tuple(dict.fromkeys(place for one in connections for place in places(one))),
    )
