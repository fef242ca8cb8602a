"""The receivers of a report, with their figures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.paths import last_part
from sigtrace.views.tables import Column, Entry, table
from sigtrace.views.text import clean, data, milliseconds, place, plural, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sigtrace.analysis.figures import ReceiverCalls
    from sigtrace.views.display import Display

_RECEIVERS = 30
_COLUMNS = (
    Column("calls", 0),
    Column("total", 0),
    Column("self", 3),
    Column("max", 4),
    Column("queries", 1),
    Column("errors", 2),
)


@dataclass
class _Merged:
    """A receiver's calls by one signal, of all senders that are known."""

    calls: ReceiverCalls
    senders: list[str] = field(default_factory=list)


def receiver_table(receivers: Iterable[ReceiverCalls], display: Display) -> list[Text]:
    """The receivers with their figures, one entry for each signal; no lines if there are none."""
    merged = _by_signal(receivers)
    if not merged:
        return []
    entries = [_entry(one, display) for one in merged[:_RECEIVERS]]
    lines = table("Receiver", _COLUMNS, entries, display)
    if len(merged) > _RECEIVERS:
        lines.append(
            Text(f"{display.glyphs.more} {len(merged) - _RECEIVERS} more: --format json", "dim")
        )
    return lines


def _by_signal(receivers: Iterable[ReceiverCalls]) -> list[_Merged]:
    """One row for a receiver and a signal, whatever the senders; the order stays by time."""
    merged: dict[tuple[str, str], _Merged] = {}
    for one in receivers:
        key = (one.receiver, one.signal)
        known = merged.get(key)
        if known is None:
            known = merged[key] = _Merged(replace(one))
        else:
            total = known.calls
            total.calls += one.calls
            total.unfinished += one.unfinished
            total.total_ns += one.total_ns
            total.self_ns += one.self_ns
            total.max_ns = max(total.max_ns, one.max_ns)
            total.queries += one.queries
            total.errors += one.errors
        if one.sender or one.calls > one.unfinished:
            known.senders.append(one.sender or "no sender")
    return sorted(merged.values(), key=lambda one: -one.calls.total_ns)


def _entry(merged: _Merged, display: Display) -> Entry:
    calls, glyphs = merged.calls, display.glyphs
    own = calls.origin in ("own", None)
    name = data(short(calls.receiver), "bold green" if own else "green dim")
    if calls.unfinished:
        name.append(f"  {calls.unfinished} unfinished", "bold red")
    what = clean(last_part(calls.signal))
    if merged.senders:
        one, *more = merged.senders
        senders = plural(len(merged.senders), "sender") if more else one
        what += f" {glyphs.dot} {clean(senders)}"
    below = Text(end="").append(place(calls.file, calls.line) or "?", "cyan")
    below.append("  " + what, "dim")
    figures = (
        f"{calls.calls:,}",
        milliseconds(calls.total_ns),
        milliseconds(calls.self_ns),
        milliseconds(calls.max_ns),
        f"{calls.queries:,}",
        f"{calls.errors:,}" if calls.errors else glyphs.minus,
    )
    return Entry(name, figures, [below])
