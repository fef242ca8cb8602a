"""One open send: which receivers it reached, what they changed, and the lines that say so."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from .models import snapshot
from .places import NOWHERE
from .spans import CALLS_USERS, Span, clock, current, transaction

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .places import Place
    from .recorder import Recorder
    from .tools import Tools
    from .wording import Call, Plan, Wording

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


class Sending(Span):
    """A send between its call and its return. Its lines are written only if somebody hears it.

    `by_users` says whether the project's own code sent it, not Django on the way through an
    operation; `held` is what the instance held when the last receiver had ended. `calls` is the
    loop's iterator, where something else keeps that alive.
    """

    __slots__ = (
        "arguments",
        "by_users",
        "calls",
        "expected",
        "held",
        "instance",
        "method",
        "named",
        "open_call",
        "over",
        "plan",
        "reached",
        "recorder",
        "resolving",
        "signal",
        "site",
        "tools",
        "wording",
        "wrapped",
    )

    arguments: str
    by_users: bool
    calls: Generator[Any] | None
    expected: list[Any] | tuple[()]
    held: dict[str, Any] | None
    instance: Any
    method: str
    named: dict[str, Any]
    open_call: ReceiverSpan | None
    over: bool
    plan: Plan
    reached: list[Call]
    recorder: Recorder
    resolving: bool
    signal: Any
    site: Place
    tools: Tools
    wording: Wording
    wrapped: bool

    def open(
        self,
        tools: Tools,
        up: Span | None,
        signal: Any,
        sender: Any,
        named: dict[str, Any],
        method: str,
    ) -> None:
        """Open a send under `up`, the current span."""
        self.kind = "send"
        self.tools = tools
        self.recorder = recorder = tools.recorder
        self.signal = signal
        self.named = named
        self.method = method
        self.wording = wording = tools.wordings.get(signal, sender)
        self.name = wording.short
        self.expected = ()
        self.calls = None
        self.resolving = self.wrapped = self.over = False
        recorder.place(self, up)
        self.by_users = by_users = up is None or up.kind in CALLS_USERS
        self.site = tools.sites.find() if by_users else NOWHERE

    def heard(self, receivers: list[Any], sender: Any) -> None:
        """Say who is about to be called, in order."""
        tools = self.tools
        named = self.named
        describe = tools.describe
        instance = named.get("instance")
        model = None if instance is None else describe.model(type(instance))
        self.instance = None if model is None else instance
        self.held = self.open_call = None
        self.arguments = describe.arguments(named, self.wording, model)
        self.plan = tools.wordings.plan(self.wording, self.signal, sender, receivers)
        self.reached = []
        self.expected = receivers

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

    def close(self, error: BaseException | None) -> None:
        """End the send and the receiver that it stopped in; what nobody heard is only counted."""
        recorder = self.recorder
        if self.calls is not None:
            self.calls.close()
        current.set(self.up)
        if not self.expected:
            recorder.counts.unheard(self.signal)
            return
        self.over = True
        if error is not None:
            self.error = error
            # One that goes on in its thread, while an asynchronous one has raised, is not open.
            if self.open_call is not None:
                self.end_call(error)
        wording, plan = self.wording, self.plan
        names = plan.names
        missed = ""
        if self.reached != plan.calls:
            names = ",".join([call.name for call in self.reached])
            missed = ",".join([call.name for call in plan.calls if call not in self.reached])
        tail = (
            f',"signal":{wording.signal},"sender":{wording.sender},'
            f'"arguments":{self.arguments},"method":"{self.method}",'
            f'"receivers":[{names}],"not_reached":[{missed}],"repeats":{plan.repeats}'
            f"{self.site.fields}"
        )
        # A task that a receiver has started keeps the span in its context: not what was sent.
        self.instance = self.calls = self.held = None
        self.named = _NOTHING
        self.expected = ()
        if self.by_users:
            recorder.finish(self, tail)
        else:
            # Inside a save Django goes on, and its next border writes this.
            recorder.end(self, tail)

    def end_call(self, error: BaseException | None) -> None:
        """End the call of a synchronous receiver that has raised."""
        span = self.open_call
        if span is not None:
            span.error = error
            self.end(span, "sync")
            # Only now: what there was no room for at this depth is ended once more.
            self.open_call = None


_NOTHING: dict[str, Any] = {}
