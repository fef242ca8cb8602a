"""W007 and W009: how a receiver is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.rules.context import (
    Context,
    Where,
    connector_place,
    elsewhere,
    places,
    receiver_place,
    subjects,
    title,
)
from sigtrace.analysis.rules.finding import RULES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Connection


def shapes(context: Context) -> Iterator[Finding]:
    """Own receivers that may break, or that the baseline cannot tell apart."""
    for connection in context.own:
        receiver = connection.receiver
        if receiver.accepts_kwargs is False:
            said = f"{title(connection)} takes no **kwargs"
            if receiver.refuses:
                missing = " and no ".join(receiver.refuses)
                said += f" and no {missing}, which every send passes: each raises TypeError"
            else:
                said += ": an argument that it does not name breaks it"
            yield _finding("W007", connection, said, "Add **kwargs to its parameters.")
        said = f"{title(connection)} has no name of its own"
        if receiver.is_lambda:
            yield _finding("W009", connection, f"{said}: it is a lambda", "Make it a function.")
        elif receiver.is_local:
            around = receiver.name.rpartition(".<locals>")[0]
            hint = "Move it to its module; a decorator's wrapper needs functools.wraps."
            yield _finding("W009", connection, f"{said}: {around} makes it anew each time", hint)
        elif connection.signal.endswith(">"):
            said = f"The signal of {receiver.name} has no name: no module or class holds it"
            place = connector_place(connection)
            hint = "Assign the signal to a name in a module."
            yield _finding("W009", connection, said, hint, place)


def _finding(
    rule: str, connection: Connection, said: str, hint: str, place: Where | None = None
) -> Finding:
    place = place or receiver_place(connection)
    return Finding(
        RULES[rule],
        said,
        hint,
        *place,
        elsewhere(connection, place),
        subjects(connection),
        places(connection),
    )
