"""R003: receivers that take a good part of the chains in which they run."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.findings.finding import Name, finding
from sigtrace.analysis.percentiles import Durations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span

SLOW_MS = 10.0
"""Milliseconds that are slow, unless `--slow-ms` says otherwise."""

_SHARE = 0.2
_PERCENT = 95
_EVIDENCE = 3


@dataclass
class _Times:
    """Nanoseconds: of the calls alone, of the SQL in them, and of the chains around them."""

    span: Span
    durations: Durations = field(default_factory=Durations)
    own: int = 0
    sql: int = 0
    chains: int = 0
    around: int = 0
    slowest: list[tuple[int, str]] = field(default_factory=list)

    def add(self, ns: int, span_id: str) -> None:
        self.durations.add(ns)
        self.own += ns
        if len(self.slowest) < _EVIDENCE:
            heapq.heappush(self.slowest, (ns, span_id))
        elif ns > self.slowest[0][0]:
            heapq.heapreplace(self.slowest, (ns, span_id))


class SlowReceivers:
    """The time of each receiver without that of the receivers that it set off in turn."""

    def __init__(self, slow_ms: float = SLOW_MS) -> None:
        self._slow_ns = slow_ms * 1e6
        self._times: dict[tuple[object, ...], _Times] = {}

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        spans, receivers = chain.spans, chain.of["receiver"]
        nested, sql = _below(chain, "receiver"), _below(chain, "query")
        took = spans[0].duration_ns
        seen = set()
        for place in receivers:
            span = spans[place]
            event = span.event
            if event["event"] != "end" or event.get("origin") == "django":
                continue
            key = (event.get("receiver"), event.get("file"), event.get("line"))
            times = self._times.get(key)
            if times is None:
                times = self._times[key] = _Times(span.replaced([]))
            own = span.duration_ns
            if place in nested:
                # Async receivers below it may have run at once, and longer together than it.
                own = max(own - nested[place], 0)
            times.add(own, event["id"])
            if place in sql:
                times.sql += sql[place]
            if key not in seen:
                seen.add(key)
                times.chains += 1
                times.around += took

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for times in self._times.values():
            share = times.own / times.around if times.around else 0
            high = times.durations.percentile(_PERCENT)
            if share >= _SHARE and high >= self._slow_ns:
                yield _finding(times, share, high)


def _below(chain: Unfolded, kind: str) -> dict[int, int]:
    """The nanoseconds of the spans of a kind, by the call right above them."""
    found: dict[int, int] = {}
    for place in chain.of[kind]:
        above = chain.caller[place]
        if above >= 0:
            found[above] = found.get(above, 0) + chain.spans[place].duration_ns
    return found


def _finding(times: _Times, share: float, high: int) -> Finding:
    calls, chains = times.durations.count, times.chains
    middle = times.durations.percentile(50)
    slowest = sorted(times.slowest, reverse=True)
    said = f"{calls:,} call{'s' * (calls > 1)}: half took {_ms(middle)} or more, "
    said += f"one in twenty {_ms(high)}, the slowest {_ms(slowest[0][0])}"
    if calls == 1:
        said = f"1 call: {_ms(slowest[0][0])}"
    parts = [(said,)]
    if times.sql * 100 > times.own:
        parts.append((f"{min(times.sql / times.own, 1):.0%} of its time is SQL",))
    of = "its chain" if chains == 1 else f"its {chains:,} chains"
    return finding(
        "R003",
        (Name(times.span.name), f" takes {min(share, 1):.0%} of {of}"),
        times.span,
        details=tuple(parts),
        evidence=tuple(span_id for _, span_id in slowest),
        count=calls,
        show=("--tree", "--around", times.span.name, "--slowest", "3"),
        weight=times.own,
    )


def _ms(ns: float) -> str:
    return f"{ns / 1e6:,.1f} ms"
