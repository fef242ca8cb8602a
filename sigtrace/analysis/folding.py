"""Which spans look the same: equal names, receivers and outcomes, whatever the values and times."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.walking import fold, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.tree import Span

Look = tuple[object, ...]

_FEWEST = 3
_LOOKS = {
    "save": ("created", "raw", "alias", "update_fields"),
    "delete": ("alias",),
    "m2m": ("action", "alias", "bypassed"),
    "bulk": ("alias", "bypassed"),
    "send": ("signal", "sender", "method", "not_reached"),
    "receiver": ("mode", "swallowed"),
    "query": ("alias",),
    "transaction": ("outcome",),
    "on_commit": ("discarded", "discarded_by"),
}
"""What tells spans of a kind apart, besides what all of them have."""


def outline(root: Span) -> list[tuple[Look, int]]:
    """What a tree looks like: two trees fold into one where their outlines are equal."""
    return [(_look(span), len(span.children)) for span in walk(root)]


class Shapes:
    """Numbers the shapes of the spans of a tree, each with all below it: equal ones are equal."""

    def __init__(self, root: Span) -> None:
        self._numbers: dict[Look, int] = {}
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
        number = self._numbers.setdefault((_look(span), *below), len(self._numbers))
        self._of[id(span)] = number
        return number


def _look(span: Span) -> Look:
    event = span.event
    kind = event["kind"]
    arguments = event.get("arguments")
    return (
        kind,
        event.get("name"),
        span.state,
        event.get("exception"),
        event.get("transaction") is None,
        arguments.get("action") if isinstance(arguments, dict) else None,
        *[_plain(event.get(field)) for field in _LOOKS.get(kind, ())],
    )


def _plain(value: Any) -> object:
    return value if isinstance(value, str | bool | None) else str(value)
