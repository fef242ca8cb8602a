"""Who sets off whom in a run: operations, sends, receivers and callbacks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigtrace.analysis.filters import OPERATIONS
from sigtrace.analysis.unfolded import CALLS
from sigtrace.tree import REGISTERED

if TYPE_CHECKING:
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span

ON_COMMIT = "on_commit"
"""What leads to a callback, where a signal leads to a receiver."""


@dataclass(frozen=True, order=True)
class Node:
    """What sets off or is set off: `name` is `blog.Article.save()`, or an import path."""

    kind: str
    name: str


@dataclass(frozen=True, order=True)
class Edge:
    """`source` leads to `target`; `by` is the import path of the signal that Django sent between.

    It is ON_COMMIT for a callback, and empty where the source does what the target is.
    """

    source: Node
    target: Node
    by: str = ""


class Edges:
    """Counts the ways that the chains of a run took; Django's own receivers are left out."""

    def __init__(self) -> None:
        self.counts: Counter[Edge] = Counter()

    def add(self, chain: Unfolded) -> None:
        """Take a chain."""
        nodes = {
            place: node
            for kind in (*OPERATIONS, "send", *CALLS)
            for place in chain.of[kind]
            if (node := _node(chain, place)) is not None
        }
        for place, target in nodes.items():
            by = ON_COMMIT if target.kind == "on_commit" else ""
            up = chain.above[place]
            while up >= 0 and up not in nodes:
                span = chain.spans[up]
                if span.event["kind"] == "send" and target.kind == "receiver":
                    by = span.text("signal") or span.name
                up = chain.above[up]
            if up >= 0:
                self.counts[Edge(nodes[up], target, by)] += 1


def _node(chain: Unfolded, place: int) -> Node | None:
    """What a span is in the graph; None for what only leads from one node to another."""
    span = chain.spans[place]
    kind = span.kind
    if kind in CALLS:
        if span.text("origin") == "django" or (kind == "on_commit" and _has_not_run(span)):
            return None
        return Node(kind, full_name(span))
    above = chain.above[place]
    if kind == "send" and above >= 0 and chain.spans[above].kind in OPERATIONS:
        # What an operation sends is how it leads to receivers.
        return None
    return Node(kind, full_name(span))


def _has_not_run(span: Span) -> bool:
    """Of a callback that waits, the registration counts; of one that never ran, nothing."""
    return span.state != REGISTERED and (span.parent is None or bool(span.event.get("discarded")))


def full_name(span: Span) -> str:
    """The name of an operation with its model's label, the import path of a signal or receiver."""
    model = span.text("model")
    if not model:
        # Of what never ended, its line tells no more than its name.
        return span.text("receiver") or span.text("signal") or span.name
    if span.kind == "m2m":
        return f"{model}.{span.text('field')}.{span.text('action')}()"
    what = span.text("operation") if span.kind == "bulk" else span.kind
    return f"{model}.{what}()"
