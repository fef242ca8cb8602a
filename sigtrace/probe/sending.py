"""One open send: which receivers it reached, what they changed, and the lines that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .models import snapshot
from .places import NOWHERE
from .spans import CALLS_USERS, Span, clock, current, transaction

if TYPE_CHECKING:
    from collections.abc import Generator

    from .places import Place
    from .tools import Tools
    from .wording import Call, Wording


class ReceiverSpan(Span):
    """One call of a receiver: its texts, and what it has changed so far."""

    kind = "receiver"
    begun = True
    call: Call
    instance: Any = None
    before: dict[str, Any] | None = None
    changes: dict[str, tuple[Any, Any]] | None = None


class Sending(Span):
    """A send between its call and its return. Its lines are written only if somebody hears it."""

    kind = "send"
    tools: Tools
    signal: Any
    sender: Any
    named: dict[str, Any]
    method: str
    site: Place = NOWHERE
    wording: Wording
    arguments: str
    uids: dict[int, str]
    expected: list[Any] | tuple[()] = ()
    reached: list[Call]
    instance: Any = None
    # What the instance held when the last receiver had ended.
    held: dict[str, Any] | None = None
    calls: Generator[Any] | None = None
    """The loop's iterator, where the traceback's frame keeps that: 4.2's is a comprehension."""
    open_call: ReceiverSpan | None = None
    over = False
    resolving = 0
    wrapped = False

    @classmethod
    def open(
        cls, tools: Tools, signal: Any, sender: Any, named: dict[str, Any], method: str
    ) -> Sending:
        """Open a send under the current span."""
        self = cls()
        self.tools = tools
        self.signal = signal
        self.sender = sender
        self.named = named
        self.method = method
        self.wording = wording = tools.wordings(signal, sender)
        self.name = wording.short
        tools.recorder.place(self)
        if self.is_called_by_users:
            self.site = tools.sites.find()
        return self

    @property
    def is_called_by_users(self) -> bool:
        """Whether the project's own code sent it, not Django on the way through an operation."""
        return self.up is None or self.up.kind in CALLS_USERS

    def heard(self, receivers: list[Any]) -> None:
        """Say who is about to be called, in order."""
        tools = self.tools
        self.arguments = tools.describe.arguments(self.named)
        self.uids = tools.connections.uids(self.signal, self.sender, receivers)
        instance = self.named.get("instance")
        if instance is not None and tools.describe.model(type(instance)) is not None:
            self.instance = instance
        self.reached = []
        self.expected = receivers

    def iterate(self, receivers: list[Any]) -> Generator[Any]:
        """Yield receivers to Django's loop; what it does between two of them is a call."""
        recorder = self.tools.recorder
        begin, end = self.begin, self.end
        for index, receiver in enumerate(receivers):
            try:
                span = begin(receiver, index)
            except Exception as error:
                current.set(self)
                recorder.failed(error)
                yield receiver
                continue
            self.open_call = span
            try:
                yield receiver
            except GeneratorExit:
                # The receiver raised: the send that it ends knows with what, unless it was over.
                span.stop = span.stop or clock()
                if current.get() is span:
                    current.set(self)
                if self.over:
                    self.end_call(BaseException())
                    recorder.flush(None)
                return
            if self.open_call is None:
                continue  # type: ignore[unreachable]  # the send was over, and ended it
            self.open_call = None
            current.set(self)
            try:
                end(span, "sync")
            except Exception as error:
                recorder.failed(error)
        if self.method.startswith("a"):
            # These ran in a thread of their own, which has no later border.
            recorder.flush(self)

    def begin(self, receiver: Any, index: int) -> ReceiverSpan:
        """Open the span of a receiver, make it current and let all of it be on disk."""
        tools = self.tools
        recorder = tools.recorder
        span = ReceiverSpan()
        span.process = process = recorder.process or recorder.open_process()
        span.id = f'{process.prefix}{next(process.numbers)}"'
        span.up = self
        span.parent = self.id
        span.scope = self.scope
        block = transaction.get()
        span.transaction = "null" if block is None else recorder.blocks.use(block)
        span.call = call = self.wording.call(
            index, tools.receivers(receiver), self.uids.get(index, "null")
        )
        span.name = call.known.name
        if self.instance is not None:
            if self.held is None:
                self.held = snapshot(self.instance)
            span.before = self.held
            span.instance = self.instance
        self.reached.append(call)
        if not self.begun:
            recorder.begin(self)
        current.set(span)
        span.start = start = clock()
        recorder.write(
            f'{{"event":"begin","kind":"receiver","id":{span.id},"parent":{self.id},'
            f'"time":{start + process.epoch}{call.begin}}}\n'
        )
        return span

    def end(self, span: ReceiverSpan, mode: str) -> None:
        """Gather the line of a receiver's call that has returned or raised."""
        if not span.stop:
            span.stop = clock()
        if span.before is not None:
            self.note_changes(span)
        changes = "{}"
        if span.changes:
            changes = self.tools.changes.text(span.instance, span.changes)
        span.instance = None
        swallowed = "true" if span.swallowed else "false"
        self.tools.recorder.end(
            span,
            f'{span.call.end},"mode":"{mode}","changes":{changes},"swallowed":{swallowed}',
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
        recorder = self.tools.recorder
        if self.calls is not None:
            self.calls.close()
        current.set(self.up)
        if not self.expected:
            recorder.counts.unheard(self.signal)
            return
        self.error = error
        self.over = True
        if self.open_call is not None and self.open_call.stop:
            # Else it goes on in its thread, while an asynchronous receiver has raised.
            self.end_call(error)
        tail = (
            f',"signal":{self.wording.signal},"sender":{self.wording.sender},'
            f'"arguments":{self.arguments},"method":"{self.method}",'
            f'"receivers":[{",".join([call.known.name for call in self.reached])}],'
            f'"not_reached":[{",".join(self._missed())}]{self.site.fields}'
        )
        # A task that a receiver has started keeps the span in its context: not what was sent.
        self.sender = self.instance = self.calls = self.held = None
        self.named = {}
        self.expected = ()
        if self.is_called_by_users:
            recorder.finish(self, tail)
        else:
            # Inside a save Django goes on, and its next border writes this.
            recorder.end(self, tail)

    def end_call(self, error: BaseException | None) -> None:
        """End the call of a synchronous receiver that has raised, once."""
        span = self.open_call
        if span is not None:
            span.error = error
            self.end(span, "sync")
            self.open_call = None

    def _missed(self) -> list[str]:
        if len(self.reached) == len(self.expected):
            return []
        reached = {call.index for call in self.reached}
        name = self.tools.receivers
        return [
            name(receiver).name
            for index, receiver in enumerate(self.expected)
            if index not in reached
        ]
