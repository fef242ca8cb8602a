"""One open send: which receivers it reached, what they changed, and the lines that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .models import snapshot
from .places import NOWHERE
from .spans import CALLS_USERS, Span, clock, current

if TYPE_CHECKING:
    from collections.abc import Generator

    from .naming import Receiver
    from .tools import Tools

_RECEIVER_TAIL = (
    ',"receiver":%s,"signal":%s,"sender":%s%s,"index":%d,"mode":"%s","dispatch_uid":%s,'
    '"changes":%s,"swallowed":%s'
)
_SEND_TAIL = (
    ',"signal":%s,"sender":%s,"arguments":%s,"method":"%s","receivers":[%s],"not_reached":[%s]%s'
)


class Call:
    """One call of a receiver: who, where in the order, and what it has changed so far."""

    __slots__ = ("before", "changes", "index", "known", "uid")

    def __init__(self, known: Receiver, index: int, uid: str) -> None:
        self.known = known
        self.index = index
        self.uid = uid
        self.before: dict[str, Any] | None = None
        self.changes: dict[str, tuple[Any, Any]] = {}


class Sending:
    """A send between its call and its return. It becomes a span only if somebody hears it."""

    __slots__ = (
        "arguments",
        "called",
        "calls",
        "expected",
        "instance",
        "method",
        "named",
        "open_call",
        "place",
        "reached",
        "resolving",
        "sender",
        "sender_name",
        "signal",
        "signal_name",
        "span",
        "tools",
        "uids",
        "wrapped",
    )

    def __init__(
        self, tools: Tools, signal: Any, sender: Any, named: dict[str, Any], method: str
    ) -> None:
        self.tools = tools
        self.signal = signal
        self.sender = sender
        self.named = named
        self.method = method
        self.wrapped = False
        self.resolving = 0
        self.called: list[str] = []
        self.expected: list[Any] = []
        self.uids: dict[int, str] = {}
        self.reached: set[int] = set()
        self.calls: Generator[Any] | None = None
        self.open_call: Span | None = None
        self.instance: Any = None
        name = tools.signals(signal)
        self.signal_name = name.path
        self.sender_name = tools.describe.sender(sender)
        self.place = NOWHERE
        span = tools.recorder.open("send", name.short)
        span.data = self
        self.span = span
        if _called_by_users(span):
            self.place = tools.sites.find()

    def heard(self, receivers: list[Any]) -> None:
        """Say who is about to be called, in order."""
        tools = self.tools
        self.arguments = tools.describe.arguments(self.named)
        self.uids = tools.connections.uids(self.signal, self.sender, receivers)
        instance = self.named.get("instance")
        if instance is not None and tools.describe.model(type(instance)) is not None:
            self.instance = instance
        self.expected = receivers

    def iterate(self, receivers: list[Any]) -> Generator[Any]:
        """Yield receivers to Django's loop; what it does between two of them is a call."""
        recorder = self.tools.recorder
        for index, receiver in enumerate(receivers):
            try:
                span = self.begin(receiver, index)
            except Exception as error:
                recorder.failed(error)
                yield receiver
                continue
            self.open_call = span
            try:
                yield receiver
            except GeneratorExit:
                # The receiver raised: the send that it ends knows with what.
                span.stop = span.stop or clock()
                if current.get() is span:
                    current.set(span.up)
                return
            self.open_call = None
            current.set(span.up)
            try:
                self.end(span, "sync")
            except Exception as error:
                recorder.failed(error)
        if self.method.startswith("a"):
            # These ran in a thread of their own, which has no later border.
            recorder.flush(self.span)

    def begin(self, receiver: Any, index: int) -> Span:
        """Open the span of a receiver, make it current and let all of it be on disk."""
        recorder = self.tools.recorder
        known = self.tools.receivers(receiver)
        span = recorder.open("receiver", known.name, known.place.begin, self.span)
        span.data = Call(known, index, self.uids.get(index, "null"))
        self.watch(span.data)
        self.reached.add(index)
        self.called.append(known.name)
        current.set(span)
        recorder.flush(span)
        return span

    def end(self, span: Span, mode: str) -> None:
        """Gather the line of a receiver's call that has returned or raised."""
        call: Call = span.data
        self.note_changes(call)
        changes = self.tools.changes.text(self.instance, call.changes)
        tail = _RECEIVER_TAIL % (
            call.known.name,
            self.signal_name,
            self.sender_name,
            call.known.place.fields,
            call.index,
            mode,
            call.uid,
            changes,
            "true" if span.swallowed else "false",
        )
        self.tools.recorder.end(span, tail)

    def watch(self, call: Call) -> None:
        """Remember what the instance holds, to see later what this call changes."""
        if self.instance is not None:
            call.before = snapshot(self.instance)

    def note_changes(self, call: Call) -> None:
        """Add what was changed since the snapshot of `call` to what it changed before."""
        if call.before is None:
            return
        found = self.tools.changes.find(self.instance, call.before)
        call.before = None
        if found is not None:
            for name, (old, new) in found.items():
                first = call.changes[name][0] if name in call.changes else old
                call.changes[name] = (first, new)

    def close(self, error: BaseException | None) -> None:
        """End the send and the receiver that it stopped in; what nobody heard is only counted."""
        span = self.span
        recorder = self.tools.recorder
        if self.calls is not None:
            # 4.2 loops in a comprehension, whose frame keeps the iterator for the traceback.
            self.calls.close()
        if not self.expected:
            current.set(span.up)
            recorder.counts.unheard(self.signal)
            return
        span.error = error
        if self.open_call is not None:
            self.open_call.error = error
            self.end(self.open_call, "sync")
            self.open_call = None
        missed = [
            self.tools.receivers(receiver).name
            for index, receiver in enumerate(self.expected)
            if index not in self.reached
        ]
        tail = _SEND_TAIL % (
            self.signal_name,
            self.sender_name,
            self.arguments,
            self.method,
            ",".join(self.called),
            ",".join(missed),
            self.place.fields,
        )
        current.set(span.up)
        # A task that a receiver has started keeps the span in its context: not what was sent.
        self.sender = self.instance = self.calls = None
        self.named = {}
        self.expected = []
        if _called_by_users(span):
            recorder.finish(span, tail)
        else:
            # Inside a save Django goes on, and its next border writes this.
            recorder.end(span, tail)


def _called_by_users(span: Span) -> bool:
    return span.up is None or span.up.kind in CALLS_USERS
