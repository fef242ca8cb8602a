"""Drives a coroutine step by step, so that its span is the current one only while it runs.

Holding the context variable from start to end is wrong for coroutines that share a context, as
Django 6.1's concurrent receivers do: one of them would see the other's span as its parent.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from .failures import strip
from .spans import current

if TYPE_CHECKING:
    from types import TracebackType

    from .spans import Span


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine that runs another one under a span; no frame of it stays in tracebacks."""

    __slots__ = ("__weakref__", "_iterator", "_span", "inner")

    def __init__(self, inner: Any, span: Span | None = None) -> None:
        self.inner = inner
        self._iterator = inner if hasattr(type(inner), "send") else inner.__await__()
        self._span = span

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        outer = self._enter()
        try:
            return self._iterator.__next__() if self._plain else self._iterator.send(None)
        except StopIteration:
            self._ended(None)
            raise
        except BaseException as error:
            self._ended(error)
            strip(error)
            raise
        finally:
            self._leave(outer)

    @property
    def _plain(self) -> bool:
        return not hasattr(self._iterator, "send")

    def send(self, value: Any) -> Any:
        """Run the coroutine up to where it waits next."""
        outer = self._enter()
        try:
            return self._iterator.__next__() if self._plain else self._iterator.send(value)
        except StopIteration:
            self._ended(None)
            raise
        except BaseException as error:
            self._ended(error)
            strip(error)
            raise
        finally:
            self._leave(outer)

    def throw(
        self,
        kind: Any,
        value: BaseException | object = None,
        trace: TracebackType | None = None,
    ) -> Any:
        """Raise an exception where the coroutine waits."""
        outer = self._enter(begins=False)
        try:
            if value is None and trace is None:
                return self._iterator.throw(kind)
            return self._iterator.throw(kind, value, trace)
        except StopIteration:
            self._ended(None)
            raise
        except BaseException as error:
            self._ended(error)
            strip(error)
            raise
        finally:
            self._leave(outer)

    def close(self) -> None:
        """Close the coroutine where it waits."""
        outer = self._enter(begins=False)
        try:
            self._iterator.close()
        finally:
            self._leave(outer)
            self._ended(GeneratorExit())

    def __getattr__(self, name: str) -> Any:
        # cr_frame, cr_await, __name__ …: what asyncio's reports ask of a coroutine.
        return getattr(self.inner, name)

    def _enter(self, *, begins: bool = True) -> Span | None:
        """Make the span current; without `begins` the coroutine's own code may not run at all."""
        outer = current.get()
        current.set(self._span)
        return outer

    def _leave(self, outer: Span | None) -> None:
        current.set(outer)

    def _ended(self, error: BaseException | None) -> None:
        """Called once the coroutine has returned or raised."""
