"""Everything a report says about recorded runs, in one pass over their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.filters import Selection, is_connected_to, matches, matches_sender
from sigtrace.analysis.findings import SLOW_MS, Finding, ranked, slow_receivers
from sigtrace.analysis.findings.several import together
from sigtrace.analysis.gathering import gather
from sigtrace.analysis.statistics import Statistics
from sigtrace.analysis.summary import Totals
from sigtrace.events import sender_kind
from sigtrace.launch.recording import is_live
from sigtrace.reader import Damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sigtrace.analysis.connected import Registry
    from sigtrace.analysis.figures import BulkWrites, ChainFigures, Failure, OpenSpan, ReceiverCalls
    from sigtrace.analysis.gathering import InBackground
    from sigtrace.reader import Run

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
    live: tuple[str, ...] = ()
    """The names of runs of which there was more to come when they were read."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Why calls may have happened that the report does not know of, in words."""
        return tuple(dict.fromkeys(_missing(self.runs, self.totals, self.damage, self.live)))


def analyse(
    runs: Sequence[Run],
    selection: Selection = Selection(),  # noqa: B008
    *,
    slow_ms: float = SLOW_MS,
    progress: Callable[[int], None] = lambda _: None,
    in_background: InBackground | None = None,
) -> Report:
    """Read the runs once. Raises SigtraceError for a file that this version cannot read.

    The names of `selection` choose chains and receivers; the totals are those of the whole runs.
    `slow_ms` are the milliseconds from which on a receiver is slow, `progress` is told of lines,
    `in_background` reads a half of a big run beside us.
    """
    damage, totals, statistics = Damage(), Totals(), Statistics()
    # Before they are read: what ends meanwhile was read in part.
    live = tuple(run.path.name for run in runs if is_live(run.folder))
    # Span ids are unique within a run only.
    gathered = [gather(run, selection, progress, in_background) for run in runs]
    for one in gathered:
        statistics.absorb(one.statistics)
        totals += one.totals()
        damage.absorb(one.damage)
    called = {call for one in gathered for call in one.called()}
    whole = not any(_missing(runs, totals, damage, live))
    findings = together(
        [
            (
                run.path.name,
                one.findings.finish(
                    called, unseen=one.totals().unseen, whole=whole, selection=selection
                ),
            )
            for run, one in zip(runs, gathered, strict=True)
        ]
    )
    findings += slow_receivers(statistics.receivers.values(), slow_ms)
    registries = [one.registry for one in gathered]
    senders = (*selection.sender, *map(sender_kind, selection.sender))
    receivers = [
        calls
        for calls in statistics.receivers.values()
        if matches(calls.receiver, selection.receiver)
        and matches(calls.signal, selection.signal)
        and matches_sender(calls.sender or "", senders)
    ]
    return Report(
        runs=tuple(runs),
        selection=selection,
        processes=tuple(process for one in gathered for process in one.processes),
        totals=totals,
        receivers=tuple(sorted(receivers, key=lambda calls: (-calls.total_ns, calls.receiver))),
        slowest=tuple(statistics.slowest()),
        bulk=tuple(sorted(statistics.bulk.values(), key=lambda writes: -writes.calls)),
        failures=tuple(statistics.failures.most_common()),
        unfinished=tuple(statistics.unfinished),
        discarded=tuple(statistics.discarded.most_common()),
        findings=tuple(ranked(findings)),
        muted=tuple(sorted({name for one in registries for name in one.muted})),
        coverage=coverage(registries, receivers, selection),
        damage=damage,
        live=live,
    )


def _missing(
    runs: Iterable[Run], totals: Totals, damage: Damage, live: Iterable[str]
) -> Iterator[str]:
    for count, what, became in (
        (totals.dropped, "span", "not written"),
        (damage.total, "line", "not read"),
        (totals.unfinished, "span", "not ended"),
    ):
        if count:
            yield f"{count:,} {what}{'s' * (count != 1)} {became}"
    for run in runs:
        if run.meta.get("signal"):
            yield f"ended by signal {run.meta['signal']}"
    for name in live:
        yield f"{name} is still going on"


def coverage(
    registries: Iterable[Registry], receivers: Iterable[ReceiverCalls], selection: Selection
) -> Coverage | None:
    """Compare what was called with what was connected; None where that was not recorded.

    `receivers` are the calls that `selection` chooses; of the connections those count that its
    names choose. A receiver counts once for each signal that it is connected to; muted signals do
    not count.
    """
    audible = [one for registry in registries for one in registry.audible()]
    if not audible:
        return None
    connected = {
        (one.signal, one.receiver): one.origin == "own"
        for one in audible
        if is_connected_to(one, selection)
    }
    called = {(calls.signal, calls.receiver) for calls in receivers} & set(connected)
    return Coverage(
        called=len(called),
        connected=len(connected),
        own_called=sum(connected[key] for key in called),
        own_connected=sum(connected.values()),
    )
