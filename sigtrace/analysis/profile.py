"""A run as it is compared with another one: who ran, what led to whom, and by which SQL."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.edges import Edges, full_name
from sigtrace.analysis.percentiles import Durations
from sigtrace.analysis.reading import read_chains
from sigtrace.analysis.summary import Summary
from sigtrace.analysis.totals import ChainTotals
from sigtrace.analysis.unfolded import Unfolded
from sigtrace.reader import Damage, merge_events
from sigtrace.tree import FINISHED, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Callable

    from sigtrace.analysis.edges import Edge
    from sigtrace.analysis.summary import Totals
    from sigtrace.reader import Run

Event = dict[str, Any]

_PLACEHOLDER = r"(?:%s|%\(\w+\)s|\?|\$\d+|:\w+)"
_LIST = re.compile(rf"\({_PLACEHOLDER}(?:, ?{_PLACEHOLDER})+\)")
_LISTS = re.compile(r"\(…\)(?:, ?\(…\))+")
_STATEMENTS = 5_000
"""A run may have any number of different statements: those that come later are not compared."""


@dataclass(frozen=True, order=True)
class Receiver:
    """A receiver of one signal."""

    name: str
    signal: str


@dataclass
class Calls:
    """The calls of a receiver; `file` and `line` are those of the last one."""

    file: str | None = None
    line: int | None = None
    count: int = 0
    durations: Durations = field(default_factory=Durations)


@dataclass
class Root:
    """The chains that begin with one operation: how many, and what happens in them altogether."""

    chains: int = 0
    calls: Counter[Receiver] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)


@dataclass
class Profile:
    """What is compared of a run. Django's own receivers and transaction control are left out.

    `unfinished` is how many chains never ended.
    """

    run: Run
    totals: Totals
    receivers: dict[Receiver, Calls]
    edges: Counter[Edge]
    roots: dict[str, Root]
    damage: Damage
    unfinished: int


def profile(run: Run, progress: Callable[[int], None] = lambda _: None) -> Profile:
    """Read a run once. Raises SigtraceError for a file that this version cannot read."""
    one = _Profiler()
    damage = Damage()
    for chain in read_chains(merge_events(run.files, damage, progress), one.note):
        one.add(Unfolded(chain))
    totals = one.chains.totals() + one.summary.totals()
    return Profile(run, totals, one.receivers, one.edges.counts, one.roots, damage, one.unfinished)


class _Profiler:
    def __init__(self) -> None:
        self.receivers: dict[Receiver, Calls] = {}
        self.roots: dict[str, Root] = {}
        self.edges = Edges()
        self.chains = ChainTotals()
        self.summary = Summary()
        self.unfinished = 0
        self._statements: dict[str, str] = {}

    def note(self, event: Event) -> None:
        if event["event"] == "counts":
            self.summary.feed(event)

    def add(self, chain: Unfolded) -> None:
        self.chains.add(chain)
        root_span = chain.spans[0]
        if root_span.event.get("discarded"):
            return
        self.unfinished += root_span.state == UNFINISHED
        self.edges.add(chain)
        sender = root_span.text("sender")
        name = full_name(root_span) + f" of {sender}" * bool(sender)
        root = self.roots.setdefault(name, Root())
        root.chains += 1
        for place in chain.of["receiver"]:
            span = chain.spans[place]
            if span.text("origin") == "django" or span.state != FINISHED:
                continue
            receiver = Receiver(span.text("receiver") or span.name, span.text("signal"))
            calls = self.receivers.setdefault(receiver, Calls())
            calls.file, calls.line = span.event.get("file"), span.event.get("line")
            calls.count += 1
            calls.durations.add(span.duration_ns)
            root.calls[receiver] += 1
        for place in chain.of["query"]:
            statement = self._statement(chain.spans[place].text("sql"))
            if statement:
                root.statements[statement] += 1

    def _statement(self, sql: str) -> str:
        known = self._statements.get(sql)
        if known is None:
            if len(self._statements) >= _STATEMENTS:
                return ""
            known = self._statements[sql] = statement(sql)
        return known


def statement(sql: str) -> str:
    """SQL without what differs from call to call: how long its lists are. Empty for savepoints."""
    if sql.upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")):
        return ""
    return _LISTS.sub("(…)", _LIST.sub("(…)", sql))
