"""How what was sent differs from what was expected: lines of a comparison, and marks for a tree."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from sigtrace.analysis.paths import last_part
from sigtrace.testing.expected import NO_SENDER
from sigtrace.testing.names import ends_with

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sigtrace.testing.expected import Expected, Sent

UNEXPECTED = "← not expected"
MISSING = "← missing after it:"
MARKS = (UNEXPECTED, MISSING)

_MINUS, _PLUS = "  - ", "  + "
DIFFERENT = (_MINUS, _PLUS)
"""By what to find the lines of a comparison that are no common ones."""

_ANOTHER = " (another of that name)"


def difference(
    expected: Sequence[Expected], found: Sequence[Sent]
) -> tuple[list[str], dict[str, str]]:
    """The lines of a comparison, and what to mark spans with, by id; both empty if it fits."""
    pairs = _aligned(expected, found)
    if len(pairs) == len(expected) == len(found):
        return [], {}
    if any(item.has_no_sender for item in expected):
        found = [replace(one, nobody=NO_SENDER) for one in found]
    text = attrgetter("path" if _are_alike(expected, found) else "text")
    lines: list[str] = []
    marks: dict[str, str] = {}
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *pairs, (len(expected), len(found))]):
        missing = [
            _told(text(item), {text(one) for one in found if not item.matches(one)})
            for item in expected[i + 1 : next_i]
        ]
        lines += [f"{_MINUS}{said}" for said in missing]
        if missing and j >= 0:
            marks.setdefault(found[j].id, f"{MISSING} {', '.join(missing)}")
        for one in found[j + 1 : next_j]:
            others = {text(item) for item in expected if not item.matches(one)}
            lines.append(f"{_PLUS}{_told(text(one), others)}")
            marks[one.id] = UNEXPECTED
        lines += [f"    {text(one)}" for one in found[next_j : next_j + 1]]
    return lines, marks


def _aligned(expected: Sequence[Expected], found: Sequence[Sent]) -> list[tuple[int, int]]:
    """The places of as many items as possible with those of what they match, in both orders.

    By what matches and not by how it reads: of two receivers of one name each is itself.
    """
    # Row i, column j: how many of expected[i:] can be paired with found[j:].
    numbers = [[0] * (len(found) + 1)]
    matching = [[item.matches(one) for one in found] for item in expected]
    for row in reversed(matching):
        below, numbers_here = numbers[-1], [0]
        for j in range(len(found) - 1, -1, -1):
            paired = below[j + 1] + 1 if row[j] else 0
            numbers_here.append(max(paired, below[j], numbers_here[-1]))
        numbers.append(numbers_here[::-1])
    numbers.reverse()
    pairs = []
    i = j = 0
    while i < len(expected) and j < len(found):
        if matching[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif numbers[i + 1][j] >= numbers[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _told(text: str, others: Container[str]) -> str:
    return text + _ANOTHER if text in others else text


def _are_alike(expected: Sequence[Expected], found: Sequence[Sent]) -> bool:
    """Whether signals are of the same name, which differ by where they are made."""
    return any(
        last_part(wanted) == last_part(name) and not ends_with(name, wanted)
        for wanted in {item.signal for item in expected}
        for name in {one.signal for one in found}
    )
