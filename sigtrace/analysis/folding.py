"""Which spans look the same: equal names, receivers and outcomes, whatever the values and times."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sigtrace.analysis.walking import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.tree import Span

_FEWEST = 3


class Shapes:
    """Numbers the shapes of the spans of a tree, each with all below it: equal ones are equal."""

    def __init__(self, root: Span) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._of: dict[int, int] = {}
        fold(root, self._number)

    def __getitem__(self, span: Span) -> int:
        return self._of[id(span)]

    def runs(self, siblings: Iterable[Span]) -> Iterator[list[Span]]:
        """Put consecutive siblings of one shape together where there are enough of them."""
        for _, group in groupby(siblings, key=self.__getitem__):
            run = list(group)
            if len(run) < _FEWEST:
                yield from ([span] for span in run)
            else:
                yield run

    def _number(self, span: Span, below: list[int]) -> int:
        arguments = span.event.get("arguments")
        action = arguments.get("action") if isinstance(arguments, dict) else None
        shape = (
            *(span.kind, span.name, span.state, span.exception, span.text("receiver")),
            *(str(action), span.text("sender"), *span.texts("not_reached"), *below),
        )
        number = self._numbers.setdefault(shape, len(self._numbers))
        self._of[id(span)] = number
        return number
