"""What a report keeps of a run while it is read, whole or in two halves at once."""

from __future__ import annotations

from itertools import chain as one_after_the_other
from typing import TYPE_CHECKING, Any, TypeVar

from sigtrace.analysis.connected import registry
from sigtrace.analysis.filters import Selection, visible
from sigtrace.analysis.findings import Findings
from sigtrace.analysis.reading import read_chains
from sigtrace.analysis.statistics import Statistics
from sigtrace.analysis.summary import Summary, Totals
from sigtrace.analysis.totals import ChainTotals
from sigtrace.analysis.unfolded import Unfolded
from sigtrace.reader import Damage, MergedEvents, Part, halves, open_before

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from typing import Protocol

    from sigtrace.reader import Run
    from sigtrace.tree import Chain

    T = TypeVar("T")
    T_co = TypeVar("T_co", covariant=True)

    class Working(Protocol[T_co]):
        """A function that runs in another process: its result, None if it failed."""

        def result(self) -> T_co | None: ...

        def stop(self) -> None: ...

    class InBackground(Protocol):
        """Starts a function in another process."""

        def __call__(self, function: Callable[[], T], /) -> Working[T]: ...


Event = dict[str, Any]


class Gathered:
    """What there is to say of a run, or of a part of it, that grows with the places in its code."""

    def __init__(self, run: Run, selection: Selection, carried: Container[str] = ()) -> None:
        self.registry = registry(run)
        self.statistics = Statistics()
        self.findings = Findings(self.registry, carried)
        self.processes: list[Event] = []
        self.damage = Damage()
        self._selection = selection
        # What was not selected tells who was called too.
        self._others = Statistics()
        self._chains = ChainTotals()
        self._summary = Summary()

    def read(self, events: Iterable[Event]) -> None:
        """Take all lines."""
        for chain in read_chains(events, self._note):
            self._add(chain)

    def absorb(self, later: Gathered) -> None:
        """Add what was gathered from a later part of the run."""
        self.statistics.absorb(later.statistics)
        self._others.absorb(later._others)
        self.findings.absorb(later.findings)
        self.processes += later.processes
        self.damage.absorb(later.damage)
        self._chains.absorb(later._chains)
        self._summary.absorb(later._summary)

    def totals(self) -> Totals:
        """What all chains add up to, whichever were selected."""
        return self._chains.totals() + self._summary.totals()

    def called(self) -> set[tuple[str, str]]:
        """The signals and receivers of all calls, whichever were selected."""
        calls = (*self.statistics.receivers, *self._others.receivers)
        return {(signal, receiver) for receiver, signal, _ in calls}

    def _note(self, event: Event) -> None:
        what = event["event"]
        if what == "process":
            self.processes.append(event)
        elif what == "counts":
            self._summary.feed(event)
        else:
            self.findings.note(event)

    def _add(self, chain: Chain) -> None:
        unfolded = Unfolded(chain)
        self._chains.add(unfolded)
        if not self._selection.names or visible(chain, self._selection) is not None:
            self.statistics.add(unfolded)
            self.findings.chain(unfolded)
        else:
            self._others.add(unfolded)
            self.findings.unselected(unfolded)


def gather(
    run: Run,
    selection: Selection,
    progress: Callable[[int], None],
    in_background: InBackground | None = None,
) -> Gathered:
    """Read a run; with `in_background` a big one in two halves at once.

    Raises SigtraceError for a file that this version cannot read.
    """
    if in_background is not None:
        found = _gather_halves(run, selection, progress, in_background)
        if found is not None:
            return found
    whole = Gathered(run, selection)
    whole.read(MergedEvents(map(Part, run.files), whole.damage, progress))
    return whole


def _gather_halves(
    run: Run,
    selection: Selection,
    progress: Callable[[int], None],
    in_background: InBackground,
) -> Gathered | None:
    """None where that is not worth it, or does not work out."""
    try:
        cut = halves(run.files)
        if cut is None:
            return None
        earlier, rest = cut
        working = in_background(lambda: _gather_later(run, selection, rest))
    except OSError:
        # No process more, or a file that cannot be read: reading it as a whole says so.
        return None
    first = Gathered(run, selection)
    events = MergedEvents(earlier, first.damage, lambda lines: progress(2 * lines))
    try:
        first.read(events)
    except BaseException:
        working.stop()
        raise
    if events.is_whole:
        later = working.result()
        if later is not None:
            first.absorb(later)
            return first
    # A span lies across the cut, of which each half would see a part.
    working.stop()
    return None


def _gather_later(run: Run, selection: Selection, parts: list[Part]) -> Gathered:
    opened = open_before(parts[0])
    scopes = {event["id"] for event in opened if event["event"] == "scope"}
    later = Gathered(run, selection, scopes)
    later.read(one_after_the_other(opened, MergedEvents(parts, later.damage)))
    return later
