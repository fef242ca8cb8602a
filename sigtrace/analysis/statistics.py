"""What receivers, chains and bulk writes add up to, chain by chain.

What is kept grows with distinct receivers, places and errors, not with spans.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass

from sigtrace.analysis.failures import began_here, failures
from sigtrace.analysis.figures import BulkWrites, ChainFigures, Failure, OpenSpan, ReceiverCalls
from sigtrace.analysis.filters import bypassed
from sigtrace.analysis.walking import fold, walk
from sigtrace.tree import REGISTERED, UNFINISHED, Chain, Span

SLOWEST = 20
_UNFINISHED = 20


class Statistics:
    """Adds chains up."""

    def __init__(self) -> None:
        self.receivers: dict[tuple[str, str, str | None], ReceiverCalls] = {}
        self.bulk: dict[tuple[str, str, str, int], BulkWrites] = {}
        self.failures: Counter[Failure] = Counter()
        self.discarded: Counter[str] = Counter()
        self.unfinished: list[OpenSpan] = []
        self._slowest: list[tuple[int, int, ChainFigures]] = []
        self._chains = 0

    def add(self, chain: Chain) -> None:
        """Take a finished or, at the end, an unfinished chain."""
        if chain.root.event.get("discarded"):
            self.discarded[chain.root.name] += 1
            return
        sums = fold(chain.root, self._span)
        if sums is None:
            return
        if sums.errors:
            self.failures.update(failures(chain.root))
        if chain.root.state == UNFINISHED:
            if len(self.unfinished) < _UNFINISHED:
                self.unfinished.append(_innermost_open(chain.root))
        elif chain.continues is None:
            self._rank(chain, sums)

    def slowest(self) -> list[ChainFigures]:
        """The slowest finished chains, slowest first."""
        return [figures for _, _, figures in sorted(self._slowest, reverse=True)]

    def _span(self, span: Span, children: list[_Sums]) -> _Sums:
        kind, event = span.kind, span.event
        sums = _Sums(queries=int(kind == "query"), sends=int(kind == "send"))
        for below in children:
            sums.add(below)
        if kind == "receiver":
            if span.state != UNFINISHED:
                self._receiver(span, sums)
            sums.calls += 1
        elif kind == "send" and span.state == UNFINISHED:
            self._open_receivers(span)
        elif kind == "bulk" and bypassed(span):
            self._bulk(span)
        if event.get("exception") and kind != "transaction":
            sums.errors += began_here(span)
            if kind == "receiver":
                sums.blamed = True
        else:
            # It stopped here: what happens above is another exception.
            sums.blamed = False
        return sums

    def _receiver(self, span: Span, below: _Sums) -> None:
        event = span.event
        calls = self._calls(
            span.text("receiver") or span.name, span.text("signal"), event.get("sender")
        )
        calls.file, calls.line = event.get("file"), event.get("line")
        calls.origin = event.get("origin")
        calls.calls += 1
        calls.queries += below.queries
        duration = span.duration_ns
        calls.total_ns += duration
        calls.self_ns += own_ns(span)
        calls.max_ns = max(calls.max_ns, duration)
        calls.errors += bool(span.exception) and not below.blamed

    def _open_receivers(self, send: Span) -> None:
        """Count the calls that never ended: their lines tell a name and a place, no signal."""
        for span in send.children:
            if span.kind != "receiver" or span.state != UNFINISHED:
                continue
            signals = [
                key
                for key in self.receivers
                if key[0] == span.name and key[1].rpartition(".")[2] == send.name
            ]
            key = signals[0] if len(signals) == 1 else (span.name, send.name, None)
            calls = self._calls(*key)
            calls.file, calls.line = span.event.get("file"), span.event.get("line")
            calls.calls += 1
            calls.unfinished += 1

    def _calls(self, receiver: str, signal: str, sender: str | None) -> ReceiverCalls:
        key = (receiver, signal, sender)
        calls = self.receivers.get(key)
        if calls is None:
            calls = self.receivers[key] = ReceiverCalls(*key)
        return calls

    def _bulk(self, span: Span) -> None:
        file, line = span.event.get("file"), span.event.get("line")
        key = (span.name, span.text("model"), file or "", line or 0)
        writes = self.bulk.get(key)
        if writes is None:
            writes = self.bulk[key] = BulkWrites(span.name, span.text("model"), file, line)
        rows = span.event.get("rows")
        writes.calls += 1
        writes.rows = None if rows is None or writes.rows is None else writes.rows + rows
        writes.bypassed.update(dict.fromkeys(span.texts("bypassed")))

    def _rank(self, chain: Chain, sums: _Sums) -> None:
        self._chains += 1
        took = chain.root.duration_ns
        full = len(self._slowest) == SLOWEST
        if full and took <= self._slowest[0][0]:
            return
        entry = (took, -self._chains, _figures(chain, sums))
        if full:
            heapq.heapreplace(self._slowest, entry)
        else:
            heapq.heappush(self._slowest, entry)


@dataclass(slots=True)
class _Sums:
    """What is at and below a span; `blamed`: an exception comes out of a receiver in there."""

    queries: int = 0
    sends: int = 0
    calls: int = 0
    errors: int = 0
    blamed: bool = False

    def add(self, other: _Sums) -> None:
        self.queries += other.queries
        self.sends += other.sends
        self.calls += other.calls
        self.errors += other.errors
        self.blamed = self.blamed or other.blamed


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


def _figures(chain: Chain, sums: _Sums) -> ChainFigures:
    root = chain.root
    return ChainFigures(
        id=root.id,
        kind=root.kind,
        name=root.name,
        scope=None if chain.scope is None else chain.scope.label,
        file=root.event.get("file"),
        line=root.event.get("line"),
        time=root.time,
        duration_ns=root.duration_ns,
        sends=sums.sends,
        receiver_calls=sums.calls,
        queries=sums.queries,
        errors=sums.errors,
        slowest_path=tuple(_slowest_path(root)),
    )


def _slowest_path(root: Span) -> list[str]:
    names: list[str] = []
    span = root
    while True:
        below = [child for child in span.children if child.kind != "transaction"]
        if not below:
            return names
        span = max(below, key=lambda child: child.duration_ns)
        names.append(span.name)


def _innermost_open(root: Span) -> OpenSpan:
    span = root
    for below in walk(root):
        if below.state == UNFINISHED:
            span = below
    return OpenSpan(span.name, span.kind, root.name, span.event.get("file"), span.event.get("line"))
