"""The processes and threads of a Chrome trace, by number, and until when each is busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Event = dict[str, Any]

_LATER = 10_000_000
"""Above any pid: a process whose number an earlier one had gets that on top."""


class Track(NamedTuple):
    """Where an event is drawn."""

    pid: int
    tid: int


class Tracks:
    """Numbers processes and threads as they are met."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}
        self._tracks: dict[tuple[str, str], Track] = {}
        self._threads: dict[int, int] = {}
        self._busy: dict[Track, int] = {}
        self._new: list[Event] = []

    def process(self, line: Event, run: str) -> Iterator[Event]:
        """Name a process by what it runs."""
        argv = line.get("argv")
        words = map(str, argv[1:3]) if isinstance(argv, list) else ()
        pid = self._pid(run + str(line.get("process")))
        yield _meta("process_name", pid, 0, " ".join(words) or f"process {pid}")

    def of(self, process: str, name: object) -> Track:
        """The track of a thread of a process: `4242`, in a second run `2/4242`.

        Of what never ended the thread may not be known: None.
        """
        thread = "thread not known" if name is None else str(name)
        track = self._tracks.get((process, thread))
        if track is None:
            pid = self._pid(process)
            tid = self._threads[pid] = self._threads.get(pid, 0) + 1
            track = self._tracks[process, thread] = Track(pid, tid)
            self._new.append(_meta("thread_name", pid, tid, thread))
        return track

    def new(self) -> list[Event]:
        """The names of the threads that were met since the last call."""
        new, self._new = self._new, []
        return new

    def take(self, track: Track, until: int) -> None:
        """Note that something is drawn on a track that ends at `until`, Unix nanoseconds."""
        self._busy[track] = max(self._busy.get(track, 0), until)

    def is_busy(self, track: Track, time: int) -> bool:
        """Whether something was drawn that ends after `time`, and would seem to contain it."""
        return time < self._busy.get(track, 0)

    def _pid(self, process: str) -> int:
        pid = self._pids.get(process)
        if pid is None:
            number = process.rpartition("/")[2].partition("-")[0]
            pid = int(number) if number.isdecimal() else 1
            while pid in self._pids.values():
                pid += _LATER
            self._pids[process] = pid
        return pid


def _meta(what: str, pid: int, tid: int, name: str) -> Event:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": name}}
