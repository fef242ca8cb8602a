"""All chains of recorded runs in the formats of other programs, as they are read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.choice import Choice
from sigtrace.analysis.filters import Selection, visible
from sigtrace.analysis.lasting import lasting
from sigtrace.analysis.reading import read_chains
from sigtrace.analysis.walking import walk
from sigtrace.reader import Damage, merge_events, project_of
from sigtrace.views.formats.values import Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sigtrace.analysis.edges import Edge
    from sigtrace.reader import Run
    from sigtrace.tree import Chain

Event = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which chains are exported, and which of their values: none, redacted or all."""

    values: str = "none"
    selection: Selection = Selection()  # noqa: RUF009  (frozen)
    choice: Choice = Choice()  # noqa: RUF009

    @property
    def is_everything(self) -> bool:
        return not self.selection.names and not self.choice.is_made

    def takes(self, chain: Chain) -> bool:
        """Whether a chain was asked for; it is exported whole."""
        named = self.selection.names and visible(chain, self.selection) is None
        return not named and self.choice.takes(chain)


def export(
    runs: Sequence[Run],
    format_: str,
    wanted: Wanted,
    damage: Damage,
    progress: Callable[[int], None],
) -> Iterator[str]:
    """The pieces of a file in `perfetto`, `otlp` or `mermaid`.

    Raises SigtraceError for a file that cannot be read.
    """
    write = {"perfetto": _perfetto, "otlp": _otlp, "mermaid": _mermaid}[format_]
    return write(runs, wanted, damage, progress)


def _perfetto(
    runs: Sequence[Run], wanted: Wanted, damage: Damage, progress: Callable[[int], None]
) -> Iterator[str]:
    from sigtrace.views.formats.perfetto import Perfetto, write_events
    from sigtrace.views.formats.tracks import Tracks

    start, tracks = min(map(_start, runs)), Tracks()

    def events() -> Iterator[Event]:
        for number, run in enumerate(runs):
            notes: list[Event] = []
            blocks = _Blocks()
            view = Perfetto(
                _values(run, wanted.values), start, tracks, f"{number}/" if number else ""
            )
            for chain in read_chains(merge_events(run.files, damage, progress), notes.append):
                takes = wanted.takes(chain)
                told = notes
                if not wanted.is_everything:
                    told = blocks.told(notes, chain if takes else None)
                for note in told:
                    yield from view.note(note)
                notes.clear()
                if takes:
                    yield from view.chain(lasting(chain))
            for note in notes if wanted.is_everything else blocks.told(notes, None):
                yield from view.note(note)

    return write_events(events(), start)


class _Blocks:
    """The atomic blocks of chosen chains: those around them, and those in them."""

    def __init__(self) -> None:
        self._around: set[str | None] = set()

    def told(self, notes: list[Event], chain: Chain | None) -> list[Event]:
        """Which of these lines are told, and with a chosen chain those of the blocks in it."""
        inner: list[Event] = []
        if chain is not None:
            self._around.add(chain.root.transaction)
            spans = walk(chain.root)
            inner += (one.event for one in spans if one.kind == "transaction" and not one.is_open)
        return [*inner, *filter(self._is_told, notes)]

    def _is_told(self, note: Event) -> bool:
        if note["event"] != "end":
            return True
        if note.get("parent") or note["id"] not in self._around:
            return False
        self._around.discard(note["id"])
        self._around.add(note.get("transaction"))
        return True


def _otlp(
    runs: Sequence[Run], wanted: Wanted, damage: Damage, progress: Callable[[int], None]
) -> Iterator[str]:
    from sigtrace.views.formats.otlp import Otlp

    for run in runs:
        view = Otlp(_values(run, wanted.values), run.folder.name, _service(run))
        for chain in read_chains(merge_events(run.files, damage, progress), view.note):
            if wanted.takes(chain):
                yield view.chain(lasting(chain))


def _mermaid(
    runs: Sequence[Run], wanted: Wanted, damage: Damage, progress: Callable[[int], None]
) -> Iterator[str]:
    from sigtrace.analysis.edges import Edges
    from sigtrace.analysis.naming import Names
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.views.formats.mermaid import render_mermaid

    names, of_runs = Names(), []
    for run in runs:
        # Span ids are unique within a run only.
        edges = Edges()
        of_runs.append(edges)
        for chain in read_chains(merge_events(run.files, damage, progress)):
            unfolded = Unfolded(chain)
            names.learn(unfolded)
            if wanted.takes(chain):
                edges.add(unfolded)
            else:
                edges.settle(unfolded)
    counts: Counter[Edge] = Counter()
    for edges in of_runs:
        counts += edges.counts(names)
    yield render_mermaid(counts)


def _values(run: Run, mode: str) -> Values:
    return Values(mode, str(run.meta.get("values")))


def _service(run: Run) -> str:
    """The name of the project's folder, or of the run's where that is not known."""
    folder = project_of(run.folder)
    return Path(folder or run.path).name


def _start(run: Run) -> int:
    """When a run began, Unix nanoseconds."""
    started = run.meta.get("started")
    if isinstance(started, int):
        return started
    first = next(merge_events(run.files, Damage()), {})
    return int(first.get("time") or 0)
