"""Turns a method into one that runs under a span: the one way in which operations are hooked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import strip
from .recorder import Recorder
from .spans import Span, current

if TYPE_CHECKING:
    from collections.abc import Callable

    Begin = Callable[[Any, tuple[Any, ...], dict[str, Any]], Span | None]
    Tail = Callable[[Span, Any], str]


def leaving(recorder: Recorder, tail: Tail) -> Callable[[Span, Any, BaseException | None], None]:
    """Return what ends a span with what was returned, or else with the exception."""

    def leave(span: Span, result: Any, error: BaseException | None) -> None:
        current.set(span.up)
        try:
            span.error = error
            recorder.finish(span, tail(span, result))
        except Exception as failure:
            recorder.failed(failure)

    return leave


def traced(recorder: Recorder, original: Any, begin: Begin, tail: Tail) -> Any:
    """Return a replacement for the method `original`.

    `begin(self, args, kwargs)` opens a span, or returns None to let the call pass; `tail(span,
    result)` writes what the span's kind adds to its line (the result is None after an exception).
    """

    def enter(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span | None:
        try:
            span = begin(self, args, kwargs)
        except Exception as error:
            recorder.failed(error)
            return None
        if span is not None:
            current.set(span)
        return span

    leave = leaving(recorder, tail)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        span = enter(self, args, kwargs) if recorder.active else None
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            if span is not None:
                leave(span, None, error)
            strip(error)
            raise
        if span is not None:
            leave(span, result, None)
        return result

    return method
