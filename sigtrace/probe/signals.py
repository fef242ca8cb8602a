"""All that is done to `Signal`: its sends become spans, its receivers are timed as Django calls them.

The sends are replaced by plain functions whose first line is the early return. The receivers are
neither wrapped nor replaced: `_live_receivers` gives Django's own loop a list whose iterator takes
the time around each `yield`. Only a subclass that loops in code of its own gets wrappers, since it
may sort or filter before it calls; its results have the originals again.
"""

from __future__ import annotations

import functools
import sys
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from ..events import MUTED_SIGNALS
from .recorder import Span, clock, current, strip
from .sending import Sending, Tools
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .patching import Patches

_SENDS = ("send", "send_robust", "asend", "asend_robust")


class SignalHooks:
    """The hooks on one `Signal` class and on those of its subclasses that define sends."""

    def __init__(self, tools: Tools, patches: Patches, dispatcher: Any) -> None:
        self._tools = tools
        self._patches = patches
        self._dispatcher = dispatcher
        self._file = dispatcher.Signal.connect.__code__.co_filename
        self._unheard = dispatcher.NO_RECEIVERS
        self._originals = {
            name: vars(dispatcher.Signal)[name]
            for name in _SENDS
            if name in vars(dispatcher.Signal)
        }
        self._classes = {dispatcher.Signal}

    def install(self) -> None:
        """Replace the methods of `Signal`."""
        signal_class = self._dispatcher.Signal
        patches = self._patches
        patches.wrap(signal_class, "__init__", self._make_init)
        patches.wrap(signal_class, "connect", self._make_connect)
        patches.wrap(signal_class, "_live_receivers", self._make_live_receivers)
        for name in self._originals:
            patches.wrap(signal_class, name, functools.partial(self._make_send, name))
        if "_log_robust_failure" in vars(signal_class):
            patches.wrap(signal_class, "_log_robust_failure", self._make_log_robust_failure)
        else:
            patches.set(
                self._dispatcher, "logger", FailureLogger(self._dispatcher.logger, self._swallowed)
            )

    def mute(self, module_name: str) -> None:
        """Give the muted signals of a module Django's own sends, so that no frame of ours is left."""
        module = sys.modules.get(module_name)
        for path in MUTED_SIGNALS:
            holder, _, name = path.rpartition(".")
            signal = getattr(module, name, None) if holder == module_name else None
            if signal is None:
                continue
            for method, original in self._originals.items():
                self._patches.set(signal, method, MethodType(original, signal))

    # The hooks

    def _make_init(self, original: Any) -> Any:
        made = self._tools.signals.made

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  (replaces it)
            original(self, *args, **kwargs)
            frame = sys._getframe(1)
            while frame.f_code.co_name == "__init__" and frame.f_back is not None:
                frame = frame.f_back
            made(
                self,
                str(frame.f_globals.get("__name__")),
                frame.f_code.co_filename,
                frame.f_lineno,
            )

        return __init__

    def _make_connect(self, original: Any) -> Any:
        connected = self._tools.connections.connected
        recorder = self._tools.recorder
        classes = self._classes
        instrument = self._instrument

        def connect(
            self: Any, receiver: Any, sender: Any = None, weak: Any = True, dispatch_uid: Any = None
        ) -> Any:
            try:
                result = original(
                    self, receiver, sender=sender, weak=weak, dispatch_uid=dispatch_uid
                )
            except BaseException as error:
                strip(error)
                raise
            try:
                if type(self) not in classes:
                    instrument(type(self))
                connected(self, receiver, sender, dispatch_uid)
            except Exception as error:
                recorder.failed(error)
            return result

        return connect

    def _instrument(self, signal_class: type) -> None:
        """Trace what a subclass defines itself; nobody hears a signal before its first `connect`."""
        for base in type.mro(signal_class):
            if base in self._classes:
                break
            self._classes.add(base)
            for name, value in list(vars(base).items()):
                if type(value) is not FunctionType:
                    continue
                if name == "_live_receivers":
                    self._patches.wrap(base, name, self._make_live_receivers)
                elif name.startswith(("send", "asend")):
                    self._patches.wrap(
                        base, name, functools.partial(self._make_send, name, foreign=True)
                    )

    def _make_send(self, name: str, original: Any, *, foreign: bool = False) -> Any:
        recorder = self._tools.recorder
        tools = self._tools
        unheard = self._unheard
        count = recorder.count_unheard

        def enter(
            signal: Any, sender: Any, named: dict[str, Any]
        ) -> Sending | list[Any] | None:
            """Open the send; an empty list means nobody listens, None that it passes untraced."""
            try:
                if signal.use_caching and signal.sender_receivers_cache.get(sender) is unheard:
                    count(signal)
                    return []
            except TypeError:
                # An unhashable sender: Django says so itself.
                return None
            span = current.get()
            if span is not None and span.kind == "send" and span.data.signal is signal:
                # A subclass's send that calls its base's: the same span.
                if foreign:
                    span.data.foreign = True
                return None
            sending = Sending(tools, signal, sender, named, name)
            sending.foreign = foreign
            current.set(sending.span)
            return sending

        def leave(sending: Sending, error: BaseException | None) -> None:
            try:
                sending.close(error)
            except Exception as failure:
                current.set(sending.span.up)
                recorder.failed(failure)

        def send(self: Any, sender: Any, **named: Any) -> Any:
            if not self.receivers:
                count(self)
                return []
            sending = None
            if recorder.active:
                try:
                    sending = enter(self, sender, named)
                except Exception as error:
                    recorder.failed(error)
            if sending is None:
                try:
                    return original(self, sender, **named)
                except BaseException as error:
                    strip(error)
                    raise
            if type(sending) is list:
                return sending
            try:
                result = original(self, sender, **named)
            except BaseException as error:
                leave(sending, error)
                strip(error)
                raise
            leave(sending, None)
            return result

        async def asend(self: Any, sender: Any, **named: Any) -> Any:
            if not self.receivers:
                count(self)
                return []
            outer = current.get()
            sending = None
            if recorder.active:
                try:
                    sending = enter(self, sender, named)
                except Exception as error:
                    recorder.failed(error)
            # The steps hold the span, this coroutine does not.
            current.set(outer)
            if type(sending) is list:
                return sending
            try:
                if sending is None:
                    return await original(self, sender, **named)
                result = await Steps(original(self, sender, **named), sending.span)
            except BaseException as error:
                if sending is not None:
                    leave(sending, error)
                strip(error)
                raise
            leave(sending, None)
            return result

        def foreign_send(self: Any, *args: Any, **kwargs: Any) -> Any:
            sending = None
            if recorder.active and self.receivers:
                named = dict(kwargs)
                sender = args[0] if args else named.pop("sender", None)
                try:
                    sending = enter(self, sender, named)
                except Exception as error:
                    recorder.failed(error)
            if type(sending) is not Sending:
                try:
                    return original(self, *args, **kwargs)
                except BaseException as error:
                    strip(error)
                    raise
            try:
                result = original(self, *args, **kwargs)
            except BaseException as error:
                leave(sending, error)
                strip(error)
                raise
            leave(sending, None)
            return originals_in(result)

        async def foreign_asend(self: Any, *args: Any, **kwargs: Any) -> Any:
            outer = current.get()
            sending = None
            if recorder.active and self.receivers:
                named = dict(kwargs)
                sender = args[0] if args else named.pop("sender", None)
                try:
                    sending = enter(self, sender, named)
                except Exception as error:
                    recorder.failed(error)
            current.set(outer)
            try:
                if type(sending) is not Sending:
                    return await original(self, *args, **kwargs)
                result = await Steps(original(self, *args, **kwargs), sending.span)
            except BaseException as error:
                if type(sending) is Sending:
                    leave(sending, error)
                strip(error)
                raise
            leave(sending, None)
            return originals_in(result)

        if foreign:
            return foreign_asend if _is_coroutine_function(original) else foreign_send
        return asend if _is_coroutine_function(original) else send

    def _make_live_receivers(self, original: Any) -> Any:
        recorder = self._tools.recorder
        filename = self._file

        def _live_receivers(self: Any, sender: Any) -> Any:
            span = current.get()
            if span is None or span.kind != "send" or span.data.signal is not self:
                return original(self, sender)
            sending: Sending = span.data
            sending.resolving += 1
            try:
                live = original(self, sender)
            finally:
                sending.resolving -= 1
            if sending.resolving or sending.expected:
                return live
            try:
                return traced_receivers(sending, live, filename)
            except Exception as error:
                recorder.failed(error)
                return live

        return _live_receivers

    def _make_log_robust_failure(self, original: Any) -> Any:
        swallowed = self._swallowed

        def _log_robust_failure(self: Any, receiver: Any, err: BaseException) -> Any:
            if type(receiver) is AsyncCall:
                receiver = receiver.receiver
            else:
                swallowed(err)
            return original(self, receiver, err)

        return _log_robust_failure

    def _swallowed(self, error: Any) -> None:
        """Note that `send_robust` caught what the receiver that runs now has raised."""
        span = current.get()
        if span is not None and span.kind == "receiver" and isinstance(error, BaseException):
            span.error = error
            span.stop = clock()
            span.swallowed = True


