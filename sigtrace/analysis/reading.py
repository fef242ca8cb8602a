"""The chains of a run in one pass over its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigtrace.reader import merge_events
from sigtrace.tree import Builder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sigtrace.reader import Damage, Run
    from sigtrace.tree import Chain

Event = dict[str, Any]


def read_chains(
    run: Run,
    damage: Damage,
    note: Callable[[Event], None] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Chain]:
    """Yield the chains of a run as they ended, and at last those that did not.

    `note` is told of each line that is no span of a chain, also of the end of an atomic block;
    `progress` of lines as they are read. Raises SigtraceError for a file that cannot be read.
    """
    builder = Builder()
    for event in merge_events(run.files, damage, progress):
        if event["event"] != "end" or event["kind"] == "transaction":
            note(event)
        yield from builder.feed(event)
    yield from builder.finish()
