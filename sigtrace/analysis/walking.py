"""Ways through a chain that do not recurse: a save that saves itself nests hundreds of spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sigtrace.tree import Span

T = TypeVar("T")


def walk(root: Span) -> Iterator[Span]:
    """The span and all below it, in the order of a drawn tree."""
    stack = [root]
    while stack:
        span = stack.pop()
        yield span
        stack.extend(reversed(span.children))


def fold(
    root: Span,
    combine: Callable[[Span, list[T]], T | None],
    enter: Callable[[Span], bool] = lambda _: True,
) -> T | None:
    """Work out a value for the span from those of its children, from the leaves up.

    A span that `enter` refuses is left out with all below it, one whose value is None by itself.
    """
    values: list[list[T]] = [[]]
    stack = [(root, False)]
    while stack:
        span, below_done = stack.pop()
        if below_done:
            value = combine(span, values.pop())
            if value is not None:
                values[-1].append(value)
        elif enter(span):
            values.append([])
            stack.append((span, True))
            stack.extend((child, False) for child in reversed(span.children))
    return values[0][0] if values[0] else None
