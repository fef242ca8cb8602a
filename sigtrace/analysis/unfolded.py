"""A chain as lists, made once for all who count or look for something in it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.tree import Chain, Span

CALLS = ("receiver", "on_commit")
"""The kinds of spans in which the project's code runs, and to which what it does is put down."""


class Unfolded:
    """The spans of a chain, each after its parent, and named by their place in `spans`.

    `above` and `caller` are the places of each span's parent and of the nearest call of a receiver
    or callback above it, -1 where there is none. `of` has the places of the spans of a kind.
    `failed` says whether any exception was recorded in the chain.
    """

    __slots__ = ("above", "caller", "chain", "failed", "of", "spans")

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.spans = spans = [chain.root]
        self.above = above = [-1]
        self.caller = caller = [-1]
        self.of: defaultdict[str, list[int]] = defaultdict(list)
        self.failed = False
        for place, span in enumerate(spans):  # which grows meanwhile
            event = span.event
            kind = event["kind"]
            self.of[kind].append(place)
            if event.get("exception") is not None:
                self.failed = True
            children = span.children
            if children:
                spans += children
                above += [place] * len(children)
                caller += [place if kind in CALLS else caller[place]] * len(children)

    def callers(self, place: int) -> Iterator[int]:
        """The calls of receivers and callbacks above a span, the nearest first."""
        place = self.caller[place]
        while place >= 0:
            yield place
            place = self.caller[place]

    def is_djangos(self, place: int) -> bool:
        """Whether a receiver of Django's own did what a span is."""
        caller = self.caller[place]
        return caller >= 0 and self.spans[caller].event.get("origin") == "django"

    def path(self, place: int, top: int) -> list[Span]:
        """The spans from one at `top` down to one at `place`, both included."""
        found = [self.spans[place]]
        while place != top:
            place = self.above[place]
            found.append(self.spans[place])
        return found[::-1]

    def operation(self, receiver: int) -> int:
        """The place of what sent a receiver its signal; -1 where that was the project itself."""
        send = self.above[receiver]
        return self.above[send] if send >= 0 else -1
