"""E001, E002 and E012: what is connected is not what the baseline says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.baseline.entries import UNKNOWN
from sigtrace.analysis.registry import called_in_order
from sigtrace.analysis.rules.context import (
    FAIL,
    Context,
    elsewhere,
    places,
    receiver_place,
    subjects,
)
from sigtrace.analysis.rules.finding import ERROR, RULES, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.baseline import Change, Connected, Entry, Line
    from sigtrace.inspection import Connection


def differences(context: Context) -> Iterator[Finding]:
    """All that was added, is missing or has changed."""
    for one in context.comparison.unexpected:
        said = f"{one.entry.title} is not in {context.file.name}"
        yield unexpected(context, one, said, (*_neighbour(context, one.connection),))
    for change in context.comparison.changed:
        if _is_less(change):
            yield _missing(context, change.before, _changed(context, change), ())
        else:
            yield unexpected(context, change.now, _changed(context, change), ())
    for line in context.comparison.missing:
        said = f"{line.entry.title} is in {context.file.name} and not connected"
        yield _missing(context, line, said, (*_why(context, line.entry),))


def unexpected(
    context: Context, one: Connected, said: str, details: tuple[str, ...] = ()
) -> Finding:
    """A receiver that nobody agreed to: E012 if a package has brought it, else E001."""
    connection = one.connection
    place = receiver_place(connection)
    package = one.entry.package
    return Finding(
        RULES["E012" if package else "E001"],
        f"{_named(context, package)}: {said}" if package else said,
        context.file.intended,
        *place,
        (*elsewhere(connection, place), *details),
        subjects(connection),
        places(connection),
        level=_level(context) if package else "",
        sign="+",
    )


def _missing(context: Context, line: Line, said: str, details: tuple[str, ...]) -> Finding:
    entry = line.entry
    file = (context.file.path, line.number)
    return Finding(
        RULES["E012" if entry.package else "E002"],
        f"{_named(context, entry.package)}: {said}" if entry.package else said,
        context.file.intended,
        *file,
        details,
        tuple(filter(None, (entry.receiver, entry.signal, entry.sender, entry.package))),
        (file,),
        level=WARNING if entry.package else "",
        sign="-",
    )


def _level(context: Context) -> str:
    return ERROR if context.options.third_party == FAIL else WARNING


def _named(context: Context, package: str) -> str:
    if package == UNKNOWN:
        return "a package that is not known"
    version = context.versions.get(package)
    return f"{package} {version}" if version else f"{package} (nothing of it is loaded)"


def _neighbour(context: Context, connection: Connection) -> Iterator[str]:
    """After which receiver a new one is called, if any."""
    before = None
    for other in called_in_order(context.inspection.connections):
        if other is connection:
            break
        is_heard = (
            other.sender == connection.sender
            or other.sender.kind == "any"
            or connection.sender.kind == "any"
        )
        if other.signal == connection.signal and is_heard:
            before = other
    if before is not None:
        yield f"called after {before.receiver.name}"


def _is_less(change: Change) -> bool:
    before, now = change.before.entry, change.now.entry
    return before.key == now.key and now.count < before.count


def _changed(context: Context, change: Change) -> str:
    before, now = change.before.entry, change.now.entry
    name = context.file.name
    if before.key == now.key:
        return f"{now.title} is connected {_times(now.count)}, {name} says {_times(before.count)}"
    if before.uid != now.uid:
        return f"{now.title} has {_uid(now.uid)}, {name} says {_uid(before.uid)}"
    return f"{now.title} is {_mode(now)}, {name} says {_mode(before)}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _mode(entry: Entry) -> str:
    return "async" if entry.is_async else "not async"


def _uid(word: str) -> str:
    return f"uid={word}" if word else "no uid"


def _why(context: Context, entry: Entry) -> Iterator[str]:
    """Whether the module of a missing receiver of the project's own was imported at all."""
    if entry.package:
        return
    *path, name = entry.receiver.partition(".<locals>")[0].split(".")
    while path and path[-1][:1].isupper():
        name = f"{path.pop()}.{name}"
    module = ".".join(path)
    if module in context.inspection.modules:
        yield f"{module} was imported, but does not connect {name}"
    else:
        yield f"{module} was not imported"
