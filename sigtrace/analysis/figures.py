"""What a report says of receivers, chains, bulk writes and errors: plain values."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from sigtrace.analysis.percentiles import Durations


class Slowest:
    """The ids of the few slowest calls."""

    __slots__ = ("_heap",)

    MOST = 3

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []

    def add(self, ns: int, span_id: str) -> None:
        """Take a call."""
        if len(self._heap) < self.MOST:
            heapq.heappush(self._heap, (ns, span_id))
        elif ns > self._heap[0][0]:
            heapq.heapreplace(self._heap, (ns, span_id))

    def absorb(self, other: Slowest) -> None:
        """Take the calls of another one."""
        for ns, span_id in other._heap:
            self.add(ns, span_id)

    def ids(self) -> tuple[str, ...]:
        """The slowest first."""
        return tuple(span_id for _, span_id in sorted(self._heap, reverse=True))


@dataclass(slots=True)
class ReceiverCalls:
    """The calls of one receiver by one signal and kind of sender; times are nanoseconds.

    `self_ns` is its time less that of the spans right below it, `alone_ns` less only that of the
    receivers that it set off; `alone` has each call's. `sql_ns` is that of its own statements,
    `around_ns` of the chains in which it ran, `slowest` its slowest calls alone with their ids.
    `queries` are all below it; of calls within each other the outermost one's are its `queries` and
    its `total_ns`. `errors` are the exceptions that left it and came out of no receiver below it.
    """

    receiver: str
    signal: str
    sender: str | None
    file: str | None = None
    line: int | None = None
    origin: str | None = None
    calls: int = 0
    unfinished: int = 0
    total_ns: int = 0
    self_ns: int = 0
    max_ns: int = 0
    queries: int = 0
    errors: int = 0
    alone: Durations = field(default_factory=Durations)
    alone_ns: int = 0
    sql_ns: int = 0
    chains: int = 0
    around_ns: int = 0
    slowest: Slowest = field(default_factory=Slowest)


@dataclass(frozen=True)
class ChainFigures:
    """One chain in figures."""

    id: str
    kind: str
    name: str
    file: str | None
    line: int | None
    time: int
    duration_ns: int
    sends: int
    receiver_calls: int
    queries: int
    errors: int
    slowest_path: tuple[str, ...]
    """The names down the slowest span of each level, from below the root."""
    scope: str | None = None


@dataclass(slots=True)
class BulkWrites:
    """The bulk writes of one place that bypassed receivers; `rows` is None if not known."""

    name: str
    model: str
    file: str | None
    line: int | None
    calls: int = 0
    rows: int | None = 0
    bypassed: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """An exception: the span in which it began, and the receiver or callback that it left.

    Where it left none, `inside` is the operation in which it began; else that is `operation`, None
    if there was none in between. `outside`: no receiver or callback was running at all.
    """

    exception: str
    span: str
    inside: str
    kind: str
    file: str | None
    line: int | None
    swallowed: bool
    not_reached: tuple[str, ...]
    operation: str | None
    operation_file: str | None
    operation_line: int | None
    outside: bool


@dataclass(frozen=True)
class OpenSpan:
    """The innermost span that had not ended when the last line was written."""

    name: str
    kind: str
    chain: str
    file: str | None
    line: int | None
