"""Exceptions where they began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.figures import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.tree import Span


def failed(span: Span) -> bool:
    """Whether an exception left the span; a transaction only sees those of what it holds."""
    return span.exception is not None and span.kind != "transaction"


def began_here(span: Span) -> bool:
    """Whether the exception that left the span came out of no span below it."""
    return failed(span) and not any(map(failed, span.children))


def failures(root: Span) -> Iterator[Failure]:
    """The exceptions that began at or below a span."""
    return (failure(span, path) for span, path in failing(root))


def failing(root: Span) -> Iterator[tuple[Span, tuple[Span, ...]]]:
    """The spans at and below one in which an exception began.

    Each with those that it passed through, outermost first, the span itself last.
    """
    stack: list[tuple[Span, tuple[Span, ...]]] = [(root, ())]
    while stack:
        span, above = stack.pop()
        path = (*above, span) if failed(span) else ()
        stack += [(child, path) for child in span.children]
        if began_here(span):
            yield span, path


def failure(span: Span, path: tuple[Span, ...]) -> Failure:
    """What there is to say of an exception that `failing` found."""
    inside = next((one for one in reversed(path) if one.kind not in ("query", "send")), span)
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
    )
