"""Signal coverage for people: by app, who was never called, and who called the others first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.paths import last_part
from sigtrace.views.layout import row, wrapped
from sigtrace.views.tables import Column, Entry, table
from sigtrace.views.text import clean, data, place, plural, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.coverage import Late, Row, SignalCoverage
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
        _late(coverage, display, None if tests else _MOST),
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
    if coverage.in_tests:
        said = f"{plural(coverage.in_tests, 'receiver')} in test files not counted"
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
    return _listed("Never called", [_line(one, _for(one), display) for one in rows], most, display)


def _late(coverage: SignalCoverage, display: Display, most: int | None) -> list[Text]:
    lines = [_line(one, _signal(one), display) for one in coverage.late]
    title = "Called, but connected after django.setup(): not counted"
    return _listed(title, lines, most, display) if lines else []


def _listed(title: str, found: list[Text], most: int | None, display: Display) -> list[Text]:
    lines = [Text(title, "bold", end=""), *found[:most]]
    left_out = len(found) - len(found[:most])
    if left_out:
        lines.append(Text(f"  {display.glyphs.more} {left_out:,} more", "dim", end=""))
    return lines


def _first(coverage: SignalCoverage, display: Display) -> list[Text]:
    rows = [one for one in coverage.rows if one.calls]
    if not rows:
        return []
    lines = [Text("First called by", "bold", end="")]
    for one in rows:
        lines.append(_line(one, _for(one), display))
        test = "outside of tests" if one.test is None else clean(one.test)
        words = [Text(f"{display.glyphs.arrow} {test}", "dim", end="")]
        lines += wrapped("    ", "      ", words, display)
        lines += _by_sender(one, display)
    return lines


def _line(one: Row | Late, heard: str, display: Display) -> Text:
    times = f"{display.glyphs.times}{one.calls:,}" if one.calls else ""
    what = Text("  ", end="").append_text(data(short(one.receiver), "green"))
    what.append(f"  {clean(heard)}", "dim")
    return row(what, place(one.file, one.line), Text(times, end=""), display)


def _for(one: Row) -> str:
    return f"{_signal(one)} {one.sender or 'any sender'}"


def _signal(one: Row | Late) -> str:
    return last_part(one.signal)


def _by_sender(one: Row, display: Display) -> Iterator[Text]:
    """Whom a receiver of any sender was called for."""
    if one.sender is None and one.senders:
        said = ", ".join(
            f"{clean(sender or 'no sender')} {display.glyphs.times}{calls:,}"
            for sender, calls in one.senders
        )
        words = [Text(word, "dim", end="") for word in f"for {said}".split(" ")]
        yield from wrapped("    ", "      ", words, display)
