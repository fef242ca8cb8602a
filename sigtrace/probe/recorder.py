"""Opens and ends spans, and sees to it that all of them are on disk before anybody else runs.

Lines are gathered for each thread and written at the borders of the design's second law: before a
receiver, a callback or a query gets control, and before the caller gets it back. At a border every
open span that has no `begin` line yet gets one, so that a process killed there shows it unfinished.
"""

from __future__ import annotations

import atexit
import functools
import os
from typing import TYPE_CHECKING, Any

from .blocks import Blocks
from .counts import Counts
from .failures import own_place, say
from .process import Pending, Process
from .prompt import Prompt
from .scopes import Scopes
from .sink import Sink, SinkError
from .spans import Span, clock, current, transaction
from .text import quote, type_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import RecordOptions
    from .naming import Name
    from .tap import NamesOnly, Tap

    OpenSink = Callable[[], Sink | Tap | NamesOnly]


class Recorder:
    """Turns what the hooks see into lines. `active` false means: let everything pass.

    `open_sink` opens what they are written to, a file of the run if nothing else is given.
    """

    def __init__(self, options: RecordOptions, open_sink: OpenSink | None = None) -> None:
        self.options = options
        self._open_sink = open_sink or functools.partial(_open_file, options)
        self.active = True
        self.process: Process | None = None
        self.counts = Counts()
        self.pending = Pending()
        self.blocks = Blocks(self)
        self.scopes = Scopes(self)
        self._prompt = Prompt(options.prompt)
        self._parent_process: str | None = None
        self._epoch: int | None = None
        self._name_of_signal: Callable[[Any], Name] | None = None

    def start(self, name_of_signal: Callable[[Any], Name]) -> None:
        """Open this process's file. Raises SinkError if that fails."""
        self._name_of_signal = name_of_signal
        self.open_process()
        atexit.register(self.at_exit)
        os.register_at_fork(after_in_child=self.after_fork)

    # Spans

    def open(self, kind: str, name: str, extra: str = "") -> Span:
        """Open a span under the current one; the caller makes it current and ends it.

        `name` is JSON text, `extra` more fields for its `begin` line (`,"file":…`).
        """
        span = Span()
        span.kind = kind
        span.name = name
        self.place(span, current.get())
        span.extra = extra
        return span

    def place(self, span: Span, up: Span | None) -> None:
        """Give a new span its id, put it under `up`, the current one, and start its clock."""
        span.process = process = self.process or self.open_process()
        span.id = f'{process.prefix}{next(process.numbers)}"'
        span.up = up
        span.begun = False
        span.stop = 0
        span.error = None
        span.extra = ""
        if up is None:
            span.scope = self.scopes.use()
            if self._prompt.is_news():
                time = clock() + process.epoch
                self.pending.lines.append(f'{{"event":"prompt","time":{time}}}\n')
        else:
            span.scope = up.scope
        block = transaction.get()
        span.transaction = "null" if block is None else self.blocks.use(block)
        span.start = clock()

    def end(self, span: Span, tail: str) -> None:
        """Gather the `end` line of a span; `tail` is what its kind adds (`,"model":…`)."""
        stop = span.stop or clock()
        up = span.up
        process = span.process
        exception = "null"
        if span.error is not None:
            exception = self._error(span.error)
            # A task's context may keep the span: not the frames of the exception with it.
            span.error = None
        if process is not self.process:
            return
        if process.sink.full:
            self.drop()
            return
        pending = self.pending
        start = span.start
        pending.lines.append(
            f'{{"event":"end","kind":"{span.kind}","id":{span.id},'
            f'"parent":{"null" if up is None else up.id},"scope":{span.scope},'
            f'"transaction":{span.transaction},"name":{span.name},'
            f'{pending.origin}"time":{start + process.epoch},'
            f'"duration_ns":{stop - start},"exception":{exception}{tail}}}\n'
        )

    def begin(self, span: Span) -> None:
        """Gather the `begin` lines of a span and of those around it that have none yet."""
        up = span.up
        process = span.process
        if process is not self.process or process.sink.full:
            return
        extra = span.extra
        if up is None:
            parent = "null"
            extra = f'{extra},"scope":{span.scope}'
        else:
            parent = up.id
            if not up.begun:
                self.begin(up)
        span.begun = True
        self.pending.lines.append(
            f'{{"event":"begin","kind":"{span.kind}","id":{span.id},"parent":{parent},'
            f'"time":{span.start + process.epoch},"name":{span.name}{extra}}}\n'
        )

    def flush(self, span: Span | None) -> None:
        """A border: write what was gathered, and a `begin` for each open span from `span` up."""
        if span is not None and not span.begun:
            self.begin(span)
        if lines := self.pending.lines:
            self.write(lines)

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

    def finish(self, span: Span, tail: str) -> None:
        """End a span whose caller gets control back: a border, and for a root the chain's end."""
        up = span.up
        self.end(span, tail)
        if up is not None:
            try:
                self.flush(up)
            except RecursionError:
                pass  # the next border will do
            return
        if clock() > self.counts.due:
            self._gather_counts()
        self.flush(None)
        self._prompt.chain_ended()

    # Process and file

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
        self.flush(None)
        return process

    def _error(self, error: BaseException) -> str:
        text = quote(type_path(type(error)))
        if self.options.values == "all":
            # By the base class's attribute: the class of the target's may have one of its own.
            args = vars(BaseException)["args"].__get__(error)
            if args and type(args[0]) is str:
                text += f',"exception_message":{quote(args[0][:200])}'
        return text

    def after_fork(self) -> None:
        """In the child, maybe late: what was gathered is the parent's to write.

        A file of our own comes with need.
        """
        self._prompt.forked()
        if self.process is not None:
            self._parent_process = self.process.stem
            self.process.sink.abandon()
        self.process = None
        self.pending.forked()
        self.counts.clear()

    def _gather_counts(self) -> None:
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
            self._gather_counts()
            self.flush(None)

    # Failures

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
