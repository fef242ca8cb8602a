"""All that is done to `Signal`: sends become spans, receivers are timed as Django calls them.

The sends are replaced by plain functions whose first line is the early return. The receivers are
neither wrapped nor replaced: `_live_receivers` gives Django's own loop a list whose iterator takes
the time around each `yield`. Only code that is not Django's (a subclass's own send, another tool)
gets wrappers, since it may sort or filter before it calls; results have the originals again.
"""

from __future__ import annotations

import sys
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from ..events import MUTED_SIGNALS
from .calls import AsyncCall, traced_receivers
from .failures import strip
from .sending import ReceiverSpan, Sending
from .sends import Sends
from .spans import clock, current

if TYPE_CHECKING:
    from collections.abc import Callable

    from .patching import Patches
    from .tools import Tools

_SENDS = ("send", "send_robust", "asend", "asend_robust")


class SignalHooks:
    """The hooks on one `Signal` class and on those of its subclasses that define sends."""

    def __init__(self, tools: Tools, patches: Patches, dispatcher: Any) -> None:
        self._tools = tools
        self._patches = patches
        self._dispatcher = dispatcher
        tools.dispatcher = dispatcher.Signal.connect.__code__.co_filename
        self._sends = Sends(tools, dispatcher.NO_RECEIVERS)
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
        patches.wrap(signal_class, "__init__", make_init(self._tools.signals.made))
        patches.wrap(signal_class, "connect", self._make_connect)
        patches.wrap(signal_class, "_live_receivers", self._make_live_receivers)
        for name in self._originals:
            patches.wrap(signal_class, name, self._sends.make(name))
        if "_log_robust_failure" in vars(signal_class):
            patches.wrap(signal_class, "_log_robust_failure", self._make_log_robust_failure)
        else:
            patches.set(
                self._dispatcher, "logger", FailureLogger(self._dispatcher.logger, self._swallowed)
            )

    def mute(self, module_name: str) -> None:
        """Give the muted signals of a module Django's own sends: no frame of ours is left."""
        module = sys.modules.get(module_name)
        for path in MUTED_SIGNALS:
            holder, _, name = path.rpartition(".")
            signal = getattr(module, name, None) if holder == module_name else None
            if signal is None:
                continue
            for method, original in self._originals.items():
                self._patches.set(signal, method, MethodType(original, signal))

    # The hooks

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
        """Trace what a subclass defines; nobody hears a signal before its first `connect`."""
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
                    self._patches.wrap(base, name, self._sends.make_foreign(name))

    def _make_live_receivers(self, original: Any) -> Any:
        recorder = self._tools.recorder

        def _live_receivers(self: Any, sender: Any) -> Any:
            sending = current.get()
            if type(sending) is not Sending or sending.signal is not self or sending.resolving:
                return original(self, sender)
            # Until it is known: a subclass's own may call its base's.
            sending.resolving = True
            try:
                live = original(self, sender)
            except BaseException as error:
                strip(error)
                raise
            sending.resolving = False
            if sending.expected:
                return live
            try:
                return traced_receivers(sending, live, sender)
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
        if type(span) is ReceiverSpan and isinstance(error, BaseException):
            span.error = error
            span.stop = clock()
            span.swallowed = True


def make_init(made: Callable[[Any, str, str, int], None]) -> Callable[[Any], Any]:
    """Return what replaces `Signal.__init__`: it tells `made` the line that made a signal."""

    def make(original: Any) -> Any:
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

    return make


class FailureLogger:
    """Stands for 4.2's `dispatcher.logger`: the one place that sees what `send_robust` caught."""

    def __init__(self, logger: Any, swallowed: Callable[[Any], None]) -> None:
        self._logger = logger
        self._swallowed = swallowed

    def error(self, *args: Any, **kwargs: Any) -> None:
        """Note the exception and log as before, from the same line."""
        self._swallowed(kwargs.get("exc_info"))
        stacklevel = kwargs.pop("stacklevel", 1) + 1
        try:
            self._logger.error(*args, stacklevel=stacklevel, **kwargs)
        except BaseException as error:
            strip(error)
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)
