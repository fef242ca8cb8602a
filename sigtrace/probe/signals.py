"""All that is done to `Signal`: sends become spans, receivers are timed as Django calls them.

The sends are replaced by plain functions whose first line is the early return. The receivers are
neither wrapped nor replaced: `_live_receivers` gives Django's own loop a list whose iterator takes
the time around each `yield`. Only code that is not Django's (a subclass's own send, another tool)
gets wrappers, since it may sort or filter before it calls; results have the originals again.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..events import MUTED_SIGNALS
from .calls import traced_receivers
from .failures import FailureLogger, strip
from .late import late_receivers
from .muting import MutedSend
from .places import is_internal
from .receiving import ReceiverSpan
from .sending import Sending
from .sends import Sends, is_replacement
from .spans import clock, current
from .standins import original_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    from .patching import Patches
    from .tools import Tools

_LOOPS = ("send", "send_robust")
_GENERATOR = 0x20 | 0x200
_SENDS = (*_LOOPS, "asend", "asend_robust")


class SignalHooks:
    """The hooks on one `Signal` class and on those of its subclasses that define sends."""

    def __init__(self, tools: Tools, patches: Patches, dispatcher: Any) -> None:
        self._tools = tools
        self._patches = patches
        self._dispatcher = dispatcher
        self._filename = dispatcher._make_id.__code__.co_filename
        self._sends = Sends(tools, dispatcher.NO_RECEIVERS)
        self._originals: dict[str, Any] = {}
        # Muted signals, and whether they have Django's own sends by now.
        self._muted: dict[int, bool] = {}
        self._classes = {dispatcher.Signal}

    def install(self) -> None:
        """Replace the methods of `Signal`."""
        signal_class = self._dispatcher.Signal
        patches = self._patches
        hooks = {
            "__init__": make_init(self._tools.signals.made),
            "connect": self._make_connect,
            "disconnect": make_disconnect,
            "_live_receivers": self._make_live_receivers,
        }
        for name, make in hooks.items():
            # Not what is no function, as a mock, which may be called in another way.
            if type(vars(signal_class).get(name)) is FunctionType:
                patches.wrap(signal_class, name, make)
        # What stands there in place of Django's own, as a mock does, is left alone.
        self._originals = {
            name: value for name in _SENDS if (value := self._djangos(name)) is not None
        }
        for name in self._originals:
            patches.wrap(signal_class, name, self._sends.make(name))
        if "_log_robust_failure" in vars(signal_class):
            patches.wrap(signal_class, "_log_robust_failure", self._make_log_robust_failure)
        else:
            patches.set(
                self._dispatcher, "logger", FailureLogger(self._dispatcher.logger, self._swallowed)
            )

    def _djangos(self, name: str) -> Any:
        """Django's own send if it stands there now, or one of ours that somebody has put back."""
        value = vars(self._dispatcher.Signal).get(name)
        while type(value) is FunctionType and is_replacement(value):
            value = value.__dict__["__wrapped__"]
        if type(value) is FunctionType and value.__code__.co_filename == self._filename:
            return value
        return None

    def instrument_known(self) -> None:
        """Trace the subclasses that were there, and connected to, before we came."""
        self._classes.clear()
        self._classes.add(self._dispatcher.Signal)
        known = list(type.__subclasses__(self._dispatcher.Signal))
        while known:
            signal_class = known.pop()
            self._instrument(signal_class)
            known += type.__subclasses__(signal_class)

    def mute(self, module_name: str) -> None:
        """Leave the muted signals of a module to Django's own sends."""
        module = sys.modules.get(module_name)
        for path in MUTED_SIGNALS:
            holder, _, name = path.rpartition(".")
            signal = getattr(module, name, None) if holder == module_name else None
            if signal is None:
                continue
            self._muted[id(signal)] = False
            self._tools.recorder.counts.mute(signal)
            if signal.receivers:
                self._give_own_sends(signal)

    def _give_own_sends(self, signal: Any) -> None:
        """From here on no frame of ours is around the receivers of a muted signal.

        Without receivers it has none to show, and our early return is the faster one.
        """
        self._muted[id(signal)] = True
        signal_class = self._dispatcher.Signal
        for name, original in self._originals.items():
            self._patches.set(signal, name, MutedSend(signal, signal_class, name, original))

    # The hooks

    def _make_connect(self, original: Any) -> Any:
        connected = self._tools.connections.connected
        recorder = self._tools.recorder
        classes = self._classes
        instrument = self._instrument
        muted = self._muted
        give_own_sends = self._give_own_sends

        def connect(
            self: Any, receiver: Any, sender: Any = None, weak: Any = True, dispatch_uid: Any = None
        ) -> Any:
            receiver = original_of(receiver)
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
                if not muted.get(id(self), True):
                    give_own_sends(self)
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
                elif _is_send(name, value.__code__):
                    self._patches.wrap(base, name, self._sends.make_foreign(name))

    def _make_live_receivers(self, original: Any) -> Any:
        recorder = self._tools.recorder
        filename = self._filename
        late, unseen = self._late, self._unseen

        def _live_receivers(self: Any, sender: Any) -> Any:
            span = current.get()
            sending = None
            # While it resolves, a subclass's own calls its base's.
            if type(span) is Sending and span.signal is self and not span.resolving:
                sending = span
                sending.resolving = True
            try:
                live = original(self, sender)
            except BaseException as error:
                strip(error)
                raise
            caller = sys._getframe(1)
            code = caller.f_code
            by_django = code.co_filename == filename
            if sending is None:
                if not by_django:
                    if not (type(span) is Sending and span.signal is self):
                        unseen(self, code.co_filename)
                elif code.co_name in _LOOPS:
                    return late(self, sender, live, caller)
                return live
            sending.resolving = False
            if by_django and code.co_name not in _SENDS:
                # `has_listeners`: nobody is called.
                return live
            try:
                return traced_receivers(sending, live, sender, by_django=by_django)
            except Exception as error:
                recorder.failed(error)
                return live

        return _live_receivers

    def _unseen(self, signal: Any, filename: str) -> None:
        """Note that code of the project's own is about to call receivers, or only counts them."""
        recorder = self._tools.recorder
        if recorder.active and signal.receivers and not is_internal(filename):
            recorder.counts.unseen(signal)

    def _late(self, signal: Any, sender: Any, live: Any, loop: FrameType) -> Any:
        """Trace a send of Django's own that nobody has replaced, unless it is muted."""
        if id(signal) in self._muted or not self._tools.recorder.active:
            return live
        try:
            return late_receivers(self._tools, signal, sender, live, loop)
        except Exception as error:
            self._tools.recorder.failed(error)
            return live

    def _make_log_robust_failure(self, original: Any) -> Any:
        swallowed = self._swallowed

        def _log_robust_failure(self: Any, receiver: Any, err: BaseException) -> Any:
            original_receiver = original_of(receiver)
            if original_receiver is receiver:
                swallowed(err)
            receiver = original_receiver
            try:
                return original(self, receiver, err)
            except BaseException as error:
                strip(error)
                raise

        return _log_robust_failure

    def _swallowed(self, error: Any) -> None:
        """Note that `send_robust` caught what the receiver that runs now has raised."""
        span = current.get()
        if type(span) is ReceiverSpan and isinstance(error, BaseException):
            span.error = error
            span.stop = clock()
            span.swallowed = True


def _is_send(name: str, code: CodeType) -> bool:
    """Whether a method of a subclass sends: by its name, or since it asks who is to be called."""
    sends = name.startswith(("send", "asend")) or (
        "_live_receivers" in code.co_names and name != "has_listeners"
    )
    # A generator works when it is iterated, after its call.
    return sends and not code.co_flags & _GENERATOR


def make_disconnect(original: Any) -> Any:
    """Return what replaces `Signal.disconnect`, which finds a receiver by what it is."""

    def disconnect(
        self: Any, receiver: Any = None, sender: Any = None, dispatch_uid: Any = None
    ) -> Any:
        receiver = original_of(receiver)
        try:
            return original(self, receiver, sender=sender, dispatch_uid=dispatch_uid)
        except BaseException as error:
            strip(error)
            raise

    return disconnect


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
