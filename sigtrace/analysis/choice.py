"""Which chains of a recorded run are drawn, whole, and in which order."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.filters import matches, matches_sender
from sigtrace.analysis.unfolded import CALLS
from sigtrace.analysis.walking import walk
from sigtrace.tree import FINISHED, REGISTERED, Builder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sigtrace.tree import Chain, Span

Event = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """What the user asked to see of all chains; each of what is set has to hold.

    `root` are globs of the outermost operation's name or model, or ids of spans in a chain;
    `around` are globs of receivers and callbacks that ran in it. `slowest` is how many, slowest
    first.
    """

    root: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    errors: bool = False
    unfinished: bool = False
    slowest: int | None = None

    @property
    def is_made(self) -> bool:
        """Whether anything is left out, or put in another order."""
        return self != Choice()

    def takes(self, chain: Chain) -> bool:
        """Whether a chain is one of those that were asked for, leaving aside which are slowest."""
        if self.root and not _is_rooted(chain.root, self.root):
            return False
        if not (self.around or self.errors or self.unfinished):
            return True
        spans = list(walk(chain.root))
        if self.errors and not any(span.exception is not None for span in spans):
            return False
        if self.unfinished and not any(span.is_open for span in spans):
            return False
        return not self.around or any(
            span.kind in CALLS
            and span.state != REGISTERED
            and matches(span.text("receiver") or span.name, self.around)
            for span in spans
        )


def chosen(
    events: Iterable[Event], choice: Choice, shows: Callable[[Chain], bool] = lambda _: True
) -> Iterator[Event]:
    """The lines of the chains that were asked for, and those that belong to no chain.

    A chain's lines come when it has ended, those of the slowest chains at the end. The slowest are
    those of what `shows` says is not hidden.
    """
    slowest = None if choice.slowest is None else _Slowest(choice.slowest)
    for chain in _chains(events, Builder()):
        if isinstance(chain, dict):
            if slowest is None or not slowest.takes_block(chain):
                yield chain
        elif choice.takes(chain):
            if slowest is None:
                yield from _lines(chain)
            elif shows(chain):
                slowest.take(chain)
    if slowest is not None:
        yield from slowest.lines()


class _Slowest:
    """The slowest chains so far, and what became of the atomic blocks around them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._number = 0
        self._chains: list[tuple[int, int, Chain]] = []
        self._blocks: dict[str, Event] = {}

    def take(self, chain: Chain) -> None:
        self._number += 1
        entry = (chain.root.duration_ns, -self._number, chain)
        if len(self._chains) < self._most:
            heapq.heappush(self._chains, entry)
        else:
            heapq.heappushpop(self._chains, entry)

    def takes_block(self, event: Event) -> bool:
        """Keep the end of a block for after its chains; that of others is of no use."""
        if event["event"] != "end":
            return False
        around = {chain.root.transaction for *_, chain in self._chains}
        around.update(block.get("transaction") for block in self._blocks.values())
        if event["id"] in around:
            self._blocks[event["id"]] = event
        return True

    def lines(self) -> Iterator[Event]:
        for *_, chain in sorted(self._chains, reverse=True):
            yield from _lines(chain)
        yield from self._blocks.values()


def _chains(events: Iterable[Event], builder: Builder) -> Iterator[Chain | Event]:
    """Chains as they end, and the lines between them that belong to none."""
    for event in events:
        ended = builder.feed(event)
        if event["event"] not in ("begin", "registered", "end") or _is_outer_block(event):
            yield event
        yield from ended
    yield from builder.finish()


def _is_outer_block(event: Event) -> bool:
    """Whether a line is the end of an atomic block around chains."""
    return event["event"] == "end" and event["kind"] == "transaction" and not event.get("parent")


def _lines(chain: Chain) -> Iterator[Event]:
    """What a chain was made of, so that it can be put together again: a child before its parent.

    First the `begin` lines of the atomic blocks around it: they say of which database each is.
    """
    yield from chain.around.values()
    for span in reversed(list(walk(chain.root))):
        if span.state in (FINISHED, REGISTERED) or span.event["event"] == "begin":
            yield span.event


def _is_rooted(root: Span, globs: tuple[str, ...]) -> bool:
    model = root.text("model") or root.text("sender")
    if matches(root.name, globs) or matches_sender(model, globs):
        return True
    return any(span.id in globs for span in walk(root))
