"""What receivers, chains and bulk writes add up to, chain by chain.

What is kept grows with distinct receivers, places and errors, not with spans.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.failures import began_here, failures
from sigtrace.analysis.figures import BulkWrites, ChainFigures, Failure, OpenSpan, ReceiverCalls
from sigtrace.analysis.filters import bypassed, rows_written
from sigtrace.analysis.paths import last_part
from sigtrace.analysis.sums import blamed, own_ns, queries_below, right_below
from sigtrace.analysis.walking import walk
from sigtrace.events import sender_kind
from sigtrace.tree import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Scope, Span

_Key = tuple[str, str, "str | None"]

SLOWEST = 20
_UNFINISHED = 20
_NOBODY: frozenset[_Key] = frozenset()


class Statistics:
    """Adds chains up."""

    def __init__(self) -> None:
        self.receivers: dict[_Key, ReceiverCalls] = {}
        self.bulk: dict[tuple[str, str, str, int], BulkWrites] = {}
        self.failures: Counter[Failure] = Counter()
        self.discarded: Counter[str] = Counter()
        self.unfinished: list[OpenSpan] = []
        self._slowest: list[tuple[int, int, ChainFigures, Scope | None]] = []
        self._chains = 0

    def add(self, chain: Unfolded) -> None:
        """Take a finished or, at the end, an unfinished chain."""
        root = chain.spans[0]
        if root.event.get("discarded"):
            self.discarded[root.name] += 1
            return
        for place in chain.of["on_commit"]:
            if chain.spans[place].event.get("discarded"):
                self.discarded[chain.spans[place].name] += 1
        if chain.of["receiver"]:
            self._receivers(chain)
        for place in chain.of["bulk"]:
            if bypassed(chain.spans[place]):
                self._bulk(chain.spans[place])
        if chain.failed:
            self.failures.update(failures(root))
        if root.state == UNFINISHED:
            self._unfinished(chain)
        elif chain.chain.continues is None:
            self._rank(chain)

    def absorb(self, later: Statistics) -> None:
        """Add what a later part of a run, or another run, adds up to."""
        absorb(self.receivers, later.receivers)
        absorb(self.bulk, later.bulk)
        self.failures.update(later.failures)
        self.discarded.update(later.discarded)
        self.unfinished += later.unfinished[: max(_UNFINISHED - len(self.unfinished), 0)]
        after = [(one[0], one[1] - self._chains, *one[2:]) for one in later._slowest]
        self._slowest = heapq.nlargest(SLOWEST, [*self._slowest, *after])
        heapq.heapify(self._slowest)
        self._chains += later._chains

    def slowest(self) -> list[ChainFigures]:
        """The slowest finished chains, slowest first."""
        return [
            figures if scope is None else replace(figures, scope=scope.label)
            for _, _, figures, scope in sorted(self._slowest, reverse=True)
        ]

    def _receivers(self, chain: Unfolded) -> None:
        queries = queries_below(chain)
        nested, sql = right_below(chain, "receiver"), right_below(chain, "query")
        at_fault = blamed(chain) if chain.failed else ()
        took, seen = chain.spans[0].duration_ns, set()
        # Of the calls with others below them: whose calls they are within.
        within: dict[int, frozenset[_Key]] = {}
        for place in chain.of["receiver"]:
            span = chain.spans[place]
            if span.state == UNFINISHED:
                continue
            event, duration = span.event, span.duration_ns
            sender = event.get("sender")
            key = (
                event.get("receiver") or span.name,
                event.get("signal") or "",
                # There is no end of values.
                sender and sender_kind(sender),
            )
            calls = self.receivers.get(key) or self._calls(*key)
            if not calls.calls:
                calls.file, calls.line = event.get("file"), event.get("line")
                calls.origin = event.get("origin")
            calls.calls += 1
            around = _around(chain, place, within) if chain.caller[place] >= 0 else _NOBODY
            if not around or key not in around:
                calls.queries += queries[place]
                calls.total_ns += duration
            if place in nested:
                within[place] = around | {key}
            calls.self_ns += own_ns(span) if span.children else duration
            if duration > calls.max_ns:  # noqa: PLR1730  (`max` takes longer)
                calls.max_ns = duration
            calls.errors += place in at_fault
            # Async receivers below it may have run at once, and longer together than it.
            alone = max(duration - nested[place], 0) if place in nested else duration
            calls.alone.add(alone)
            calls.alone_ns += alone
            if place in sql:
                calls.sql_ns += sql[place]
            calls.slowest.add(alone, event["id"])
            if key not in seen:
                seen.add(key)
                calls.chains += 1
                calls.around_ns += took

    def _unfinished(self, chain: Unfolded) -> None:
        for place in chain.of["send"]:
            if chain.spans[place].state == UNFINISHED:
                self._open_receivers(chain.spans[place])
        if len(self.unfinished) < _UNFINISHED:
            self.unfinished.append(_innermost_open(chain.spans[0]))

    def _open_receivers(self, send: Span) -> None:
        """Count the calls that never ended: their lines tell a name and a place, no signal."""
        for span in send.children:
            if span.kind != "receiver" or span.state != UNFINISHED:
                continue
            known = [
                key
                for key in self.receivers
                if key[0] == span.name and last_part(key[1]) == send.name
            ]
            signals = {signal for _, signal, _ in known}
            signal = signals.pop() if len(signals) == 1 else send.name
            key = known[0] if len(known) == 1 else (span.name, signal, None)
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
        rows = rows_written(span)
        writes.calls += 1
        writes.rows = None if rows is None or writes.rows is None else writes.rows + rows
        writes.bypassed.update(dict.fromkeys(span.texts("bypassed")))

    def _rank(self, chain: Unfolded) -> None:
        self._chains += 1
        took = chain.spans[0].duration_ns
        full = len(self._slowest) == SLOWEST
        if full and took <= self._slowest[0][0]:
            return
        entry = (took, -self._chains, _figures(chain), chain.chain.scope)
        if full:
            heapq.heapreplace(self._slowest, entry)
        else:
            heapq.heappush(self._slowest, entry)


def _around(chain: Unfolded, place: int, within: Mapping[int, frozenset[_Key]]) -> frozenset[_Key]:
    """The receivers within whose calls one is."""
    caller = chain.caller[place]
    while caller >= 0:
        if caller in within:
            return within[caller]
        caller = chain.caller[caller]
    return _NOBODY


def _figures(chain: Unfolded) -> ChainFigures:
    root = chain.spans[0]
    return ChainFigures(
        id=root.id,
        kind=root.kind,
        name=root.name,
        file=root.event.get("file"),
        line=root.event.get("line"),
        time=root.time,
        duration_ns=root.duration_ns,
        sends=len(chain.of["send"]),
        receiver_calls=len(chain.of["receiver"]),
        queries=len(chain.of["query"]),
        errors=sum(map(began_here, chain.spans)) if chain.failed else 0,
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
