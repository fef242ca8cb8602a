"""Compares what was connected in runs with what they called."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sigtrace.analysis.connected import registry
from sigtrace.analysis.coverage.calls import Called, Calls, Key
from sigtrace.analysis.coverage.rows import App, Late, Row, SignalCoverage
from sigtrace.analysis.filters import Selection, is_connected_to, matches
from sigtrace.analysis.paths import last_part
from sigtrace.analysis.source.files import is_of_tests
from sigtrace.errors import SigtraceError
from sigtrace.events import UNKNOWN, sender_kind
from sigtrace.reader import Damage, merge_events

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

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
    connected: set[tuple[str, str]] = set()
    told: set[tuple[str, str]] = set()
    connections: dict[Connection, str] = {}
    for run in runs:
        known = registry(run)
        apps = _apps(run)
        told |= _told(known.connections)
        for one in known.connections:
            connected.add((one.signal, one.receiver))
            if one.origin == "own" and _is_of_tests(one.file):
                continue
            if selection.everything or one.origin == "own":
                if one.signal in known.muted:
                    muted.add(_key(one))
                elif is_connected_to(one, selection):
                    connections.setdefault(one, _app_of(one.receiver, apps))
        for event in merge_events(run.files, damage, progress):
            calls.feed(event)
        _add_unfinished(calls, connections)
        calls.next_run()
    return SignalCoverage(
        runs=tuple(runs),
        apps=tuple(_grouped(_rows(connections, calls, told))),
        muted=len(muted),
        doubts=tuple(_doubts(damage, calls)),
        everyone=selection.everything,
        late=tuple(sorted(_late(connected, calls, selection), key=lambda one: one.receiver)),
    )


def _told(connections: Sequence[Connection]) -> set[tuple[str, str]]:
    """The signals and receivers of a run that came before each of their connections."""
    unknown = {(one.signal, one.receiver) for one in connections if one.sender == UNKNOWN}
    return {(one.signal, one.receiver) for one in connections} - unknown


def _rows(
    connections: dict[Connection, str], calls: Calls, told: Container[tuple[str, str]]
) -> Iterator[Row]:
    """What is unknown in one run is among the others where another one has `told` them all."""
    by_receiver: dict[tuple[str, str], list[tuple[Key, Called]]] = {}
    for key, called in calls.of.items():
        by_receiver.setdefault((key.signal, key.receiver), []).append((key, called))
    seen: set[Key] = set()
    for one, app in connections.items():
        whole = _key(one)
        if whole in seen or (whole.sender == UNKNOWN and (one.signal, one.receiver) in told):
            continue
        seen.add(whole)
        row = Row(app, one.receiver, one.signal, whole.sender, one.file, one.line)
        found = [
            (key, called)
            for key, called in by_receiver.get((one.signal, one.receiver), ())
            if whole.sender in (None, UNKNOWN, _kind(key.sender))
        ]
        yield _called(row, found) if found else row


def _key(one: Connection) -> Key:
    """What makes two connections the same; of values their type, which is all that is recorded
    with `--values none`: how much was called does not depend on it.
    """
    return Key(one.signal, one.receiver, _kind(one.sender))


def _kind(sender: str | None) -> str | None:
    return None if sender is None else sender_kind(sender)


def _called(row: Row, found: Sequence[tuple[Key, Called]]) -> Row:
    senders: Counter[str | None] = Counter()
    for key, called in found:
        senders[_kind(key.sender)] += called.calls
    _, first = min(found, key=lambda pair: pair[1].since())
    return replace(
        row,
        calls=senders.total(),
        test=first.test,
        senders=tuple(sorted(senders.items(), key=_most_called)) if row.sender is None else (),
    )


def _most_called(pair: tuple[str | None, int]) -> tuple[int, str]:
    sender, number = pair
    return -number, sender or ""


def _add_unfinished(calls: Calls, connections: Iterable[Connection]) -> None:
    """Count calls in which a process ended: their lines name the signal by its last part only."""
    for receiver, signal, time in calls.unfinished():
        for one in connections:
            if one.receiver == receiver and last_part(one.signal) == signal:
                key = Key(one.signal, receiver, one.sender)
                calls.of.setdefault(key, Called(0, time, None)).calls += 1


def _late(
    connected: Container[tuple[str, str]], calls: Calls, selection: Selection
) -> Iterator[Late]:
    """What was called without having been connected by then, but for what tests connect."""
    found: Counter[tuple[str, str]] = Counter()
    for key, called in calls.of.items():
        if (key.signal, key.receiver) not in connected:
            found[key.signal, key.receiver] += called.calls
    for (signal, receiver), number in found.items():
        file, line, origin = calls.places[receiver]
        if (
            (selection.everything or origin == "own")
            and not _is_of_tests(file)
            and matches(receiver, selection.receiver)
            and matches(signal, selection.signal)
        ):
            yield Late(receiver, signal, file, line, number)


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


def _doubts(damage: Damage, calls: Calls) -> Iterator[str]:
    if damage.total:
        yield f"lines could not be read: {', '.join(damage.lines)}"
    if calls.dropped:
        yield f"{calls.dropped:,} spans were not written: the run was full"
    if calls.unseen:
        names = ", ".join(sorted(calls.unseen))
        yield f"code of the project's own asked who listens, and may have called them: {names}"