class FailureLogger:
    """Stands for 4.2's `dispatcher.logger`: the one place that sees what `send_robust` caught."""

    def __init__(self, logger: Any, swallowed: Callable[[Any], None]) -> None:
        self._logger = logger
        self._swallowed = swallowed

    def error(self, *args: Any, **kwargs: Any) -> None:
        """Note the exception and log as before, from the same line."""
        self._swallowed(kwargs.get("exc_info"))
        self._logger.error(*args, **{**kwargs, "stacklevel": kwargs.get("stacklevel", 1) + 1})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)


class TracedReceivers(list[Any]):
    """The live receivers of one send. Only Django's loops and a subclass's own see it iterate."""

    __slots__ = ("asynchronous", "filename", "offset", "sending", "started")

    sending: Sending
    filename: str
    offset: int
    asynchronous: bool
    started: bool

    def __iter__(self) -> Iterator[Any]:
        plain = list.__iter__(self)
        sending = self.sending
        span = current.get()
        if self.started or span is not sending.span or not sending.tools.recorder.active:
            return plain
        if sys._getframe(1).f_code.co_filename == self.filename:
            self.started = True
            if not self.asynchronous:
                sending.calls = sending.iterate(list(plain))
                return sending.calls
            return iter([AsyncCall(sending, each, self.offset + n) for n, each in enumerate(plain)])
        if not sending.foreign:
            return plain
        make = AsyncCall if self.asynchronous else sync_call
        return iter([make(sending, each, self.offset + n) for n, each in enumerate(plain)])


