"""Read all process files of a run at once, by time, for who needs not hear of every `begin`."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING, Any

from sigtrace.errors import SigtraceError
from sigtrace.reader.lines import checked, decoded
from sigtrace.reader.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sigtrace.reader.lines import Damage

Event = dict[str, Any]

_BLOCK = 64 * 1024
_BEGIN = b'{"event":"begin","kind":"'
_KIND, _ID, _REST = 7, 11, 12
_OUTER = b',"parent":null,'


def merge_events(
    paths: Iterable[Path],
    damage: Damage,
    progress: Callable[[int], None] = lambda _: None,
    *,
    blocks: bool = False,
) -> Iterator[Event]:
    """Yield the lines of process files by the time at which they were written.

    Of the `begin` lines only those of spans that never ended, at the end of their file: the other
    ones are half of a file and say nothing more, but for whom a chain is drawn before an atomic
    block around it has ended: with `blocks` those of outer blocks come in their place. `progress`
    is told of the lines that were read, by and by. Raises SigtraceError for a file of a newer
    schema or one that cannot be read.
    """
    return iter(MergedEvents(map(Part, paths), damage, progress, blocks=blocks))


class MergedEvents:
    """The same of parts of files, to be read once."""

    def __init__(
        self,
        parts: Iterable[Part],
        damage: Damage,
        progress: Callable[[int], None] = lambda _: None,
        *,
        blocks: bool = False,
    ) -> None:
        self._files = [_Lines(part, damage, progress, blocks=blocks) for part in parts]

    def __iter__(self) -> Iterator[Event]:
        if len(self._files) == 1:
            return iter(self._files[0])
        return _merged(self._files)

    @property
    def is_whole(self) -> bool:
        """Whether no span was open where a part that was read stops before the end of its file."""
        return not any(file.is_cut and file.begun for file in self._files)


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
    """The events of one part of a file."""

    def __init__(
        self, part: Part, damage: Damage, progress: Callable[[int], None], *, blocks: bool
    ) -> None:
        self._part = part
        self._with_blocks = blocks
        self._path = part.path
        self._damage = damage
        self._progress = progress
        self.is_cut = part.stop is not None
        # The `begin` lines of spans that have not ended so far, by id; empty where already given.
        self.begun: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[Event]:
        begun = self.begun
        for lines in self._blocks():
            for event in self._events(self._without_begun(lines)):
                if event["event"] == "end":
                    begun.pop(event["id"], None)
                yield event
            self._progress(len(lines))
        if not self.is_cut:
            yield from self._events([*filter(None, begun.values())])

    def _blocks(self) -> Iterator[list[bytes]]:
        stop = math.inf if self._part.stop is None else self._part.stop
        try:
            with self._path.open("rb") as file:
                place = file.seek(self._part.start)
                # A line that ends right at the size that is asked for is not the last one.
                while place < stop and (
                    lines := file.readlines(int(min(_BLOCK, stop - place - 1)))
                ):
                    place += sum(map(len, lines))
                    yield lines
        except OSError as error:
            raise SigtraceError(f"{self._path}: {error.strerror}.") from error

    def _without_begun(self, lines: list[bytes]) -> list[bytes]:
        """Put the lines of spans that began aside."""
        others = []
        begun = self.begun
        for line in lines:
            if line.startswith(_BEGIN):
                words = line.split(b'"', _ID + 1)
                if words[_ID - 2] == b"id" and line.endswith(b"}\n"):
                    is_given = self._with_blocks and _is_outer_block(words)
                    begun[words[_ID].decode("ascii", "replace")] = b"" if is_given else line
                    if not is_given:
                        continue
            others.append(line)
        return others

    def _events(self, lines: list[bytes]) -> list[Event]:
        cut = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        path = self._path
        events = []
        for value in decoded(b"".join(lines)):
            event = checked(value, path)
            if event is None:
                self._damage.add(path)
            else:
                events.append(event)
        if cut:
            # What is left of a line is no damage: its process was killed.
            found = (checked(value, path) for value in decoded(cut + b"\n"))
            events += [event for event in found if event is not None]
        return events


def _is_outer_block(words: list[bytes]) -> bool:
    """Whether the line of a span that began is of an atomic block that is in no other span."""
    return words[_KIND] == b"transaction" and words[_REST].startswith(_OUTER)
