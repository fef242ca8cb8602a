"""Everything a report says about recorded runs, in one pass over their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.filters import Selection, matches, visible
from sigtrace.analysis.statistics import Statistics
from sigtrace.analysis.summary import Summary, Totals
from sigtrace.reader import Damage, Run, read_events
from sigtrace.tree import Builder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sigtrace.analysis.figures import BulkWrites, ChainFigures, Failure, OpenSpan, ReceiverCalls

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
    muted: tuple[str, ...]
    coverage: Coverage | None
    damage: Damage = field(default_factory=Damage)


def analyse(runs: Sequence[Run], selection: Selection = Selection()) -> Report:  # noqa: B008
    """Read the runs once. Raises SigtraceError for a file that this version cannot read.

    The names of `selection` choose chains and receivers; the totals are those of the whole runs.
    """
    damage = Damage()
    statistics = Statistics()
    totals = Totals()
    processes: list[Event] = []
    for run in runs:
        # Span ids are unique within a run only.
        builder, summary = Builder(), Summary()
        for event in read_events(run.files, damage):
            if event["event"] == "process":
                processes.append(event)
            summary.feed(event)
            for chain in builder.feed(event):
                if not selection.names or visible(chain, selection) is not None:
                    statistics.add(chain)
        for chain in builder.finish():
            if not selection.names or visible(chain, selection) is not None:
                statistics.add(chain)
        totals += summary.totals()
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
        muted=tuple(sorted({name for run in runs for name in _muted(run)})),
        coverage=coverage(runs, statistics.receivers.values()),
        damage=damage,
    )


def coverage(runs: Iterable[Run], receivers: Iterable[ReceiverCalls]) -> Coverage | None:
    """Compare what was called with what was connected; None where that was not recorded.

    A receiver counts once for each signal that it is connected to; muted signals do not count.
    """
    connected: dict[tuple[str, str], bool] = {}
    for run in runs:
        muted = set(_muted(run))
        for signal in _objects(run.receivers.get("signals")):
            path = str(signal.get("signal"))
            for one in _objects(signal.get("receivers")):
                if path not in muted:
                    connected[path, str(one.get("receiver"))] = one.get("origin") == "own"
    if not connected:
        return None
    called = {(calls.signal, calls.receiver) for calls in receivers} & set(connected)
    return Coverage(
        called=len(called),
        connected=len(connected),
        own_called=sum(connected[key] for key in called),
        own_connected=sum(connected.values()),
    )


def _muted(run: Run) -> list[str]:
    names = run.receivers.get("muted")
    if not isinstance(names, list):
        return []
    return [
        name if isinstance(name, str) else str(name.get("signal"))
        for name in names
        if isinstance(name, str | dict)
    ]


def _objects(value: object) -> list[Event]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