def traced_receivers(sending: Sending, live: Any, filename: str) -> Any:
    """Turn what `_live_receivers` returned (a list in 4.2, else a pair) into traced lists."""
    pair = live if type(live) is tuple and len(live) == 2 else (live, None)
    if not all(part is None or type(part) is list for part in pair):
        return live
    everyone = [*pair[0], *(pair[1] or ())]
    if not everyone:
        return live
    sending.heard(everyone)
    parts = []
    for part, asynchronous in ((pair[0], False), (pair[1], True)):
        traced = TracedReceivers(part or ())
        traced.sending = sending
        traced.filename = filename
        traced.asynchronous = asynchronous
        traced.offset = len(pair[0]) if asynchronous else 0
        traced.started = False
        parts.append(traced)
    return parts[0] if pair[1] is None else tuple(parts)


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
        return ReceiverSteps(inner, self.sending, self.receiver, self.index)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.receiver, name)


class ReceiverSteps(Steps):
    """An async receiver's coroutine: its span begins with its first step."""

    __slots__ = ("_index", "_over", "_receiver", "_sending")

    def __init__(self, inner: Any, sending: Sending, receiver: Any, index: int) -> None:
        super().__init__(inner)
        self._sending = sending
        self._receiver = receiver
        self._index = index
        self._over = False

    def _enter(self) -> Span | None:
        outer = current.get()
        sending = self._sending
        try:
            if self._span is None:
                self._span = sending.begin(self._receiver, self._index)
            else:
                current.set(self._span)
                sending.watch(self._span.data)
        except Exception as error:
            sending.tools.recorder.failed(error)
        return outer

    def _leave(self, outer: Span | None) -> None:
        current.set(outer)
        if self._span is not None and not self._over:
            try:
                # Only what changes between two waits is surely this receiver's doing.
                self._sending.note_changes(self._span.data)
            except Exception as error:
                self._sending.tools.recorder.failed(error)

    def _ended(self, error: BaseException | None) -> None:
        span = self._span
        if span is None or self._over:
            return
        self._over = True
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
            span = sending.begin(receiver, index)
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
        return receiver.__dict__.get("_sigtrace_receiver", receiver)
    return receiver


def _is_coroutine_function(function: Any) -> bool:
    return bool(function.__code__.co_flags & 0x80)
