"""Compares what was connected in runs with what they called."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sigtrace.analysis.coverage.allotting import allotted, were_called
from sigtrace.analysis.coverage.calls import Called, Calls, Key
from sigtrace.analysis.coverage.rows import App, Late, Row, SignalCoverage
from sigtrace.analysis.coverage.testing import Tests
from sigtrace.analysis.coverage.units import Units
from sigtrace.analysis.filters import Selection, matches
from sigtrace.analysis.paths import last_part
from sigtrace.errors import SigtraceError
from sigtrace.reader import Damage, merge_events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sigtrace.reader import Run


def measure(
    runs: Sequence[Run],
    selection: Selection = Selection(),  # noqa: B008
    progress: Callable[[int], None] = lambda _: None,
) -> SignalCoverage:
    """Read the runs of a suite, or of parts of one, and add them up.

    The project's own receivers count, with `selection.everything` all; its names choose among them.
    Raises SigtraceError if no run says what was connected, or one cannot be read.
    """
    if not any(run.receivers for run in runs):
        raise SigtraceError(
            f"receivers.json is missing in {runs[0].path}, so nothing can be said of coverage.",
            "It is written when django.setup() ends; did the command get so far?",
        )
    calls, damage, units = Calls(), Damage(), Units(selection, Tests(runs[0]))
    for run in runs:
        units.add(run)
        for event in merge_events(run.files, damage, progress):
            calls.feed(event)
        _add_unfinished(calls, units.connections)
        calls.next_run()
    known = units.known()
    rows = {key: tuple(_rows(key, units.apps[key], known, calls)) for key in known}
    alike = [
        key
        for key, found in rows.items()
        if not all(row.calls for row in found) and were_called(key, calls)
    ]
    return SignalCoverage(
        runs=tuple(runs),
        apps=tuple(_grouped(row for found in rows.values() for row in found)),
        muted=len(units.muted),
        in_tests=len(units.in_tests),
        doubts=tuple(_doubts(damage, calls, alike)),
        everyone=selection.everything,
        late=tuple(sorted(_late(units, calls), key=_receiver)),
    )


def _rows(
    key: Key, app: str, connections: Mapping[Key, Counter[str | None]], calls: Calls
) -> Iterator[Row]:
    row = Row(app, key.receiver, key.signal, key.sender, key.file, key.line)
    for heard in allotted(key, connections, calls):
        yield _called(row, heard) if heard else row


def _called(row: Row, heard: Sequence[tuple[str | None, Called]]) -> Row:
    senders: Counter[str | None] = Counter()
    for sender, called in heard:
        senders[sender] += called.calls
    _, first = min(heard, key=lambda pair: pair[1].since())
    return replace(
        row,
        calls=senders.total(),
        test=first.test,
        senders=tuple(sorted(senders.items(), key=_most_called)) if row.sender is None else (),
    )


def _most_called(pair: tuple[str | None, int]) -> tuple[int, str]:
    sender, number = pair
    return -number, sender or ""


def _add_unfinished(calls: Calls, connections: Iterable[Key]) -> None:
    """Count calls in which a process ended: their lines name the signal by its last part only."""
    for called, slot, time in calls.unfinished():
        for key in connections:
            if called == (last_part(key.signal), *key.of(None)[1:]):
                calls.add(key, slot, Called(1, time, None))


def _late(units: Units, calls: Calls) -> Iterator[Late]:
    """What was called without having been connected by then, but for what tests connect."""
    selection = units.selection
    for key, senders in calls.senders.items():
        if (
            key not in units.everyone
            and (selection.everything or calls.origins.get(key) == "own")
            and not units.tests.hold(key.file)
            and matches(key.receiver, selection.receiver)
            and matches(key.signal, selection.signal)
        ):
            slots = (one for sender in senders for one in calls.of[key.of(sender)].values())
            number = sum(one.calls for one in slots)
            yield Late(key.receiver, key.signal, key.file, key.line, number)


def _receiver(one: Late) -> str:
    return one.receiver


def _grouped(rows: Iterable[Row]) -> Iterator[App]:
    apps: dict[str, list[Row]] = {}
    for row in rows:
        apps.setdefault(row.app, []).append(row)
    for name, found in sorted(apps.items()):
        key = lambda row: (row.receiver, row.signal, row.sender or "")  # noqa: E731
        yield App(name, tuple(sorted(found, key=key)))


def _doubts(damage: Damage, calls: Calls, alike: Sequence[Key]) -> Iterator[str]:
    if damage.total:
        yield f"lines could not be read: {', '.join(damage.lines)}"
    if calls.dropped:
        yield f"{calls.dropped:,} spans were not written: the run was full"
    if calls.unseen:
        names = ", ".join(sorted(calls.unseen))
        yield f"code of the project's own asked who listens, and may have called them: {names}"
    if alike:
        names = ", ".join(sorted({key.receiver for key in alike}))
        yield f"some receivers of one name and line, which calls do not tell apart: {names}"
