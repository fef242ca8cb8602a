"""Finds the line that no sigtrace has written, once it has kept a run from being explained."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sigtrace import events
from sigtrace.errors import SigtraceError
from sigtrace.reader.lines import Damage, read_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.reader.runs import Run

_NUMBERS = {
    *("count", "dropped", "duration_ns", "index", "line", "pid", "ppid", "queries", "row"),
    *("rows", "time"),
}
_LISTS = {"argv", "bypassed", "differs", "not_reached", "receivers", "update_fields"}
_OBJECTS = {"arguments", "changes", "counts", "repeats", "unheard", "unseen"}
_FLAGS = {
    *(
        "any_sender",
        "closed",
        "created",
        "discarded",
        "durable",
        "historical",
        "many",
        "raw",
        "robust",
    ),
    *("savepoint", "swallowed"),
}
_ANYTHING = {"dispatch_uid", "pk", "schema", "status"}
_KNOWN = {
    *(*events.PROCESS_FIELDS, *events.SCOPE_FIELDS, *events.END_FIELDS, *events.COUNTS_FIELDS),
    *(field for fields in events.KIND_FIELDS.values() for field in fields),
}


@contextmanager
def strange_lines_told(runs: Iterable[Run]) -> Iterator[None]:
    """Raise SigtraceError for a value of a kind that is never written, not what it leads to.

    To look at each value of each line while reading would take longer than all the rest.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        said = next(filter(None, map(first_strange, runs)), None)
        if said is None:
            raise
        raise SigtraceError(said, "Remove that line, or record the run once more.") from error


def first_strange(run: Run) -> str | None:
    """Say where the first such value of a run stands; None if there is none."""
    for path in run.files:
        for number, event in enumerate(read_events([path], Damage()), 1):
            for field, value in event.items():
                kind = None if value is None else _expected(field, value)
                if kind is not None:
                    what = event.get("id") or f"event {number}"
                    return f"{path}: {field} of {what} is {value!r:.60}, and should be {kind}."
    return None


def _expected(field: str, value: Any) -> str | None:
    """What the field should be if the value is not that."""
    if field not in _KNOWN or field in _ANYTHING:
        return None
    if field in _NUMBERS:
        return None if type(value) is int else "a whole number"
    if field in _FLAGS:
        return None if type(value) is bool else "true or false"
    if field in _OBJECTS:
        return None if type(value) is dict else "an object"
    if field in _LISTS:
        good = type(value) is list and all(type(one) is str for one in value)
        return None if good else "a list of texts"
    return None if type(value) is str else "a text"
