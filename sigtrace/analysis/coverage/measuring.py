"""Compares what was connected in runs with what they called."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sigtrace.analysis.connected import registry
from sigtrace.analysis.coverage.allotting import allotted, were_called
from sigtrace.analysis.coverage.calls import Called, Calls, Key, kind_of
from sigtrace.analysis.coverage.rows import App, Late, Row, SignalCoverage
from sigtrace.analysis.filters import Selection, matches, matches_sender
from sigtrace.analysis.paths import last_part
from sigtrace.analysis.source.files import is_of_tests
from sigtrace.errors import SigtraceError
from sigtrace.events import UNKNOWN
from sigtrace.reader import Damage, merge_events

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from sigtrace.analysis.connected import Connection
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
    calls, damage, muted = Calls(), Damage(), set()
    connected: set[Key] = set()
    told: set[Key] = set()
    connections: dict[Key, Counter[str | None]] = {}
    homes: dict[Key, str] = {}
    for run in runs:
        known = registry(run)
        apps = _apps(run)
        told |= _told(known.connections)
        here: dict[Key, Counter[str | None]] = {}
        for one in known.connections:
            key = _key(one)
            connected.add(key.of(None))
            if one.origin == "own" and _is_of_tests(one.file):
                continue
            if selection.everything or one.origin == "own":
                if one.signal in known.muted:
                    muted.add(key)
                elif _is_selected(one, selection):
                    homes.setdefault(key, _app_of(one.receiver, apps))
                    here.setdefault(key, Counter())[one.uid] += 1
        for key, uids in here.items():
            # Not added up: the runs of a suite connect the same.
            connections[key] = connections.get(key, Counter()) | uids
        for event in merge_events(run.files, damage, progress):
            calls.feed(event)
        _add_unfinished(calls, connections)
        calls.next_run()
    # What is unknown in one run is among the others where another one has told them all.
    known_ones = {
        key: uids
        for key, uids in connections.items()
        if key.sender != UNKNOWN or key.of(None) not in told
    }
    rows = {key: tuple(_rows(key, homes[key], known_ones, calls)) for key in known_ones}
    alike = [
        key
        for key, found in rows.items()
        if not all(row.calls for row in found) and were_called(key, calls)
    ]
    return SignalCoverage(
        runs=tuple(runs),
        apps=tuple(_grouped(row for found in rows.values() for row in found)),
        muted=len(muted),
        doubts=tuple(_doubts(damage, calls, alike)),
        everyone=selection.everything,
        late=tuple(sorted(_late(connected, calls, selection), key=lambda one: one.receiver)),
    )


def _told(connections: Sequence[Connection]) -> set[Key]:
    """The receivers and signals of a run that came before each of their connections."""
    unknown = {_key(one).of(None) for one in connections if one.sender == UNKNOWN}
    return {_key(one).of(None) for one in connections} - unknown


def _rows(
    key: Key, app: str, connections: Mapping[Key, Counter[str | None]], calls: Calls
) -> Iterator[Row]:
    row = Row(app, key.receiver, key.signal, key.sender, key.file, key.line)
    for heard in allotted(key, connections, calls):
        yield _called(row, heard) if heard else row


def _key(one: Connection) -> Key:
    return Key(one.signal, one.receiver, one.file, one.line, kind_of(one.sender))


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


def _late(connected: Container[Key], calls: Calls, selection: Selection) -> Iterator[Late]:
    """What was called without having been connected by then, but for what tests connect."""
    for key, senders in calls.senders.items():
        if (
            key not in connected
            and (selection.everything or calls.origins.get(key) == "own")
            and not _is_of_tests(key.file)
            and matches(key.receiver, selection.receiver)
            and matches(key.signal, selection.signal)
        ):
            slots = (one for sender in senders for one in calls.of[key.of(sender)].values())
            number = sum(one.calls for one in slots)
            yield Late(key.receiver, key.signal, key.file, key.line, number)


def _is_of_tests(file: str | None) -> bool:
    return file is not None and is_of_tests(file)


def _grouped(rows: Iterable[Row]) -> Iterator[App]:
    apps: dict[str, list[Row]] = {}
    for row in rows:
        apps.setdefault(row.app, []).append(row)
    for name, found in sorted(apps.items()):
        key = lambda row: (row.receiver, row.signal, row.sender or "")  # noqa: E731
        yield App(name, tuple(sorted(found, key=key)))


def _apps(run: Run) -> list[str]:
    names = run.receivers.get("apps")
    return [str(name) for name in names] if isinstance(names, list) else []


def _app_of(receiver: str, apps: Iterable[str]) -> str:
    """The innermost app that a receiver's module lies in, else its top-level package."""
    homes = [name for name in apps if receiver.startswith(f"{name}.")]
    return max(homes, key=len) if homes else receiver.partition(".")[0]


def _is_selected(one: Connection, selection: Selection) -> bool:
    return (
        matches(one.receiver, selection.receiver)
        and matches(one.signal, selection.signal)
        and (one.sender is None or matches_sender(one.sender, selection.sender))
    )


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
