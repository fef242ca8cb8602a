"""Opens and ends spans, and sees to it that all of them are on disk before anybody else runs.

Lines are gathered for each thread and written at the borders of the design's second law: before a
receiver, a callback or a query gets control, and before the caller gets it back. At a border every
open span that has no `begin` line yet gets one, so that a process killed there shows it unfinished.
"""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING, Any

from .blocks import Blocks
from .counts import Counts
from .failures import own_place, say
from .process import Pending, Process
from .prompt import Prompt
from .scopes import Scopes
from .sink import SinkError
from .spans import BEGIN, END, Span, clock, current, transaction
from .text import quote, type_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import RecordOptions
    from .naming import Name


class Recorder:
    """Turns what the hooks see into lines. `active` false means: let everything pass."""

    def __init__(self, options: RecordOptions) -> None:
        self.options = options
        self.active = True
        self.process: Process | None = None
        self.counts = Counts()
        self.pending = Pending()
        self.blocks = Blocks(self)
        self.scopes = Scopes(self)
        self._prompt = Prompt(options.prompt)
        self._parent_process: str | None = None
        self._name_of_signal: Callable[[Any], Name] | None = None

    def start(self, name_of_signal: Callable[[Any], Name]) -> None:
        """Open this process's file. Raises OSError if that fails."""
        self._name_of_signal = name_of_signal
        self.open_process()
        atexit.register(self.at_exit)
        os.register_at_fork(after_in_child=self._after_fork)

    # Spans

    def open(self, kind: str, name: str, extra: str = "", up: Span | None = None) -> Span:
        """Open a span under `up`, else the current one; the caller makes it current and ends it.

        `name` is JSON text, `extra` more fields for its `begin` line (`,"file":…`).
        """
        span = Span()
        process = self.process or self.open_process()
        span.process = process
        span.id = process.next_id()
        span.kind = kind
        span.name = name
        span.extra = extra
        span.up = up = up or current.get()
        span.begun = False
        span.error = None
        span.swallowed = False
        span.stop = 0
        if up is None:
            span.parent = "null"
            span.scope = self.scopes.use()
        else:
            span.parent = up.id
            span.scope = up.scope
        inner = transaction.get()
        span.transaction = "null" if inner is None else self.blocks.use(inner)
        span.start = clock()
        return span

    def end(self, span: Span, tail: str) -> None:
        """Gather the `end` line of a span; `tail` is what its kind adds (`,"model":…`)."""
        stop = span.stop or clock()
        process = span.process
        # A task's context may keep the span: not the frames of the exception with it.
        error, span.error = span.error, None
        if process is not self.process:
            return
        if process.sink.full:
            self._drop()
            return
        pending = self.pending
        pending.lines.append(
            END
            % (
                span.kind,
                span.id,
                span.parent,
                span.scope,
                span.transaction,
                span.name,
                process.pid,
                pending.thread,
                span.start + process.epoch,
                stop - span.start,
                "null" if error is None else self._error(error),
                tail,
            )
        )

    def flush(self, span: Span | None) -> None:
        """A border: write what was gathered, and a `begin` for each open span from `span` up."""
        process = self.process
        if process is None:
            return
        lines = self.pending.lines
        if span is not None and not span.begun and not process.sink.full:
            self._begin(span, process, lines)
        if lines:
            data = "".join(lines).encode("ascii")
            lines.clear()
            self._write(process, data)

    def finish(self, span: Span, tail: str) -> None:
        """End a span whose caller gets control back: a border, and for a root the chain's end."""
        if span.up is not None:
            self.end(span, tail)
            self.flush(span.up)
            return
        if self._prompt.is_news():
            self.pending.lines.append(
                '{"event":"prompt","time":%d}\n' % (clock() + span.process.epoch)
            )
        self.end(span, tail)
        if clock() > self.counts.due:
            self._gather_counts()
        self.flush(None)
        self._prompt.chain_ended()

    # Process and file

    def open_process(self) -> Process:
        """Open the file of this process, which has none yet. Raises OSError."""
        process = Process(self.options)
        self.process = process
        line = process.first_line(self.options, self._parent_process)
        self._write(process, line.encode("ascii"))
        return process

    def _write(self, process: Process, data: bytes) -> None:
        if os.getpid() != process.pid:
            # A fork that Python was not told of: these lines are the parent's to write.
            self._after_fork()
            return
        try:
            process.sink.write(data)
        except (OSError, SinkError) as error:
            self.give_up(str(error))

    def _begin(self, span: Span, process: Process, lines: list[str]) -> None:
        opened: list[Span] = []
        walk: Span | None = span
        while walk is not None and not walk.begun and walk.process is process:
            opened.append(walk)
            walk = walk.up
        for each in reversed(opened):
            each.begun = True
            extra = each.extra
            if each.up is None:
                extra += f',"scope":{each.scope}'
            lines.append(
                BEGIN
                % (each.kind, each.id, each.parent, each.start + process.epoch, each.name, extra)
            )

    def _error(self, error: BaseException) -> str:
        text = quote(type_path(type(error)))
        if self.options.values == "all" and error.args and type(error.args[0]) is str:
            text += f',"exception_message":{quote(error.args[0][:200])}'
        return text

    def _after_fork(self) -> None:
        """In the child: what was gathered is the parent's; a file of our own comes with need."""
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

    def _drop(self) -> None:
        if not self.counts.dropped:
            say("the run has reached its size limit: spans are counted, no longer recorded")
        self.counts.dropped += 1

    def at_exit(self) -> None:
        """Write the last counts."""
        if self.active:
            self._gather_counts()
            self.flush(None)

    # Failures

    def give_up(self, reason: str) -> None:
        """Stop recording in this process and say so, once."""
        if self.active:
            self.active = False
            say(f"process {os.getpid()} is no longer traced: {reason}")

    def failed(self, error: Exception) -> None:
        """Deal with an exception in our own code: the target never sees one that is ours.

        Raised again is what a signal handler of the target raised while our code ran.
        """
        if isinstance(error, RecursionError | MemoryError):
            return
        place = own_place(error)
        if place is None:
            raise error
        self.give_up(f"{type(error).__name__} in {place}, please report it")
