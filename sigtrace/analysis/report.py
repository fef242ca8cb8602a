"""Everything a report says about recorded runs, in one pass over their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.connected import Registry, registry
from sigtrace.analysis.filters import Selection, matches, visible
from sigtrace.analysis.findings import SLOW_MS, Finding, Findings, ranked, slow_receivers
from sigtrace.analysis.reading import read_chains
from sigtrace.analysis.statistics import Statistics
from sigtrace.analysis.summary import Summary, Totals
from sigtrace.analysis.totals import ChainTotals
from sigtrace.analysis.unfolded import Unfolded
from sigtrace.reader import Damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sigtrace.analysis.figures import BulkWrites, ChainFigures, Failure, OpenSpan, ReceiverCalls
    from sigtrace.reader import Run
    from sigtrace.tree import Chain

Event = dict[str, Any]


@dataclass(frozen=True)
class Coverage:
    """How many of the connected receivers were called: all of them, and the project's own."""

    called: int
    connected: int
    own_called: int
    own_connected: int


@dataclass(frozen=True)
class Report:
    """What there is to say about runs; the lists are in the order in which they are shown."""

    runs: tuple[Run, ...]
    selection: Selection
    processes: tuple[Event, ...]
    totals: Totals
    receivers: tuple[ReceiverCalls, ...]
    slowest: tuple[ChainFigures, ...]
    bulk: tuple[BulkWrites, ...]
    failures: tuple[tuple[Failure, int], ...]
    unfinished: tuple[OpenSpan, ...]
    discarded: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    muted: tuple[str, ...]
    coverage: Coverage | None
    damage: Damage = field(default_factory=Damage)


def analyse(
    runs: Sequence[Run],
    selection: Selection = Selection(),  # noqa: B008
    *,
    slow_ms: float = SLOW_MS,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Read the runs once. Raises SigtraceError for a file that this version cannot read.

    The names of `selection` choose chains and receivers; the totals are those of the whole runs.
    `slow_ms` are the milliseconds from which on a receiver is slow, `progress` is told of lines.
    """
    damage, totals, processes = Damage(), Totals(), list[Event]()
    statistics, read = Statistics(), list[_Run]()
    registries = [registry(run) for run in runs]
    for run, connected in zip(runs, registries, strict=True):
        # Span ids are unique within a run only.
        one = _Run(connected)
        for chain in read_chains(run, damage, one.note, progress):
            one.add(chain, statistics, selection)
        totals += one.totals()
        processes += one.processes
        read.append(one)
    called = {(signal, receiver) for receiver, signal, _ in statistics.receivers}
    findings = [finding for one in read for finding in one.findings.finish(called)]
    findings += slow_receivers(statistics.receivers.values(), slow_ms)
    receivers = [
        calls
        for calls in statistics.receivers.values()
        if matches(calls.receiver, selection.receiver)
        and matches(calls.signal, selection.signal)
        and matches(calls.sender or "", selection.sender)
    ]
    return Report(
        runs=tuple(runs),
        selection=selection,
        processes=tuple(processes),
        totals=totals,
        receivers=tuple(sorted(receivers, key=lambda calls: (-calls.total_ns, calls.receiver))),
        slowest=tuple(statistics.slowest()),
        bulk=tuple(sorted(statistics.bulk.values(), key=lambda writes: -writes.calls)),
        failures=tuple(statistics.failures.most_common()),
        unfinished=tuple(statistics.unfinished),
        discarded=tuple(statistics.discarded.most_common()),
        findings=tuple(ranked(findings)),
        muted=tuple(sorted({name for one in registries for name in one.muted})),
        coverage=coverage(registries, statistics.receivers.values()),
        damage=damage,
    )


class _Run:
    """What is kept of one run while it is read."""

    def __init__(self, connected: Registry) -> None:
        self.findings = Findings(connected)
        self.processes: list[Event] = []
        self._chains = ChainTotals()
        self._summary = Summary()

    def note(self, event: Event) -> None:
        what = event["event"]
        if what == "process":
            self.processes.append(event)
        elif what == "counts":
            self._summary.feed(event)
        else:
            self.findings.note(event)

    def add(self, chain: Chain, statistics: Statistics, selection: Selection) -> None:
        unfolded = Unfolded(chain)
        self._chains.add(unfolded)
        if not selection.names or visible(chain, selection) is not None:
            statistics.add(unfolded)
            self.findings.chain(unfolded)

    def totals(self) -> Totals:
        return self._chains.totals() + self._summary.totals()


def coverage(registries: Iterable[Registry], receivers: Iterable[ReceiverCalls]) -> Coverage | None:
    """Compare what was called with what was connected; None where that was not recorded.

    A receiver counts once for each signal that it is connected to; muted signals do not count.
    """
    connected = {
        (one.signal, one.receiver): one.origin == "own"
        for registry in registries
        for one in registry.audible()
    }
    if not connected:
        return None
    called = {(calls.signal, calls.receiver) for calls in receivers} & set(connected)
    return Coverage(
        called=len(called),
        connected=len(connected),
        own_called=sum(connected[key] for key in called),
        own_connected=sum(connected.values()),
    )
