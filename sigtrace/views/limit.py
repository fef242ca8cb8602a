"""How many chains are drawn in a second; what comes beyond that is counted."""

from __future__ import annotations

from collections import Counter

_MOST = 200
_SECOND_NS = 1_000_000_000


class Limit:
    """Counts by the time at which chains arrive, in Unix nanoseconds: the reader is protected."""

    def __init__(self) -> None:
        self._began = 0
        self._drawn = 0
        self._skipped: Counter[str] = Counter()

    @property
    def pending(self) -> bool:
        """Whether chains were left out of this second."""
        return bool(self._skipped)

    def is_full(self, now: int) -> bool:
        """Whether no further chain is to be drawn in this second."""
        if now - self._began >= _SECOND_NS:
            return False
        return self._drawn >= _MOST

    def draw(self, now: int) -> None:
        """Take note of a chain that is drawn."""
        if now - self._began >= _SECOND_NS:
            self._began, self._drawn = now, 0
        self._drawn += 1

    def skip(self, name: str) -> None:
        """Take note of a chain that is not."""
        self._skipped[name] += 1

    def is_over(self, now: int) -> bool:
        """Whether the second is over in which chains were left out."""
        return self.pending and now - self._began >= _SECOND_NS

    def flush(self) -> Counter[str]:
        """The names of the chains that were left out since the last time."""
        skipped, self._skipped = self._skipped, Counter()
        return skipped
