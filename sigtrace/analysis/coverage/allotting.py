"""Which connections those are that were called, where several have the same receiver."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sigtrace.events import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sigtrace.analysis.coverage.calls import Called, Calls, Key, Slot

    Uids = Counter[str | None]
    # By the sender that it was called for.
    Heard = list[tuple[str | None, Called]]


def allotted(key: Key, connected: Mapping[Key, Uids], calls: Calls) -> Iterator[Heard]:
    """What each connection of `key` has heard, at least: nothing, where that is not certain.

    What it takes for them to be several is that one send called them all, or their dispatch_uids.
    """
    pool = _pool(key, connected, calls)
    if _is_one(key):
        yield [one for heard in pool.values() for one in heard]
        return
    uids = connected[key]
    slots = [slot for slot in uids if slot is not None], range(uids[None])
    # What was connected twice under one uid, to senders that are one here, is called as one.
    found = [pool.pop(slot, []) for part in slots for slot in part]
    found += [[] for _ in range(uids.total() - len(found))]
    rest = [one for heard in pool.values() for one in heard]
    if key.sender is None or key.of(None) not in connected:
        # It was connected in another way since, by a test, or by more than one.
        first = next((heard for heard in found if heard), found[0])
        first += rest
    yield from found


def were_called(key: Key, calls: Calls) -> bool:
    """Whether any of the connections of `key` may have heard something."""
    return any(True for _ in _heard_by(key, calls))


def _pool(key: Key, connected: Mapping[Key, Uids], calls: Calls) -> dict[Slot, Heard]:
    """What was called, without that which receivers of the very sender have heard."""
    pool: dict[Slot, Heard] = {}
    for sender, slots in _heard_by(key, calls):
        taken: Uids = Counter()
        if key.sender is None is not sender and not _is_one(key.of(sender)):
            taken = connected.get(key.of(sender), taken)
        for slot, called in slots.items():
            if isinstance(slot, int):
                if slot >= taken[None]:
                    pool.setdefault(slot - taken[None], []).append((sender, called))
            elif slot not in taken:
                pool.setdefault(slot, []).append((sender, called))
    return pool


def _heard_by(key: Key, calls: Calls) -> Iterator[tuple[str | None, dict[Slot, Called]]]:
    if key.sender not in (None, UNKNOWN):
        if key in calls.of:
            yield key.sender, calls.of[key]
        return
    for sender in calls.senders.get(key.of(None), ()):
        yield sender, calls.of[key.of(sender)]


def _is_one(key: Key) -> bool:
    """Whether the connections count as one: their senders are values, of which only the type is
    known, or are not known.
    """
    return key.sender is not None and key.sender.startswith("<")
