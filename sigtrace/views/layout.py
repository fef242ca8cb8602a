"""One line of three columns: what, where, time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    from sigtrace.views.display import Display

_WHERE_AT = 0.6
_GAP = 2


def row(what: Text, where: str, time: Text, display: Display, link: str = "") -> Text:
    """Set the columns; what does not fit pushes the next one on, or is cut where `crop` is on.

    `link` is a URL that `where` leads to.
    """
    width = display.columns
    line = Text(end="")
    room = width - (time.cell_len + _GAP if time else 0)
    if display.crop:
        needed = cell_len(_cut_left(where, 0, display)) + _GAP if where else 0
        if needed > room // 2:
            where, needed = "", 0
        what = _cut_right(what, room - needed, display)
    line.append_text(what)
    if where:
        column = min(round(width * _WHERE_AT), room - cell_len(where))
        column = max(column, what.cell_len + _GAP)
        if display.crop:
            where = _cut_left(where, room - column, display)
        line.append(" " * (column - what.cell_len))
        line.append(where, Style(color="cyan", link=link or None))
    if time:
        line.append(" " * max(width - line.cell_len - time.cell_len, _GAP))
        line.append_text(time)
    return line


def alone(what: Text, display: Display) -> Text:
    """A line of one column."""
    return row(what, "", Text(end=""), display)


def wrapped(first: str, rest: str, words: list[Text], display: Display) -> list[Text]:
    """Lay words out behind `first`, further ones behind `rest`; one line without crop."""
    lines = [Text(end="").append(first, "dim")]
    empty = True
    for word in words:
        line = lines[-1]
        if display.crop and not empty and line.cell_len + 1 + word.cell_len > display.columns:
            lines.append(Text(end="").append(rest, "dim"))
            empty = True
        if not empty:
            lines[-1].append(" ")
        lines[-1].append_text(word)
        empty = False
    if display.crop:
        return [_cut_right(line, display.columns, display) for line in lines]
    return lines


def _cut_right(text: Text, room: int, display: Display) -> Text:
    if text.cell_len <= room:
        return text
    sign = display.glyphs.more
    cut = text.copy()
    cut.truncate(max(room - len(sign), 1))
    cut.append(sign)
    return cut


def _cut_left(where: str, room: int, display: Display) -> str:
    """The end of a path says most: `…/signals.py:12`, no less even where that is too long."""
    sign = display.glyphs.more
    while cell_len(where) > room:
        _, slash, rest = where.removeprefix(sign + "/").partition("/")
        if not slash:
            return where
        where = f"{sign}/{rest}"
    return where
