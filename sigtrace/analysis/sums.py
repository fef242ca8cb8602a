"""What is at and below the spans of a chain: queries, time, and whose an exception is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.failures import failed
from sigtrace.tree import REGISTERED

if TYPE_CHECKING:
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span


def queries_below(chain: Unfolded) -> dict[int, int]:
    """How many queries there are at any depth below each receiver."""
    queries = dict.fromkeys(chain.of["receiver"], 0)
    for place in (*chain.of["query"], *reversed(chain.of["receiver"])):
        for above in chain.callers(place):
            if above in queries:
                queries[above] += queries.get(place, 1)
                break
    return queries


def right_below(chain: Unfolded, kind: str) -> dict[int, int]:
    """The nanoseconds of the spans of a kind, by the call that they are put down to."""
    found: dict[int, int] = {}
    for place in chain.of[kind]:
        above = chain.caller[place]
        if above >= 0:
            found[above] = found.get(above, 0) + chain.spans[place].duration_ns
    return found


def blamed(chain: Unfolded) -> set[int]:
    """The receivers that an exception left which came out of no receiver below them."""
    found: set[int] = set()
    # Below these, an exception comes out of a receiver.
    passing: set[int] = set()
    for place in range(len(chain.spans) - 1, -1, -1):
        if not failed(chain.spans[place]):
            # It stopped here: what happens above is another exception.
            continue
        if chain.spans[place].kind == "receiver" and place not in passing:
            found.add(place)
        above = chain.above[place]
        if above < 0 or chain.spans[above].exception != chain.spans[place].exception:
            # It was caught there: what is raised in its stead is another one.
            continue
        if chain.spans[place].kind == "receiver" or place in passing:
            passing.add(above)
    return found


def own_ns(span: Span) -> int:
    """The time of a span less the time in which a span right below it ran.

    Spans below may overlap (async receivers run together): shared time counts once. Transactions
    are no work by themselves.
    """
    begin, finish = span.time, span.time + span.duration_ns
    covered, reached = 0, begin
    for child in span.children:
        if child.kind == "transaction" or child.state == REGISTERED:
            continue
        start = max(child.time, reached)
        stop = min(child.time + child.duration_ns, finish)
        if stop > start:
            covered += stop - start
            reached = stop
    return span.duration_ns - covered
