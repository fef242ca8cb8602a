"""The lines of a block as if of chains that overlap each had ended before the next one did."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from sigtrace.tree import Builder, order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sigtrace.tree import Event


def in_order(events: Sequence[Event]) -> Sequence[Event]:
    """The same lines, in which chains end in the order of their start.

    Concurrent tasks and threads end in any order, so that what is drawn at each end would differ
    from run to run. Chains that never end come last, as ever.
    """
    builder = Builder()
    keys = {
        number: order(chain.root)
        for number, event in enumerate(events)
        for chain in builder.feed(event)
    }
    due = deque(sorted(keys.values()))
    if [*due] == [*keys.values()]:
        return events
    found: list[Event] = []
    held: list[tuple[Any, int]] = []
    for number, event in enumerate(events):
        key = keys.get(number)
        if key is None and _ends_block(event):
            # What became of the chains in an atomic block is said below them.
            inside = [one for one, each in held if events[each].get("transaction") == event["id"]]
            key = max(inside, default=None)
        if key is None:
            found.append(event)
            continue
        held.append((key, number))
        held.sort()
        while held and (not due or held[0][0] <= due[0]):
            _, released = held.pop(0)
            found.append(events[released])
            if released in keys:
                due.popleft()
    return found


def _ends_block(event: Event) -> bool:
    return event["event"] == "end" and bool(event["kind"] == "transaction")
