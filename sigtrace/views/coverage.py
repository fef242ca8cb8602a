"""Signal coverage for people: by app, who was never called, and who called the others first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.views.layout import row, wrapped
from sigtrace.views.tables import Column, Entry, table
from sigtrace.views.text import clean, data, place, plural, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.coverage import Row, SignalCoverage
    from sigtrace.views.display import Display

_NOTHING = Text(end="")
_MOST = 20
"""Receivers that are listed where a command shows all of them."""
_COLUMNS = (Column("receivers", 0), Column("called", 0), Column("%", 0))


def render_coverage(coverage: SignalCoverage, display: Display, *, tests: bool = True) -> Text:
    """The coverage as lines; without `tests` in figures, and the first that were never called."""
    sections = [
        _head(coverage, display),
        _apps(coverage, display),
        _never(coverage, display, None if tests else _MOST),
        _first(coverage, display) if tests else [],
    ]
    lines = [line for section in sections if section for line in (*section, _NOTHING)]
    return Text("\n", end="").join(lines[:-1])


def _head(coverage: SignalCoverage, display: Display) -> list[Text]:
    whose = "" if coverage.everyone else "own "
    dot = f" {display.glyphs.dot} "
    called = f"{coverage.called:,} of {plural(coverage.connected, f'{whose}receiver')} called"
    lines = [Text(f"Signal coverage {coverage.percent:.1f} %{dot}{called}", "bold", end="")]
    if not coverage.connected:
        lines = [Text(f"Signal coverage{dot}no {whose}receivers are connected", "bold", end="")]
    if coverage.muted:
        said = f"{plural(coverage.muted, 'receiver')} of muted signals not counted (--all records)"
        lines.append(Text(said, "dim", end=""))
    for doubt in coverage.doubts:
        said = f"{display.glyphs.warning} Calls may be missing: {doubt}"
        lines += wrapped("", "  ", [data(word, "yellow") for word in said.split(" ")], display)
    return lines


def _apps(coverage: SignalCoverage, display: Display) -> list[Text]:
    if not coverage.apps:
        return []
    entries = [
        Entry(data(app.name), (f"{len(app.rows):,}", f"{app.called:,}", f"{app.percent:.1f}"))
        for app in coverage.apps
    ]
    return table("App", _COLUMNS, entries, display)


def _never(coverage: SignalCoverage, display: Display, most: int | None) -> list[Text]:
    rows = [one for one in coverage.rows if not one.calls]
    if not rows:
        return []
    lines = [Text("Never called", "bold", end=""), *(_line(one, display) for one in rows[:most])]
    left_out = len(rows) - len(rows[:most])
    if left_out:
        lines.append(Text(f"  {display.glyphs.more} {left_out:,} more", "dim", end=""))
    return lines


def _first(coverage: SignalCoverage, display: Display) -> list[Text]:
    rows = [one for one in coverage.rows if one.calls]
    if not rows:
        return []
    lines = [Text("First called by", "bold", end="")]
    for one in rows:
        lines.append(_line(one, display))
        test = "outside of tests" if one.test is None else clean(one.test)
        words = [Text(f"{display.glyphs.arrow} {test}", "dim", end="")]
        lines += wrapped("    ", "      ", words, display)
        lines += _by_sender(one, display)
    return lines


def _line(one: Row, display: Display) -> Text:
    times = f"{display.glyphs.times}{one.calls:,}" if one.calls else ""
    what = Text("  ", end="").append_text(data(short(one.receiver), "green"))
    signal = clean(f"{one.signal.rpartition('.')[2]} {one.sender or 'any sender'}")
    what.append(f"  {signal}", "dim")
    return row(what, place(one.file, one.line), Text(times, end=""), display)


def _by_sender(one: Row, display: Display) -> Iterator[Text]:
    """Whom a receiver of any sender was called for."""
    if one.sender is None and one.senders:
        said = ", ".join(
            f"{clean(sender or 'no sender')} {display.glyphs.times}{calls:,}"
            for sender, calls in one.senders
        )
        words = [Text(word, "dim", end="") for word in f"for {said}".split(" ")]
        yield from wrapped("    ", "      ", words, display)
