"""The live receivers of one send, as Django's loop or a subclass's own meets them."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from .failures import strip
from .receiving import ReceiverSpan
from .sending import Sending
from .spans import Span, current
from .standins import StandIn, original_of
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .wording import Call


class TracedReceivers(list[Any]):
    """The live receivers of one send, which a loop of Django's is about to call.

    `kept` says that the frame in an exception's traceback keeps the iterator, as that of 4.2's
    comprehension does.
    """

    __slots__ = ("calls", "kept", "sending", "started")

    calls: list[AsyncCall] | None
    kept: bool
    sending: Sending
    started: bool

    def __iter__(self) -> Iterator[Any]:
        sending = self.sending
        if self.started or current.get() is not sending or not sending.recorder.active:
            return list.__iter__(self)
        self.started = True
        if self.calls is not None:
            return iter(self.calls)
        calls = sending.iterate(list.__iter__(self))
        if self.kept:
            sending.calls = calls
        return calls


def traced_receivers(sending: Sending, live: Any, sender: Any, *, by_django: bool) -> Any:
    """Turn what `_live_receivers` returned (a list in 4.2, else a pair) into traced lists.

    A loop of Django's meets the receivers themselves. A subclass's own send and another tool's hook
    may sort, filter, copy or wrap before anything is called, so that only the call itself tells:
    they get plain lists of what stands for the receivers.
    """
    is_list = type(live) is list
    if not is_list and not (type(live) is tuple and tuple(map(type, live)) == (list, list)):
        return live
    sync, others = (live, ()) if is_list else live
    everyone = sync + others if others else sync
    if not everyone:
        return live
    sending.heard(everyone, sender)
    if not by_django:
        sending.wrapped = True
        plain = [SyncCall(*each) for each in _planned(sending, sync, 0)]
        concurrent = [AsyncCall(*each) for each in _planned(sending, others, len(sync))]
        return plain if is_list else (plain, concurrent)
    traced = TracedReceivers(sync)
    traced.sending = sending
    traced.kept = is_list
    traced.calls = None
    traced.started = False
    if is_list:
        return traced
    if not others:
        return traced, others
    traced_others = TracedReceivers(others)
    traced_others.sending = sending
    traced_others.calls = [AsyncCall(*each) for each in _planned(sending, others, len(sync))]
    traced_others.kept = traced_others.started = False
    return traced, traced_others


def _planned(
    sending: Sending, receivers: Iterable[Any], offset: int
) -> Iterator[tuple[Sending, Any, Call]]:
    for number, receiver in enumerate(receivers, offset):
        yield sending, receiver, sending.plan.calls[number]


class ReceiverCall(StandIn):
    """Stands for a receiver whose call is a span of that send."""

    __slots__ = ("_call", "_sending")

    def __init__(self, sending: Sending, receiver: Any, call: Call) -> None:
        StandIn.__init__(self, receiver)
        _set_sending(self, sending)
        _set_call(self, call)


# The attributes of a stand-in are those of its receiver.
_call_of = ReceiverCall._call.__get__  # type: ignore[attr-defined]
_sending_of = ReceiverCall._sending.__get__  # type: ignore[attr-defined]
_set_call = ReceiverCall._call.__set__  # type: ignore[attr-defined]
_set_sending = ReceiverCall._sending.__set__  # type: ignore[attr-defined]


def _sending_for(stand_in: ReceiverCall, outer: Span | None) -> Sending | None:
    """The send that calls a receiver: one that is open, if it was kept from another of its kind.

    None if it was kept from what was no send.
    """
    sending: Sending = _sending_of(stand_in)
    if not sending.over:
        return sending
    if type(outer) is Sending and getattr(outer, "plan", None) is sending.plan:
        return outer
    return sending if sending.begun else None


class AsyncCall(ReceiverCall):
    """Stands for an async receiver: its coroutine then runs under a span."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            inner = original_of(self)(*args, **kwargs)
        except BaseException as error:
            strip(error)
            raise
        if not hasattr(type(inner), "__await__"):
            return inner
        sending = _sending_for(self, current.get())
        return inner if sending is None else ReceiverSteps(inner, sending, _call_of(self))


class SyncCall(ReceiverCall):
    """Stands for a receiver, whose call is a span."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call, outer = _call_of(self), current.get()
        sending = _sending_for(self, outer)
        span = None
        if sending is not None:
            recorder = sending.tools.recorder
            try:
                span = sending.begin(call)
            except Exception as error:
                recorder.failed(error)
        failure: BaseException | None = None
        try:
            return original_of(self)(*args, **kwargs)
        except BaseException as error:
            failure = error
            strip(error)
            raise
        finally:
            if span is not None and sending is not None:
                # Not that of the send, which may be over, or be another thread's.
                current.set(outer)
                try:
                    span.error = failure
                    span.swallowed = _is_swallowed(failure, sending)
                    sending.end(span, "sync")
                    # Who has called it is not Django, and may be in a thread of its own.
                    recorder.flush(outer)
                except Exception as error:
                    recorder.failed(error)
                failure = None


class ReceiverSteps(Steps):
    """An async receiver's coroutine: its span begins with its first step."""

    __slots__ = ("_call", "_over", "_sending")

    _span: ReceiverSpan | None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        # `inspect.iscoroutine` asks for it.
        kind = type(self.inner)
        return kind if kind is CoroutineType else ReceiverSteps

    def __init__(self, inner: Any, sending: Sending, call: Call) -> None:
        Steps.__init__(self, inner)
        self._sending = sending
        self._call = call
        self._over = False

    def _enter(self, *, begins: bool = True) -> Span | None:
        outer = current.get()
        sending = self._sending
        try:
            if self._span is not None:
                current.set(self._span)
                sending.watch(self._span)
            elif begins:
                self._span = sending.begin(self._call)
                self._span.coroutine = self.inner
        except Exception as error:
            sending.tools.recorder.failed(error)
        return outer

    def _leave(self, outer: Span | None) -> None:
        current.set(outer)
        if self._span is not None and not self._over:
            try:
                # Only what changes between two waits is surely this receiver's doing.
                self._sending.note_changes(self._span)
            except Exception as error:
                self._sending.tools.recorder.failed(error)

    def _ended(self, error: BaseException | None) -> None:
        span = self._span
        if span is None or self._over:
            return
        self._over = True
        span.coroutine = None
        sending = self._sending
        try:
            span.error = error
            span.swallowed = _is_swallowed(error, sending)
            sending.end(span, "async")
            sending.tools.recorder.flush(span.up)
        except Exception as failure:
            sending.tools.recorder.failed(failure)


def _is_swallowed(error: BaseException | None, sending: Sending) -> bool:
    return isinstance(error, Exception) and "robust" in sending.method
