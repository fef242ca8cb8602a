"""A run as it is compared with another one: who ran, what led to whom, and by which SQL."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.edges import Edges, is_djangos
from sigtrace.analysis.naming import Names, full_name
from sigtrace.analysis.percentiles import Durations
from sigtrace.analysis.reading import read_chains
from sigtrace.analysis.statements import statement
from sigtrace.analysis.summary import Summary
from sigtrace.analysis.totals import ChainTotals
from sigtrace.analysis.unfolded import Unfolded
from sigtrace.events import sender_kind
from sigtrace.launch.recording import is_live
from sigtrace.reader import Damage, merge_events
from sigtrace.tree import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sigtrace.analysis.edges import Edge
    from sigtrace.analysis.summary import Totals
    from sigtrace.reader import Run
    from sigtrace.tree import Span

Event = dict[str, Any]

_STATEMENTS = 5_000
"""A run may have any number of different statements: those that come later are not compared."""


@dataclass(frozen=True, order=True)
class Receiver:
    """A receiver of one signal."""

    name: str
    signal: str


@dataclass
class Calls:
    """The calls of a receiver; `file` and `line` are those of the last one.

    `durations` has those that ended.
    """

    file: str | None = None
    line: int | None = None
    count: int = 0
    durations: Durations = field(default_factory=Durations)


@dataclass
class Executions:
    """How often a statement was executed, or a receiver called, and in each chain that did so."""

    total: int = 0
    chains: Counter[int] = field(default_factory=Counter)

    def add(self, times: int) -> None:
        """Take a chain."""
        self.total += times
        self.chains[times] += 1

    def median(self, chains: int) -> int:
        """In the middle one of so many chains, of which the others did not do so."""
        seen = chains - self.chains.total()
        if seen * 2 >= chains:
            return 0
        for times in sorted(self.chains):
            seen += self.chains[times]
            if seen * 2 >= chains:
                return times
        return 0


@dataclass
class Root:
    """The chains that begin with one operation: how many, and what happens in them altogether.

    Only those that ended: of the others nobody knows what would have come.
    """

    chains: int = 0
    calls: dict[Receiver, Executions] = field(default_factory=dict)
    statements: dict[str, Executions] = field(default_factory=dict)


@dataclass
class Profile:
    """What is compared of a run. Django's own receivers and transaction control are left out.

    `unfinished` is how many chains never ended, `is_live` whether there was more to come when it
    was read. `has_sql` is false of a run that was recorded without SQL: it saved, by no statement.
    """

    run: Run
    totals: Totals
    receivers: dict[Receiver, Calls]
    edges: Counter[Edge]
    roots: dict[str, Root]
    damage: Damage
    unfinished: int
    is_live: bool
    has_sql: bool

    @property
    def killed_by(self) -> int | None:
        """The number of the signal that ended the run's command."""
        number = self.run.meta.get("signal")
        return number if isinstance(number, int) else None

    @property
    def lost(self) -> int:
        """The lines that could not be read or were not written."""
        return self.damage.total + self.totals.dropped

    @property
    def is_cut(self) -> bool:
        """Whether what is not in it may still have happened, or have been about to."""
        return bool(self.is_live or self.lost or self.unfinished or self.killed_by)


def profiles(
    runs: Sequence[Run], progress: Callable[[int], None] = lambda _: None
) -> list[Profile]:
    """Read each run once. Raises SigtraceError for a file that this version cannot read.

    What never ended in one of them is called as in the others.
    """
    names = Names()
    read = [_Profiler(run, names) for run in runs]
    for one in read:
        one.read(progress)
    return [one.profile() for one in read]


class _Profiler:
    def __init__(self, run: Run, names: Names) -> None:
        self._run = run
        self._names = names
        self._damage = Damage()
        self._is_live = is_live(run.folder)
        self._receivers: dict[Receiver, Calls] = {}
        self._open: list[tuple[Span, str]] = []
        self._roots: dict[str, Root] = {}
        self._edges = Edges()
        self._chains = ChainTotals()
        self._summary = Summary()
        self._unfinished = 0
        self._saved = False
        self._statements: dict[str, str] = {}

    def read(self, progress: Callable[[int], None]) -> None:
        events = merge_events(self._run.files, self._damage, progress)
        for chain in read_chains(events, self._note):
            self._add(Unfolded(chain))

    def profile(self) -> Profile:
        for span, send in self._open:
            self._call(span, self._names.signal(span.name, send))
        totals = self._chains.totals() + self._summary.totals()
        return Profile(
            run=self._run,
            totals=totals,
            receivers=self._receivers,
            edges=self._edges.counts(self._names),
            roots=self._roots,
            damage=self._damage,
            unfinished=self._unfinished,
            is_live=self._is_live,
            has_sql=bool(totals.queries) or not self._saved,
        )

    def _note(self, event: Event) -> None:
        if event["event"] == "counts":
            self._summary.feed(event)

    def _add(self, chain: Unfolded) -> None:
        self._chains.add(chain)
        root_span = chain.spans[0]
        self._edges.add(chain)
        if root_span.event.get("discarded"):
            return
        self._names.learn(chain)
        root = self._root(root_span)
        called: Counter[Receiver] = Counter()
        for place in chain.of["receiver"]:
            span = chain.spans[place]
            if is_djangos(span):
                continue
            if span.is_open:
                above = chain.above[place]
                self._open.append((span, chain.spans[above].name if above >= 0 else ""))
                continue
            receiver = self._call(span, span.text("signal"))
            self._receivers[receiver].durations.add(span.duration_ns)
            called[receiver] += 1
        for receiver, times in called.items():
            root.calls.setdefault(receiver, Executions()).add(times)
        saves = (chain.spans[place] for place in chain.of["save"])
        self._saved |= any(not span.is_open and span.exception is None for span in saves)
        executed = Counter(
            self._statement(chain.spans[place].text("sql")) for place in chain.of["query"]
        )
        for sql, times in executed.items():
            if sql:
                root.statements.setdefault(sql, Executions()).add(times)

    def _root(self, span: Span) -> Root:
        """Where a chain's calls and statements are counted; of one that never ended, nowhere."""
        if span.state == UNFINISHED:
            self._unfinished += span.kind != "transaction"
            return Root()
        sender = sender_kind(span.text("sender"))
        name = full_name(span) + f" of {sender}" * bool(sender)
        root = self._roots.setdefault(name, Root())
        root.chains += 1
        return root

    def _call(self, span: Span, signal: str) -> Receiver:
        receiver = Receiver(span.text("receiver") or span.name, signal)
        calls = self._receivers.setdefault(receiver, Calls())
        calls.file, calls.line = span.event.get("file"), span.event.get("line")
        calls.count += 1
        return receiver

    def _statement(self, sql: str) -> str:
        known = self._statements.get(sql)
        if known is None:
            if len(self._statements) >= _STATEMENTS:
                return ""
            known = self._statements[sql] = statement(sql)
        return known
