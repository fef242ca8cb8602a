"""Messages of a length that can be read, however much happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_LINES = 200
_LINES_ABOVE = 20


def shortened(lines: Sequence[str], signs: tuple[str, ...] = ()) -> list[str]:
    """At most 200 of the lines, and how many are left out.

    They are those around the first one that has one of the `signs`, else the last ones: that is
    where a failure is.
    """
    if len(lines) <= _MOST_LINES:
        return [*lines]
    last = len(lines) - _MOST_LINES
    found = (n for n, line in enumerate(lines) if any(sign in line for sign in signs))
    start = min(max(next(found, last + _LINES_ABOVE) - _LINES_ABOVE, 0), last)
    shown = [*lines[start : start + _MOST_LINES]]
    before = [f"… {start:,} lines before"] * bool(start)
    after = last - start
    return [*before, *shown, *[f"… {after:,} lines more"] * bool(after)]
