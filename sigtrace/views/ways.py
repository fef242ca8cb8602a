"""The names down a chain in a line: what repeats is written once, what is long is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sigtrace.views.display import Glyphs

_FEWEST = 3
"""So often names in a row come again and again until they are written once."""

_LONGEST = 12
"""The most names of what repeats."""

_HEAD, _TAIL = 12, 4


def way(names: Sequence[str], glyphs: Glyphs) -> str:
    """`→ post_save → log`, of what repeats one cycle and how often; empty of no names."""
    steps = [
        f"{glyphs.arrow} {_cycle(cycle, glyphs)} {glyphs.times}{times:,}"
        if times > 1
        else f"{glyphs.arrow} {cycle[0]}"
        for cycle, times in _cycles(names)
    ]
    if len(steps) > _HEAD + _TAIL:
        left = len(steps) - _HEAD - _TAIL
        steps[_HEAD:-_TAIL] = [f"{glyphs.arrow} {glyphs.more} {left:,} more"]
    return " ".join(steps)


def _cycle(names: Sequence[str], glyphs: Glyphs) -> str:
    return names[0] if len(names) == 1 else f"({f' {glyphs.arrow} '.join(names)})"


def _cycles(names: Sequence[str]) -> Iterator[tuple[Sequence[str], int]]:
    """The names in a row that come again right away, with how often; the others one by one."""
    place = 0
    while place < len(names):
        length, times = max(
            ((length, _times(names, place, length)) for length in range(1, _LONGEST + 1)),
            key=lambda found: (found[0] * found[1] if found[1] >= _FEWEST else 0, -found[0]),
        )
        if times < _FEWEST:
            length = times = 1
        yield names[place : place + length], times
        place += length * times


def _times(names: Sequence[str], place: int, length: int) -> int:
    """How often the so many names at a place come one after the other."""
    cycle, times = names[place : place + length], 1
    while names[place + times * length : place + (times + 1) * length] == cycle:
        times += 1
    return times
