"""What is connected and was not agreed to, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigtrace.analysis.baseline.entry import ANY
from sigtrace.analysis.paths import last_part
from sigtrace.events import sender_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sigtrace.analysis.baseline.entries import Called, Connected
    from sigtrace.analysis.baseline.entry import Entry
    from sigtrace.analysis.baseline.file import Baseline, Line


@dataclass(frozen=True)
class Change:
    """The same receiver on the same signal and sender, with another uid, mode or number."""

    before: Line
    now: Connected


@dataclass(frozen=True)
class Comparison:
    """What differs; a line of the baseline is in `missing`, in `changed`, or `unchanged`."""

    unexpected: tuple[Connected, ...]
    missing: tuple[Line, ...]
    changed: tuple[Change, ...]
    unchanged: int


def compare(baseline: Baseline, found: Sequence[Connected]) -> Comparison:
    """Compare what is connected with the baseline, whatever the order of either."""
    live = {one.entry.key: one for one in found}
    known = {line.entry.key: line for line in baseline.lines}
    changed = [
        Change(line, live[key])
        for key, line in known.items()
        if key in live and live[key].entry.count != line.entry.count
    ]
    unchanged = len(known.keys() & live.keys()) - len(changed)
    missing = {key: line for key, line in known.items() if key not in live}
    unexpected = []
    for key, one in live.items():
        if key in known:
            continue
        # Its uid or its mode alone is another: one difference, not two.
        twin = next((other for other in missing if other[:3] == key[:3]), None)
        if twin is None:
            unexpected.append(one)
        else:
            changed.append(Change(missing.pop(twin), one))
    return Comparison(tuple(unexpected), tuple(missing.values()), tuple(changed), unchanged)


def compare_called(baseline: Baseline, found: Iterable[Called]) -> list[Called]:
    """The called receivers that the baseline does not know."""
    known: dict[str, list[Entry]] = {}
    for line in baseline.lines:
        known.setdefault(line.entry.receiver, []).append(line.entry)
    return [
        one
        for one in found
        if not any(_allows(entry, one.entry) for entry in known.get(one.entry.receiver, ()))
    ]


def _allows(entry: Entry, call: Entry) -> bool:
    """Whether a line covers a call; a span tells the sender of the send, not of the connection."""
    if not call.sender and "." not in call.signal:
        # It never ended: no more than the short name of its signal is known.
        return last_part(entry.signal) == call.signal
    if entry.signal != call.signal:
        return False
    # Without values a sender that is one is recorded by its type alone.
    return entry.sender in (ANY, call.sender) or sender_kind(entry.sender) == call.sender
