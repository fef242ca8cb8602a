"""The calls of one send: which receivers it reached, what they changed, the lines that say so."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from .models import snapshot
from .spans import Span, clock, current, transaction

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .recorder import Recorder
    from .tools import Tools
    from .wording import Call, Plan

_attribute = object.__getattribute__


class ReceiverSpan(Span):
    """One call of a receiver: its texts, and what it has changed so far."""

    __slots__ = ("before", "call", "changes", "coroutine", "instance", "swallowed")

    call: Call
    instance: Any
    before: dict[str, Any] | None
    changes: dict[str, tuple[Any, Any]] | None
    coroutine: Any
    swallowed: bool


class Receiving(Span):
    """A send as far as its receivers go.

    `held` is what the instance held when the last receiver had ended; `open_call` has raised, and
    is yet to be ended.
    """

    __slots__ = (
        "held",
        "instance",
        "method",
        "open_call",
        "over",
        "plan",
        "reached",
        "recorder",
        "tools",
    )

    held: dict[str, Any] | None
    instance: Any
    method: str
    open_call: ReceiverSpan | None
    over: bool
    plan: Plan
    reached: list[Call]
    recorder: Recorder
    tools: Tools

    def iterate(  # noqa: C901, PLR0912, PLR0915  (one loop, written out: a call costs more)
        self, receivers: Iterator[Any]
    ) -> Generator[Any]:
        """Yield receivers to Django's loop; what it does between two of them is a call.

        What `begin` and `end` do is written out here for the calls that most traces are made of:
        those in the process that sent, which changed nothing and did not fail.
        """
        recorder, process = self.recorder, self.process
        pending = recorder.pending
        lines = pending.lines
        sink, epoch, numbers, prefix = process.sink, process.epoch, process.numbers, process.prefix
        scope, instance, up = self.scope, self.instance, self.id
        middle = f',"parent":{up},"scope":{scope},"transaction":'
        held: dict[str, Any] | None = None
        # The line of the call before.
        ended = ""
        for receiver, call in zip(receivers, self.plan.calls, strict=False):
            try:
                usual = recorder.process is process and not sink.full
                if usual:
                    span = ReceiverSpan()
                    span.kind = "receiver"
                    span.process = process
                    span.id = number = f'{prefix}{next(numbers)}"'
                    span.up = self
                    span.begun = True
                    span.stop = 0
                    span.error = span.before = span.changes = span.coroutine = None
                    span.instance = None
                    span.swallowed = False
                    span.scope = scope
                    span.call = call
                    block = transaction.get()
                    span.transaction = "null" if block is None else recorder.blocks.use(block)
                    if instance is not None:
                        held = self.held
                        if held is None:
                            held = self.held = snapshot(instance)
                    self.reached.append(call)
                    if not self.begun:
                        recorder.begin(self)
                    current.set(span)
                    span.start = start = clock()
                    began = start + epoch
                    if lines:
                        ended = "".join(lines) + ended
                        lines.clear()
                    if process.mark[0]:
                        sink.write(
                            f'{ended}{{"event":"begin","kind":"receiver","id":{number},'
                            f'"parent":{up},"time":{began}{call.begin}'
                        )
                    else:
                        recorder.after_fork()
                    ended = ""
                else:
                    span = self.begin(call)
                    held = span.before
            except Exception as error:
                if ended:
                    lines.append(ended)
                    ended = ""
                current.set(self)
                recorder.failed(error)
                yield receiver
                continue
            try:
                yield receiver
            except GeneratorExit:
                # The receiver raised: the send that it ends knows with what, unless it was over.
                span.stop = span.stop or clock()
                span.instance = instance
                span.before = held
                self.open_call = span
                if current.get() is span:
                    current.set(self)
                if self.over:
                    self.end_call(BaseException())
                    recorder.flush(None)
                return
            current.set(self)
            try:
                if usual and span.error is None and recorder.process is process:
                    stop = clock()
                    if instance is not None:
                        now = _attribute(instance, "__dict__")
                    if instance is None or (
                        type(now) is dict
                        and held is not None
                        and len(now) == len(held)
                        and all(map(is_, now.values(), held.values()))
                    ):
                        ended = (
                            f'{{"event":"end","kind":"receiver","id":{number}{middle}'
                            f'{span.transaction},"name":{call.name},{pending.origin}'
                            f'"time":{began},"duration_ns":{stop - start}{call.done}'
                        )
                        if lines:
                            lines.append(ended)
                            ended = ""
                        continue
                    span.stop = stop
                span.instance = instance
                span.before = held
                self.end(span, "sync")
            except Exception as error:
                recorder.failed(error)
        if ended:
            lines.append(ended)
        if self.method.startswith("a"):
            # These ran in a thread of their own, which has no later border.
            recorder.flush(self)

    def begin(self, call: Call) -> ReceiverSpan:
        """Open the span of a receiver, make it current and let all of it be on disk."""
        recorder = self.recorder
        span = ReceiverSpan()
        span.kind = "receiver"
        recorder.place(span, self)
        span.begun = True
        span.call = call
        span.before = span.changes = span.coroutine = None
        span.swallowed = False
        span.instance = instance = self.instance
        if instance is not None:
            if self.held is None:
                self.held = snapshot(instance)
            span.before = self.held
        self.reached.append(call)
        if not self.begun:
            recorder.begin(self)
        current.set(span)
        span.start = start = clock()
        process = span.process
        if not process.sink.full:
            recorder.pending.lines.append(
                f'{{"event":"begin","kind":"receiver","id":{span.id},"parent":{self.id},'
                f'"time":{start + process.epoch}{call.begin}'
            )
        recorder.flush(None)
        return span

    def end(self, span: ReceiverSpan, mode: str) -> None:
        """Gather the line of a receiver's call that has returned or raised."""
        span.stop = span.stop or clock()
        span.name = span.call.name
        if span.before is not None:
            self.note_changes(span)
        changes = "{}"
        if span.changes:
            changes = self.tools.changes.text(span.instance, span.changes)
        span.instance = None
        swallowed = "true" if span.swallowed else "false"
        self.recorder.end(
            span, f'{span.call.end},"mode":"{mode}","changes":{changes},"swallowed":{swallowed}'
        )

    def watch(self, span: ReceiverSpan) -> None:
        """Remember what the instance holds, to see later what this call changes."""
        if span.instance is not None:
            span.before = snapshot(span.instance)

    def note_changes(self, span: ReceiverSpan) -> None:
        """Add what was changed since the snapshot of a call to what it changed before."""
        before, span.before = span.before, None
        if before is None:
            return
        found = self.tools.changes.find(span.instance, before)
        if found is None:
            return
        self.held = None
        changes = span.changes = span.changes or {}
        for name, (old, new) in found.items():
            first = changes[name][0] if name in changes else old
            changes[name] = (first, new)

    def end_call(self, error: BaseException | None) -> None:
        """End the call of a synchronous receiver that has raised."""
        span = self.open_call
        if span is not None:
            span.error = error
            self.end(span, "sync")
            # Only now: what there was no room for at this depth is ended once more.
            self.open_call = None
