"""R002: receivers that lead back to themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.failures import failed
from sigtrace.analysis.filters import OPERATIONS
from sigtrace.analysis.findings.finding import ERROR, EVIDENCE, NOTICE, Name, Place, finding
from sigtrace.analysis.findings.rows import row_of
from sigtrace.analysis.reentry import identity
from sigtrace.tree import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings.finding import Finding, Words
    from sigtrace.analysis.reentry import Receiver
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span


_TOO_DEEP = "RecursionError"


@dataclass
class _Cycle:
    """A way from a receiver back to it; `depth` counts its calls within each other.

    `errors` are the exceptions that ended it, each with the number of chains.
    """

    path: list[Span]
    same_row: bool
    chains: int = 0
    depth: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    unfinished: bool = False
    evidence: list[str] = field(default_factory=list)


class Recursion:
    """Receivers called below themselves, each with the way by which that came about."""

    def __init__(self) -> None:
        self._found: dict[frozenset[Receiver], _Cycle] = {}

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        depths: dict[int, int] = {}
        deepest: dict[frozenset[Receiver], tuple[int, bool, int]] = {}
        for place in chain.of["receiver"]:
            caller = chain.caller[place]
            if caller < 0:
                continue
            outer = _same_above(chain, place)
            if outer is None:
                continue
            depths[place] = depth = depths.get(outer, 1) + 1
            circle = frozenset(
                _receiver(chain, one) for one in (place, *_between(chain, place, outer))
            )
            known = self._found.get(circle)
            if known is None:
                known = self._found[circle] = _Cycle(
                    [span.replaced([]) for span in chain.path(place, outer)],
                    _is_same_row(chain, place, outer),
                )
            known.depth = max(known.depth, depth)
            # Of two that are as deep, the one that failed may have ended it.
            this = (depth, failed(chain.spans[place]), -place)
            deepest[circle] = max(deepest.get(circle, this), this)
        for circle, (_, _, place) in deepest.items():
            self._judge(self._found[circle], chain, -place)

    def absorb(self, later: Recursion) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._found, later._found)

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for cycle in self._found.values():
            yield _finding(cycle)

    def _judge(self, cycle: _Cycle, chain: Unfolded, place: int) -> None:
        cycle.chains += 1
        if len(cycle.evidence) < EVIDENCE:
            cycle.evidence.append(chain.spans[place].id)
        if chain.failed and any(span.exception == _TOO_DEEP for span in chain.spans):
            cycle.errors[_TOO_DEEP] += 1
        elif failed(chain.spans[place]):
            cycle.errors[chain.spans[place].exception or ""] += 1
        elif chain.spans[0].state != FINISHED:
            cycle.unfinished = True


def _same_above(chain: Unfolded, place: int) -> int | None:
    receiver = _receiver(chain, place)
    for caller in chain.callers(place):
        if _receiver(chain, caller) == receiver:
            return caller
    return None


def _receiver(chain: Unfolded, place: int) -> Receiver:
    send = chain.above[place]
    operation = chain.above[send] if send >= 0 else -1
    above = (chain.spans[one] if one >= 0 else None for one in (send, operation))
    return identity(chain.spans[place], *above)


def _between(chain: Unfolded, place: int, outer: int) -> Iterator[int]:
    for caller in chain.callers(place):
        if caller == outer:
            return
        yield caller


def _is_same_row(chain: Unfolded, place: int, outer: int) -> bool:
    operations = (chain.operation(place), chain.operation(outer))
    if min(operations) < 0:
        return False
    inner, upper = (row_of(chain.spans[one]) for one in operations)
    return inner is not None and inner == upper


def _finding(cycle: _Cycle) -> Finding:
    receiver = cycle.path[-1]
    if cycle.errors:
        level, how = ERROR, f"ended by {', '.join(cycle.errors)}"
        if cycle.errors.total() < cycle.chains:
            how += f" in {cycle.errors.total():,} of {cycle.chains:,} chains"
    elif cycle.unfinished:
        level, how = "", "never ended"
    else:
        # From row to row, say up a tree, it may have ended where there was no next one.
        level, how = NOTICE, "ended by a guard of its own" if cycle.same_row else "ended by itself"
    ways = [span for span in cycle.path if span.event["kind"] in OPERATIONS] or cycle.path[:-1]
    row = " of the same row" if cycle.same_row else ""
    said = f" leads back to itself by {ways[-1].name}{row}: {cycle.depth:,} calls deep, {how}"
    return finding(
        "R002",
        (Name(receiver.name), said),
        receiver,
        details=(tuple(_path(cycle.path)), *_step(cycle.path)),
        evidence=tuple(cycle.evidence),
        count=cycle.chains,
        show=("--tree", "--around", receiver.name),
        level=level,
        weight=cycle.depth,
    )


def _path(path: list[Span]) -> Iterator[str | Name]:
    for number, span in enumerate(path):
        if span.event["kind"] in ("transaction", "query"):
            continue
        if number:
            yield " → "
        yield Name(span.name) if span.event["kind"] == "receiver" else span.name


def _step(path: list[Span]) -> Iterator[Words]:
    for span in path:
        file = span.event.get("file")
        if span.event["kind"] not in ("receiver", "send") and file is not None:
            yield (f"{span.name} at ", Place(file, span.event.get("line")))
