"""The live receivers of one send, as Django's loop or a subclass's own meets them."""

from __future__ import annotations

import functools
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .failures import strip
from .receiving import ReceiverSpan
from .sending import Sending
from .spans import Span, current
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class TracedReceivers(list[Any]):
    """The live receivers of one send. Only Django's loops and a subclass's own see it iterate.

    `offset` is the place of the first one in the order; `kept` says that the frame in an
    exception's traceback keeps the iterator, as that of 4.2's comprehension does.
    """

    __slots__ = ("asynchronous", "kept", "offset", "sending", "started")

    sending: Sending
    offset: int
    kept: bool
    asynchronous: bool
    started: bool

    def __iter__(self) -> Iterator[Any]:
        sending = self.sending
        if self.started or current.get() is not sending or not sending.recorder.active:
            return list.__iter__(self)
        self.started = True
        if sys._getframe(1).f_code.co_filename == sending.tools.dispatcher:
            if self.asynchronous:
                return iter(self._calls())
            calls = sending.iterate(list.__iter__(self))
            if self.kept:
                sending.calls = calls
            return calls
        sending.wrapped = True
        return iter(self._calls())

    def __getitem__(self, index: Any) -> Any:
        sending = self.sending
        if self.started or current.get() is not sending or not sending.recorder.active:
            return list.__getitem__(self, index)
        sending.wrapped = True
        return self._calls()[index]

    def __reversed__(self) -> Any:
        return iter(self[::-1])

    def _calls(self) -> list[Any]:
        """A subclass's own send, or another tool's hook, may sort, filter or wrap before anything
        is called: only the call itself tells.
        """
        make = AsyncCall if self.asynchronous else sync_call
        plain = list.__iter__(self)
        return [make(self.sending, each, self.offset + n) for n, each in enumerate(plain)]


def traced_receivers(sending: Sending, live: Any, sender: Any) -> Any:
    """Turn what `_live_receivers` returned (a list in 4.2, else a pair) into traced lists."""
    others: Any = []
    if type(live) is list:
        sync = live
    elif type(live) is tuple and len(live) == 2:
        sync, others = live
        if type(sync) is not list or type(others) is not list:
            return live
    else:
        return live
    everyone = sync + others if others else sync
    if not everyone:
        return live
    sending.heard(everyone, sender)
    traced = TracedReceivers(sync)
    traced.sending = sending
    traced.offset = 0
    traced.kept = sync is live
    traced.asynchronous = traced.started = False
    if sync is live:
        return traced
    if not others:
        return traced, others
    concurrent = TracedReceivers(others)
    concurrent.sending = sending
    concurrent.asynchronous = True
    concurrent.kept = concurrent.started = False
    concurrent.offset = len(sync)
    return traced, concurrent


class AsyncCall:
    """Stands for an async receiver until it is called: its coroutine then runs under a span."""

    __slots__ = ("index", "receiver", "sending")

    def __init__(self, sending: Sending, receiver: Any, index: int) -> None:
        self.sending = sending
        self.receiver = receiver
        self.index = index

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            inner = self.receiver(*args, **kwargs)
        except BaseException as error:
            strip(error)
            raise
        if not hasattr(type(inner), "__await__"):
            return inner
        return ReceiverSteps(inner, self.sending, self.index)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.receiver, name)


class ReceiverSteps(Steps):
    """An async receiver's coroutine: its span begins with its first step."""

    __slots__ = ("_index", "_over", "_sending")

    _span: ReceiverSpan | None

    def __init__(self, inner: Any, sending: Sending, index: int) -> None:
        super().__init__(inner)
        self._sending = sending
        self._index = index
        self._over = False

    def _enter(self, *, begins: bool = True) -> Span | None:
        outer = current.get()
        sending = self._sending
        try:
            if self._span is not None:
                current.set(self._span)
                sending.watch(self._span)
            elif begins:
                self._span = sending.begin(sending.plan.calls[self._index])
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
            span.swallowed = isinstance(error, Exception) and "robust" in sending.method
            sending.end(span, "async")
            sending.tools.recorder.flush(span.up)
        except Exception as failure:
            sending.tools.recorder.failed(failure)


def sync_call(sending: Sending, receiver: Any, index: int) -> Any:
    """Wrap a receiver for a subclass that may sort and filter before it calls."""

    def call(*args: Any, **kwargs: Any) -> Any:
        recorder = sending.tools.recorder
        span = None
        try:
            span = sending.begin(sending.plan.calls[index])
        except Exception as error:
            recorder.failed(error)
        failure: BaseException | None = None
        try:
            return receiver(*args, **kwargs)
        except BaseException as error:
            failure = error
            strip(error)
            raise
        finally:
            if span is not None:
                current.set(span.up)
                try:
                    span.error = failure
                    sending.end(span, "sync")
                    # Who has called it is not Django, and may be in a thread of its own.
                    recorder.flush(span.up)
                except Exception as error:
                    recorder.failed(error)
                failure = None

    try:
        functools.update_wrapper(call, receiver)
    except Exception as error:
        sending.tools.recorder.failed(error)
    call._sigtrace_receiver = receiver  # type: ignore[attr-defined]
    return call


def originals_in(result: Any) -> Any:
    """Put the receivers back into the results of a subclass's own send."""
    if type(result) is list:
        for number, pair in enumerate(result):
            if type(pair) is tuple and len(pair) == 2:
                original = _original(pair[0])
                if original is not pair[0]:
                    result[number] = (original, pair[1])
    return result


def _original(receiver: Any) -> Any:
    if type(receiver) is AsyncCall:
        return receiver.receiver
    if type(receiver) is FunctionType:
        original = receiver.__dict__.get("_sigtrace_receiver", receiver)
        if original is receiver or receiver.__globals__ is globals():
            return original
        # Another tool's, which `functools.wraps` has given what is ours: it stays what it would be.
        del receiver.__dict__["_sigtrace_receiver"]
        receiver.__dict__["__wrapped__"] = original
    return receiver
