"""W010, where a project asks for it: receivers are called in another order than before."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from sigtrace.analysis.baseline import ANY
from sigtrace.analysis.paths import last_part
from sigtrace.analysis.rules.context import (
    Context,
    connector_place,
    elsewhere,
    places,
    subjects,
)
from sigtrace.analysis.rules.finding import RULES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.baseline import Connected, Entry

_HINT = "Intended? {update}. If not, have the first one imported first."


def order(context: Context) -> Iterator[Finding]:
    """One finding for each signal of which receivers have changed places."""
    if not context.options.order:
        return
    if not context.baseline.ordered:
        yield Finding(
            RULES["W010"],
            f"{context.file.name} does not hold the order of the calls yet",
            f"{context.file.update} adds it.",
            context.file.path,
            1,
        )
        return
    before = {line.entry.key: number for number, line in enumerate(context.baseline.lines)}
    signals: dict[str, list[Connected]] = {}
    for one in context.connected:
        # Async receivers of one send run together.
        if one.entry.key in before and not one.entry.is_async:
            signals.setdefault(one.entry.signal, []).append(one)
    for signal, found in signals.items():
        swapped = [
            (first, second)
            for first, second in combinations(found, 2)
            if before[first.entry.key] > before[second.entry.key]
            and _meet(first.entry, second.entry)
            and not (first.entry.package and second.entry.package)
        ]
        if swapped:
            yield _finding(signal, swapped, context)


def _meet(one: Entry, other: Entry) -> bool:
    """Whether one send can call both."""
    return one.sender == other.sender or ANY in (one.sender, other.sender)


def _finding(signal: str, swapped: list[tuple[Connected, Connected]], context: Context) -> Finding:
    now, then = swapped[0]
    said = (
        f"{last_part(signal)} calls {now.entry.receiver} before {then.entry.receiver}, "
        f"in {context.file.name} it comes after it"
    )
    if len(swapped) > 1:
        said += f" ({len(swapped) - 1} more such pairs)"
    both = (now.connection, then.connection)
    place = connector_place(now.connection)
    return Finding(
        RULES["W010"],
        said,
        _HINT.format(update=context.file.update),
        *place,
        tuple(said for one in both for said in elsewhere(one, place)),
        tuple(dict.fromkeys(name for one in both for name in subjects(one))),
        tuple(place for one in both for place in places(one)),
    )
