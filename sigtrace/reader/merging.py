"""Read all process files of a run at once, by time, for who needs not hear of every `begin`."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from sigtrace.errors import SigtraceError
from sigtrace.reader.lines import checked, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sigtrace.reader.lines import Damage

Event = dict[str, Any]

_BLOCK = 64 * 1024
_BEGIN = b'{"event":"begin","kind":"'
_ID = 11


def merge_events(
    paths: Iterable[Path], damage: Damage, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Event]:
    """Yield the lines of process files by the time at which they were written.

    Of the `begin` lines only those of spans that never ended, at the end of their file: the other
    ones are half of a file and say nothing more. `progress` is told of the lines that were read, by
    and by. Raises SigtraceError for a file of a newer schema or one that cannot be read.
    """
    files = [_Lines(path, damage, progress) for path in paths]
    return iter(files[0]) if len(files) == 1 else _merged(files)


def _merged(files: list[_Lines]) -> Iterator[Event]:
    """One event after the other from the file that is furthest behind."""
    waiting = []
    for number, file in enumerate(files):
        events = iter(file)
        first = next(events, None)
        if first is not None:
            waiting.append((_written(first), number, first, events))
    heapq.heapify(waiting)
    while waiting:
        _, number, event, events = heapq.heappop(waiting)
        yield event
        others = waiting[0][0] if waiting else None
        for event in events:
            written = _written(event)
            if others is not None and written > others:
                heapq.heappush(waiting, (written, number, event, events))
                break
            yield event


def _written(event: Event) -> int:
    """About when a line was written, Unix nanoseconds; 0 where it does not say."""
    time, duration = event.get("time"), event.get("duration_ns")
    if not isinstance(time, int):
        return 0
    return time + duration if isinstance(duration, int) else time


class _Lines:
    """The events of one file."""

    def __init__(self, path: Path, damage: Damage, progress: Callable[[int], None]) -> None:
        self._path = path
        self._damage = damage
        self._progress = progress
        # The `begin` lines of spans that have not ended so far, by id.
        self._begun: dict[bytes, bytes] = {}

    def __iter__(self) -> Iterator[Event]:
        begun = self._begun
        try:
            with self._path.open("rb") as file:
                while lines := file.readlines(_BLOCK):
                    for event in self._events(self._without_begun(lines)):
                        if event["event"] == "end":
                            begun.pop(event["id"].encode("utf-8", "replace"), None)
                        yield event
                    self._progress(len(lines))
        except OSError as error:
            raise SigtraceError(f"{self._path}: {error.strerror}.") from error
        yield from self._events([*begun.values()])

    def _without_begun(self, lines: list[bytes]) -> list[bytes]:
        """Put the lines of spans that began aside."""
        others = []
        for line in lines:
            if line.startswith(_BEGIN):
                words = line.split(b'"', _ID + 1)
                if words[_ID - 2] == b"id" and line.endswith(b"}\n"):
                    self._begun[words[_ID]] = line
                    continue
            others.append(line)
        return others

    def _events(self, lines: list[bytes]) -> Iterator[Event]:
        cut = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for value in decoded(b"".join(lines)):
            event = checked(value, self._path)
            if event is None:
                self._damage.add(self._path)
            else:
                yield event
        # What is left of a line is no damage: its process was killed.
        for value in decoded(cut + b"\n"):
            event = checked(value, self._path)
            if event is not None:
                yield event
