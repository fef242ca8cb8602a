"""Exceptions: where they began, and which receiver or callback they left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sigtrace.analysis.figures import Failure
from sigtrace.analysis.unfolded import CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.tree import Span


class Raised(NamedTuple):
    """The spans that one exception left, outermost first, that in which it began last.

    `outside` says that it began outside of all receivers and callbacks.
    """

    path: tuple[Span, ...]
    outside: bool


def failed(span: Span) -> bool:
    """Whether an exception left the span; a transaction only sees those of what it holds."""
    return span.exception is not None and span.kind != "transaction"


def began_here(span: Span) -> bool:
    """Whether the exception that left the span came out of no span below it."""
    return failed(span) and _passed_on(span) is None


def failures(root: Span) -> Iterator[Failure]:
    """The exceptions that began at or below a span."""
    return map(failure, failing(root))


def failing(root: Span) -> Iterator[Raised]:
    """The exceptions that began at or below a span, each with the spans that it left."""
    stack: list[tuple[Span, tuple[Span, ...], bool]] = [(root, (), True)]
    while stack:
        span, above, outside = stack.pop()
        path = (*above, span) if failed(span) else ()
        outside = outside and span.kind not in CALLS
        below = _passed_on(span) if path else None
        stack += [(child, path if child is below else (), outside) for child in span.children]
        if path and below is None:
            yield Raised(path, outside)


def failure(raised: Raised) -> Failure:
    """What there is to say of an exception."""
    path, span = raised.path, raised.path[-1]
    operation = next((one for one in reversed(path) if one.kind not in ("query", "send")), span)
    inside = next((one for one in reversed(path) if one.kind in CALLS), operation)
    unreached = [name for one in path for name in one.texts("not_reached")]
    return Failure(
        exception=span.exception or "",
        span=span.name,
        inside=inside.name,
        kind=inside.kind,
        file=inside.event.get("file"),
        line=inside.event.get("line"),
        swallowed=any(one.event.get("swallowed") for one in path),
        not_reached=tuple(dict.fromkeys(unreached)),
        operation=None if operation is inside else operation.name,
        operation_file=None if operation is inside else operation.event.get("file"),
        operation_line=None if operation is inside else operation.event.get("line"),
        outside=raised.outside,
    )


def _passed_on(span: Span) -> Span | None:
    """The span right below out of which the exception came that left this one.

    Only the type is known: one of another type was raised anew, say for one that was caught. Of
    several attempts the last is not caught; of receivers that run together the first is waited for.
    """
    same = [one for one in span.children if failed(one) and one.exception == span.exception]
    if len(same) < 2:
        return same[0] if same else None
    return (min if span.kind == "send" else max)(same, key=lambda one: one.time + one.duration_ns)
