"""The chains of a run in one pass over its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigtrace.tree import Builder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sigtrace.tree import Chain

Event = dict[str, Any]


def read_chains(
    events: Iterable[Event], note: Callable[[Event], None] = lambda _: None
) -> Iterator[Chain]:
    """Yield the chains of a run as they ended, and at last those that did not.

    `note` is told of each line that is no span of a chain, also of the end of an atomic block.
    """
    builder = Builder()
    for event in events:
        # First: the line that closes a scope has its whole name.
        chains = builder.feed(event)
        if event["event"] != "end" or event["kind"] == "transaction":
            note(event)
        yield from chains
    yield from builder.finish()
