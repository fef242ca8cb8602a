"""Columns of figures in a given width; what has no room goes to the line below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sigtrace.views.display import Display

_GAP = 2


@dataclass(frozen=True)
class Column:
    """A column of figures behind the first one; the lowest `rank` is the last to go."""

    title: str
    rank: int


@dataclass(frozen=True)
class Entry:
    """A row: its name, a figure for each column, and what is said below it."""

    name: Text
    figures: Sequence[str]
    below: Sequence[Text] = ()


def table(
    title: str, columns: Sequence[Column], entries: Sequence[Entry], display: Display
) -> list[Text]:
    """Set entries in columns; those columns are left out that would squeeze the names."""
    widths = [
        max(cell_len(column.title), *(cell_len(entry.figures[i]) for entry in entries)) + _GAP
        for i, column in enumerate(columns)
    ]
    names = max(cell_len(title), *(entry.name.cell_len for entry in entries))
    shown = list(range(len(columns)))
    if display.crop:
        for i in sorted(shown, key=lambda i: -columns[i].rank):
            if names + sum(widths[j] for j in shown) <= display.columns:
                break
            if columns[i].rank:
                shown.remove(i)
    first = display.columns - sum(widths[i] for i in shown)
    first = max(first, names) if not display.crop else max(first, 8)
    lines = [_line(Text(title, end=""), [columns[i].title for i in shown], widths, shown, first)]
    lines[0].stylize("bold dim")
    for entry in entries:
        figures = [entry.figures[i] for i in shown]
        lines.append(_line(_fitted(entry.name, first, display), figures, widths, shown, first))
        lines += (
            _fitted(Text("  ", end="").append_text(text), display.columns, display)
            for text in entry.below
        )
    return lines


def _line(
    name: Text, figures: Sequence[str], widths: Sequence[int], shown: Sequence[int], first: int
) -> Text:
    line = name.copy()
    line.append(" " * (first - line.cell_len))
    for figure, i in zip(figures, shown, strict=True):
        line.append(" " * (widths[i] - cell_len(figure)))
        line.append(figure, "dim" if figure in ("0", "-", "–") else "")  # noqa: RUF001
    return line


def _fitted(text: Text, room: int, display: Display) -> Text:
    if not display.crop or text.cell_len <= room:
        return text
    cut = text.copy()
    cut.truncate(max(room - len(display.glyphs.more), 1))
    return cut.append(display.glyphs.more)
