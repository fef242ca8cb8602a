"""Reads and writes `sigtrace.baseline`, whose comments survive.

Plain text: a heading with the version, `settings=` and `import=` lines, then one receiver a line,
sorted. No dates and no line numbers, so that a difference is a difference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sigtrace.analysis.baseline.entry import Entry, Key, quote, read_entry, split, unquote
from sigtrace.errors import SigtraceError

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1

_HEADING = (
    f"# sigtrace baseline {VERSION}: receivers that are meant to be connected,"
    " written by: sigtrace check --update"
)
_VERSION = re.compile(r"# sigtrace baseline (\d+)\b")
_CONFLICT = re.compile(r"<{7}|={7}|>{7}|\|{7}")
_CALL_ORDER = "order=call"


@dataclass(frozen=True)
class Line:
    """An entry where it stands; `above` are the comments and blank lines before it."""

    entry: Entry
    number: int = 0
    comment: str = ""
    above: tuple[str, ...] = ()


@dataclass(frozen=True)
class Baseline:
    """What the file says; `ordered` that each signal's receivers stand in the order of the calls.

    `head` are the comments before the settings, `tail` those behind the last receiver.
    """

    settings: str = ""
    imports: tuple[str, ...] = ()
    ordered: bool = False
    lines: tuple[Line, ...] = ()
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()


@dataclass
class _Reading:
    """What has been read so far; `above` waits for the line that it belongs to."""

    settings: str = ""
    imports: list[str] = field(default_factory=list)
    ordered: bool = False
    lines: dict[Key, Line] = field(default_factory=dict)
    head: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)


def parse(text: str, name: str) -> Baseline:
    """Read a file; `name` is what messages call it. Raises SigtraceError where that is not one."""
    rows = text.splitlines()
    _check_version(rows[0] if rows else "", name)
    reading = _Reading()
    for number, row in enumerate(rows[1:], 2):
        if _CONFLICT.match(row):
            raise SigtraceError(
                f"{name}:{number}: a merge was not finished.",
                "Keep both sides; sigtrace check --update then sorts them out.",
            )
        try:
            _read(row.strip(), number, reading)
        except ValueError as error:
            raise SigtraceError(
                f"{name}:{number}: {error}.",
                "Mend the line, or delete it and run: sigtrace check --update",
            ) from None
    return Baseline(
        reading.settings,
        tuple(reading.imports),
        reading.ordered,
        tuple(reading.lines.values()),
        tuple(reading.head),
        tuple(reading.above),
    )


def render(baseline: Baseline) -> str:
    """The text of the file."""
    rows = [_HEADING, *baseline.head]
    rows += [f"settings={quote(baseline.settings)}"] * bool(baseline.settings)
    rows += [f"import={quote(name)}" for name in baseline.imports]
    rows += [_CALL_ORDER] * baseline.ordered
    body = [
        row
        for line in baseline.lines
        for row in (*line.above, f"{line.entry}  {line.comment}".rstrip())
    ]
    body += baseline.tail
    while body and not body[0]:
        del body[0]
    return "\n".join([*rows, "", *body]).rstrip("\n") + "\n"


def updated(
    old: Baseline, settings: str, imports: Iterable[str], entries: Iterable[Entry], ordered: bool
) -> Baseline:
    """The file that says what `entries` are; in their order if `ordered`, else sorted.

    A comment stays with its line. If that goes, one at its end goes too, those above it do not.
    """
    wanted = {entry.key: entry for entry in entries}
    if not ordered:
        wanted = dict(sorted(wanted.items()))
    kept: dict[Key, Line] = {}
    above: list[str] = []
    for line in old.lines:
        above += line.above
        if line.entry.key in wanted:
            kept[line.entry.key] = replace(line, above=tuple(above))
            above = []
    lines = [replace(kept.get(key, Line(entry)), entry=entry) for key, entry in wanted.items()]
    return replace(
        old,
        settings=settings,
        imports=tuple(imports),
        ordered=ordered,
        lines=tuple(lines),
        tail=(*above, *old.tail),
    )


def _check_version(heading: str, name: str) -> None:
    found = _VERSION.match(heading)
    if found is None:
        raise SigtraceError(
            f"{name} is no baseline: its first line does not say '# sigtrace baseline {VERSION}'.",
            "Name another --baseline, or delete the file and run: sigtrace check --update",
        )
    if int(found[1]) > VERSION:
        raise SigtraceError(
            f"{name} was written by a newer sigtrace (version {found[1]} of the file, "
            f"this one reads {VERSION}).",
            "Upgrade: pip install --upgrade sigtrace",
        )


def _read(row: str, number: int, reading: _Reading) -> None:
    """Take one line. Raises ValueError where it means nothing."""
    words, comment = split(row)
    if not words:
        # The blank line below the settings is the file's own.
        if comment or reading.above or reading.lines:
            reading.above.append(comment)
        return
    name, equals, value = words[0].partition("=")
    if len(words) > 1 or not equals:
        entry = read_entry(words)
        # The same line twice is what two merged branches leave: no second connection.
        if entry.key not in reading.lines:
            reading.lines[entry.key] = Line(entry, number, comment, tuple(reading.above))
            reading.above.clear()
        return
    if name == "settings":
        reading.settings = unquote(value)
    elif name == "import":
        reading.imports.append(unquote(value))
    elif words[0] == _CALL_ORDER:
        reading.ordered = True
    else:
        raise ValueError(f"{name}= means nothing here: settings= and import= do")
    reading.head += filter(None, (*reading.above, comment))
    reading.above.clear()
