"""Sends that go by our replacement: of a `send` that was bound or saved before we came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .calls import traced_receivers
from .sending import Sending
from .spans import current

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import FrameType

    from .tools import Tools


class LateSending(Sending):
    """A send that begins with the iteration over its receivers and ends with it."""

    __slots__ = ()

    def iterate(self, receivers: Iterator[Any]) -> Generator[Any]:
        """Yield receivers to Django's loop, and end the send after the last one."""
        error: BaseException | None = None
        # Held by the loop alone, this generator is closed as soon as an exception leaves that.
        self.calls = None
        try:
            yield from super().iterate(receivers)
        except GeneratorExit:
            # The loop was left by an exception, of which a generator does not learn more.
            error = BaseException()
            raise
        finally:
            try:
                self.close(error)
            except Exception as failure:
                self.tools.recorder.failed(failure)


def late_receivers(tools: Tools, signal: Any, sender: Any, live: Any, loop: FrameType) -> Any:
    """Open a send for whose receivers `loop`, one of Django's own, is about to begin.

    Asynchronous ones run when that loop is over: with them it stays untraced.
    """
    sync, others = live if type(live) is tuple else (live, ())
    if not sync or others:
        return live
    code = loop.f_code
    sending = LateSending()
    named = dict(loop.f_locals.get("named", ()))
    sending.open(tools, current.get(), signal, sender, named, code.co_name)
    current.set(sending)
    return traced_receivers(sending, live, sender, by_django=True)
