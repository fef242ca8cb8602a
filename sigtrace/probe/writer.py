"""Writes the lines of a process, and deals with what becomes of it: forks, full disks, its end.

Lines are gathered for each thread; what is written is on disk before the call returns.
"""

from __future__ import annotations

import atexit
import functools
import os
from typing import TYPE_CHECKING, Any

from .counts import Counts
from .failures import own_place, say
from .process import Pending, Process
from .prompt import Prompt
from .sink import Sink, SinkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import RecordOptions
    from .naming import Name
    from .tap import NamesOnly, Tap

    OpenSink = Callable[[], Sink | Tap | NamesOnly]


class Writer:
    """The part of a recorder that knows processes and files, and no spans.

    `active` false means: let everything pass. `open_sink` opens what is written to, a file of the
    run if nothing else is given.
    """

    def __init__(self, options: RecordOptions, open_sink: OpenSink | None = None) -> None:
        self.options = options
        self._open_sink = open_sink or functools.partial(_open_file, options)
        self.active = True
        self.process: Process | None = None
        self.counts = Counts()
        self.pending = Pending()
        self.prompt = Prompt(options.prompt)
        self._parent_process: str | None = None
        self._epoch: int | None = None
        self._name_of_signal: Callable[[Any], Name] | None = None

    def start(self, name_of_signal: Callable[[Any], Name]) -> None:
        """Open this process's file. Raises SinkError if that fails."""
        self._name_of_signal = name_of_signal
        self.open_process()
        atexit.register(self.at_exit)
        os.register_at_fork(after_in_child=self.after_fork)

    def open_process(self) -> Process:
        """Open the file of this process, which has none yet. Raises SinkError."""
        try:
            process = Process(self._open_sink(), self._epoch)
        except OSError as error:
            raise SinkError(f"{error.filename}: {error.strerror}") from None
        self.process = process
        self._epoch = process.epoch
        # The list is this thread's, and may hold what was gathered before there was a file.
        self.pending.lines.insert(0, process.first_line(self.options, self._parent_process))
        self.write(self.pending.lines)
        return process

    def write(self, lines: list[str]) -> None:
        """A border: write the lines that this thread has gathered; the list is empty then."""
        process = self.process
        if process is None:
            return
        text = "".join(lines)
        lines.clear()
        if not process.mark[0]:
            self.after_fork()
            return
        try:
            process.sink.write(text)
        except SinkError as error:
            self.give_up(str(error))
        except (RecursionError, MemoryError):
            # No room at this depth: what was gathered waits for the border around this one.
            lines.append(text)
            raise

    def after_fork(self) -> None:
        """In the child, maybe late: what was gathered is the parent's to write.

        A file of our own comes with need.
        """
        self.prompt.forked()
        if self.process is not None:
            self._parent_process = self.process.stem
            self.process.sink.abandon()
        self.process = None
        self.pending.forked()
        self.counts.clear()

    def gather_counts(self) -> None:
        """Gather a line of what has been counted since the last one."""
        if self.process is not None and self._name_of_signal is not None:
            self.pending.lines.append(self.counts.line(self.process, self._name_of_signal))

    def drop(self) -> None:
        """Count a span for which there is no room."""
        if self.active and not self.counts.dropped:
            say("the run has reached its size limit: spans are counted, no longer recorded")
        self.counts.dropped += 1

    def at_exit(self) -> None:
        """Write the last counts."""
        if self.active:
            self.gather_counts()
            self.write(self.pending.lines)

    def revive(self) -> None:
        """Record again, whatever has happened before."""
        self.active = True
        if self.process is not None:
            self.process.sink.full = False

    def give_up(self, reason: str) -> None:
        """Stop recording in this process and say so, once."""
        if self.active:
            self.active = False
            if self.process is not None:
                # What is open now is not recorded either: half a line may stand at the end.
                self.process.sink.full = True
            say(f"process {os.getpid()} is no longer traced: {reason}")

    def failed(self, error: Exception) -> None:
        """Deal with an exception in our own code: the target never sees one that is ours.

        Raised again is what a signal handler of the target raised while our code ran.
        """
        if isinstance(error, RecursionError | MemoryError):
            return
        if isinstance(error, SinkError):
            self.give_up(str(error))
            return
        place = own_place(error)
        if place is None:
            raise error
        self.give_up(f"{type(error).__name__} in {place}, please report it")


def _open_file(options: RecordOptions) -> Sink | NamesOnly:
    sink = Sink(options.run_dir, options.max_bytes)
    if options.keep_values:
        return sink
    from .tap import NamesOnly

    return NamesOnly(sink)
