"""Opens and ends spans, and sees to it that all of them are on disk before anybody else runs.

Lines are written at the borders of the design's second law: before a receiver, a callback or a
query gets control, and before the caller gets it back. At a border every open span that has no
`begin` line yet gets one, so that a process killed there shows it unfinished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .blocks import Blocks
from .scopes import Scopes
from .spans import Span, clock, current, transaction
from .text import quote, type_path
from .writer import Writer

if TYPE_CHECKING:
    from ..options import RecordOptions
    from .writer import OpenSink


class Recorder(Writer):
    """Turns what the hooks see into lines."""

    def __init__(self, options: RecordOptions, open_sink: OpenSink | None = None) -> None:
        super().__init__(options, open_sink)
        self.blocks = Blocks(self)
        self.scopes = Scopes(self)

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
            if self.prompt.is_news():
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
            self.gather_counts()
        self.flush(None)
        self.prompt.chain_ended()

    def _error(self, error: BaseException) -> str:
        text = quote(type_path(type(error)))
        if self.options.values == "all":
            # By the base class's attribute: the class of the target's may have one of its own.
            args = vars(BaseException)["args"].__get__(error)
            if args and type(args[0]) is str:
                text += f',"exception_message":{quote(args[0][:200])}'
        return text
