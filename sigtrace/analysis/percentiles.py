"""Percentiles of durations without the durations: how many there were of about each length."""

from __future__ import annotations

from collections import Counter

_BITS = 5
"""Bits of a duration that are kept: it is told to 1/32 of itself, half of that on average."""


class Durations:
    """Nanoseconds, counted in steps of about 3 %; what is kept does not grow with their number."""

    __slots__ = ("_counts", "count", "greatest")

    def __init__(self) -> None:
        self.count = 0
        self.greatest = 0
        self._counts: Counter[int] = Counter()

    def add(self, ns: int) -> None:
        """Count one."""
        self.count += 1
        if ns > self.greatest:  # noqa: PLR1730  (`max` takes longer)
            self.greatest = ns
        cut = ns.bit_length() - _BITS - 1
        self._counts[ns >> cut << cut if cut > 0 else ns] += 1

    def absorb(self, other: Durations) -> None:
        """Count those that another one has counted."""
        self.count += other.count
        self.greatest = max(self.greatest, other.greatest)
        self._counts.update(other._counts)

    def percentile(self, percent: float) -> int:
        """The length that so many percent do not exceed, by the nearest rank; 0 of none."""
        rank = max(-(-self.count * percent // 100), 1)
        seen = 0
        for ns in sorted(self._counts):
            seen += self._counts[ns]
            if seen >= rank:
                return min(_middle(ns), self.greatest)
        return 0


def _middle(ns: int) -> int:
    """The middle of the step that begins at `ns`."""
    return ns + (1 << max(ns.bit_length() - _BITS - 1, 0)) // 2
