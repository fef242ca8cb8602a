"""The functions that stand for `send` and its kin: the early return first, then a span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import strip
from .sending import Sending
from .spans import current
from .standins import originals_in
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

    from .spans import Span
    from .tools import Tools

_COROUTINE = 0x80


class Sends:
    """Makes replacements for the sends of `Signal` and of its subclasses.

    `unheard` is what Django's cache holds for a sender that nobody listens to.
    """

    def __init__(self, tools: Tools, unheard: Any) -> None:
        self._tools = tools
        self._recorder = tools.recorder
        self._unheard = unheard
        self._deferred: list[tuple[Sending, BaseException | None]] = []

    def make(self, name: str) -> Callable[[Any], Any]:
        """How to replace the method `name` of `Signal` itself."""

        def replace(original: Any) -> Any:
            if original.__code__.co_flags & _COROUTINE:
                return self._asend(name, original)
            return self._send(name, original)

        return replace

    def make_foreign(self, name: str) -> Callable[[Any], Any]:
        """How to replace a method that a subclass defines, with a loop of its own in it."""

        def replace(original: Any) -> Any:
            if original.__code__.co_flags & _COROUTINE:
                return self._foreign_asend(name, original)
            return self._foreign_send(name, original)

        return replace

    def _send(self, name: str, original: Any) -> Any:
        recorder = self._recorder
        count, counters = recorder.counts.unheard, recorder.counts.counters
        enter, leave = self._enter, self._leave

        def send(self: Any, sender: Any, **named: Any) -> Any:
            if not self.receivers:
                try:
                    next(counters[id(self)])
                except KeyError:
                    count(self)
                return []
            sending = enter(name, self, sender, named) if recorder.active else None
            if sending is _NOBODY:
                return []
            try:
                result = original(self, sender, **named)
            except BaseException as error:
                if sending is not None:
                    leave(sending, error)
                strip(error)
                raise
            if sending is None:
                return result
            leave(sending, None)
            return originals_in(result) if sending.wrapped else result

        return send

    def _asend(self, name: str, original: Any) -> Any:
        recorder = self._recorder
        count, counters = recorder.counts.unheard, recorder.counts.counters
        enter, leave = self._enter, self._leave

        async def asend(self: Any, sender: Any, **named: Any) -> Any:
            if not self.receivers:
                try:
                    next(counters[id(self)])
                except KeyError:
                    count(self)
                return []
            outer = current.get()
            sending = enter(name, self, sender, named) if recorder.active else None
            # The steps hold the span, this coroutine does not.
            current.set(outer)
            if sending is _NOBODY:
                return []
            try:
                inner = original(self, sender, **named)
                result = await (inner if sending is None else Steps(inner, sending))
            except BaseException as error:
                if sending is not None:
                    leave(sending, error)
                strip(error)
                raise
            if sending is None:
                return result
            leave(sending, None)
            return originals_in(result) if sending.wrapped else result

        return asend

    def _foreign_send(self, name: str, original: Any) -> Any:
        enter, leave = self._enter_foreign, self._leaving(name)
        # What looks itself who is connected asks nobody.
        looks = "receivers" in original.__code__.co_names
        unseen = self._recorder.counts.unseen

        def send(self: Any, *args: Any, **kwargs: Any) -> Any:
            sending = enter(name, self, args, kwargs)
            try:
                result = original(self, *args, **kwargs)
            except BaseException as error:
                if sending is not None:
                    leave(sending, error)
                strip(error)
                raise
            if sending is None:
                return result
            if looks and not sending.expected:
                unseen(self)
            leave(sending, None)
            return originals_in(result) if sending.wrapped else result

        return send

    def _foreign_asend(self, name: str, original: Any) -> Any:
        enter, leave = self._enter_foreign, self._leaving(name)

        async def asend(self: Any, *args: Any, **kwargs: Any) -> Any:
            outer = current.get()
            sending = enter(name, self, args, kwargs)
            current.set(outer)
            try:
                inner = original(self, *args, **kwargs)
                result = await (inner if sending is None else Steps(inner, sending))
            except BaseException as error:
                if sending is not None:
                    leave(sending, error)
                strip(error)
                raise
            if sending is None:
                return result
            leave(sending, None)
            return originals_in(result) if sending.wrapped else result

        return asend

    def _enter(self, name: str, signal: Any, sender: Any, named: dict[str, Any]) -> Any:
        """Open the send: `_NOBODY` if nobody listens, None if it passes untraced."""
        up = current.get()
        if type(up) is Sending and up.signal is signal:
            # A subclass's send that calls its base's: the same span, which counts for both.
            return None
        if signal.use_caching:
            try:
                if signal.sender_receivers_cache.get(sender) is self._unheard:
                    self._recorder.counts.unheard(signal)
                    return _NOBODY
            except TypeError:
                # An unhashable sender: Django says so itself.
                return None
        return self._open(up, signal, sender, named, name)

    def _open(
        self, up: Span | None, signal: Any, sender: Any, named: dict[str, Any], name: str
    ) -> Sending | None:
        try:
            sending = Sending()
            sending.open(self._tools, up, signal, sender, named, name)
            current.set(sending)
        except Exception as error:
            self._recorder.failed(error)
            return None
        return sending

    def _enter_foreign(self, name: str, signal: Any, args: Any, kwargs: Any) -> Sending | None:
        if not self._recorder.active or not signal.receivers:
            return None
        up = current.get()
        if type(up) is Sending and up.signal is signal:
            return None
        named = dict(kwargs)
        sender = args[0] if args else named.pop("sender", None)
        return self._open(up, signal, sender, named, name)

    def _leaving(self, name: str) -> Callable[[Sending, BaseException | None], None]:
        """How to close what a subclass's method has opened, which may have another name than
        Django's.
        """
        return self._leave if name.startswith(("send", "asend")) else self._leave_asking

    def _leave_asking(self, sending: Sending, error: BaseException | None) -> None:
        if sending.expected and not sending.begun:
            sending.discard()
        else:
            self._leave(sending, error)

    def _leave(self, sending: Sending, error: BaseException | None) -> None:
        deferred = self._deferred
        try:
            while deferred:
                deferred[0][0].close(deferred[0][1])
                del deferred[0]
            sending.close(error)
        except RecursionError:
            # No room at this depth: the send around this one has some.
            current.set(sending.up)
            deferred.append((sending, error))
        except Exception as failure:
            current.set(sending.up)
            self._recorder.failed(failure)


def is_replacement(function: FunctionType) -> bool:
    """Whether a function is one that stands for a send."""
    return function.__code__.co_filename == is_replacement.__code__.co_filename


_NOBODY: Any = object()
