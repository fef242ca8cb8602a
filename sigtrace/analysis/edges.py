"""Who sets off whom in a run: operations, sends, receivers and callbacks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sigtrace.analysis.filters import OPERATIONS
from sigtrace.analysis.naming import full_name
from sigtrace.analysis.unfolded import CALLS
from sigtrace.tree import REGISTERED

if TYPE_CHECKING:
    from sigtrace.analysis.naming import Names
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
    """Counts the ways that the chains of one run took; Django's own receivers are left out.

    A callback is led to by what registered it, once it has run, and as long as it may yet run.
    """

    def __init__(self) -> None:
        self._counts: Counter[Edge] = Counter()
        # Those at a span that never ended: the name of its `begin` line has no model's label.
        self._open: Counter[Edge] = Counter()
        # By the ids of callbacks: what became of them comes after the chain that registered them.
        self._waiting: dict[str, tuple[Edge, bool]] = {}

    def counts(self, names: Names) -> Counter[Edge]:
        """All ways, but of spans that never ended only those whose names are known."""
        counts, unnamed = self._counts.copy(), self._open.copy()
        for edge, is_open in self._waiting.values():
            (unnamed if is_open else counts)[edge] += 1
        for edge, count in unnamed.items():
            whole = _named(edge, names)
            if whole is not None:
                counts[whole] += count
        return counts

    def add(self, chain: Unfolded) -> None:
        """Take a chain."""
        nodes = {
            place: node
            for kind in (*OPERATIONS, "send", *CALLS)
            for place in chain.of[kind]
            if (node := _node(chain, place)) is not None
        }
        edges = {place: edge for place in nodes if (edge := _edge(chain, nodes, place)) is not None}
        for place in chain.of["on_commit"]:
            span = chain.spans[place]
            if span.state == REGISTERED and place in edges:
                self._waiting[span.id] = edges.pop(place)
        for place in self.settle(chain):
            edges.pop(place, None)
        for edge in edges.values():
            self._count(*edge)

    def settle(self, chain: Unfolded) -> list[int]:
        """Take of a chain only what became of callbacks; return the places of those that waited."""
        known = []
        for place in chain.of["on_commit"]:
            span = chain.spans[place]
            if span.state != REGISTERED and span.id in self._waiting:
                known.append(place)
                waited = self._waiting.pop(span.id)
                if not span.event.get("discarded"):
                    self._count(*waited)
        return known

    def _count(self, edge: Edge, is_open: bool) -> None:
        (self._open if is_open else self._counts)[edge] += 1


def _edge(chain: Unfolded, nodes: dict[int, Node], place: int) -> tuple[Edge, bool] | None:
    """What leads to a node, and whether one of the two never ended; None if nothing does."""
    target = nodes[place]
    by = ON_COMMIT if target.kind == "on_commit" else ""
    up = chain.above[place]
    while up >= 0 and up not in nodes:
        span = chain.spans[up]
        if span.event["kind"] == "send" and target.kind == "receiver":
            by = span.text("signal") or span.name
        up = chain.above[up]
    if up < 0:
        return None
    is_open = chain.spans[up].is_open or chain.spans[place].is_open
    return Edge(nodes[up], target, by), is_open


def _named(edge: Edge, names: Names) -> Edge | None:
    """An edge with the names that its spans would have had; None where one is not known."""
    by: str | None = edge.by
    if by not in ("", ON_COMMIT):
        by = names.full("send", edge.by)
    ends = []
    for node in (edge.source, edge.target):
        name = node.name if node.kind in CALLS else names.full(node.kind, node.name)
        if name is None or by is None:
            return None
        ends.append(replace(node, name=name))
    return Edge(ends[0], ends[1], by or "")


def _node(chain: Unfolded, place: int) -> Node | None:
    """What a span is in the graph; None for what only leads from one node to another."""
    span = chain.spans[place]
    kind = span.kind
    if kind in CALLS:
        if is_djangos(span) or span.event.get("discarded"):
            return None
        return Node(kind, full_name(span))
    above = chain.above[place]
    if kind == "send" and above >= 0 and chain.spans[above].kind in OPERATIONS:
        # What an operation sends is how it leads to receivers.
        return None
    return Node(kind, full_name(span))


def is_djangos(span: Span) -> bool:
    """Whether a receiver or callback is Django's own; of an open one its name has to tell."""
    return span.text("origin") == "django" or (span.is_open and span.name.startswith("django."))
