"""Chains that repeat those before them: which ones need not be drawn, and how many there were."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigtrace.analysis.folding import outline

if TYPE_CHECKING:
    from sigtrace.analysis.folding import Look
    from sigtrace.tree import Chain

_QUIET_NS = 250_000_000
_COUNT_EVERY_NS = 1_000_000_000
_LONGEST = 8
"""The most chains that repeat as one: a loop that saves, and then runs what waited for a commit."""


_FEWEST = 2
"""Fewer repetitions than these are drawn."""


class Repeat:
    """A chain with what it has to have in common with one that it repeats."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        scope, event = chain.scope, chain.root.event
        whose = (chain.process, "" if scope is None else scope.id, chain.continues)
        place = (event.get("file"), event.get("line"))
        self._look: tuple[object, ...] = (whose, place, chain.registered_by)
        self._outline: list[tuple[Look, int]] = outline(chain.root)

    def equals(self, other: Repeat) -> bool:
        """Whether both are drawn alike but for values and times."""
        return self._look == other._look and self._outline == other._outline


@dataclass(frozen=True)
class Fold:
    """What stands for `times` repetitions of some chains, which were drawn before."""

    chains: tuple[Chain, ...]
    times: int
    total_ns: int


class Repeats:
    """Compares each chain with those that were drawn last; times are Unix nanoseconds.

    What repeats is one chain, or a few in a row, over and over. A row is held until it has come
    often enough; where it does not, it was no repetition.
    """

    def __init__(self) -> None:
        self._drawn: deque[Repeat] = deque(maxlen=_LONGEST)
        self._last = 0
        self._begin_row([])

    def _begin_row(self, row: list[Repeat]) -> None:
        self._row = row
        self._next = 0
        self._held: list[Repeat] = []
        self._times = 0
        self._total_ns = 0
        self._since = 0
        self._is_sure = False

    @property
    def pending(self) -> bool:
        """Whether something was taken that was not said yet."""
        return bool(self._times or self._held)

    def take(self, one: Repeat, now: int | None) -> bool:
        """Take a chain if it is or may be a repetition; else it is to be drawn after a `flush`."""
        if self._row:
            if not self._row[self._next].equals(one):
                return False
        else:
            drawn = list(self._drawn)
            periods = range(1, len(drawn) + 1)
            period = next((n for n in periods if drawn[-n].equals(one)), None)
            if period is None:
                return False
            self._begin_row(drawn[-period:])
        self._last = now or 0
        self._since = self._since or self._last
        self._held.append(one)
        self._next = (self._next + 1) % len(self._row)
        if self._next == 0:
            self._times += 1
            self._is_sure = self._is_sure or self._times >= _FEWEST
        if self._next == 0 and self._is_sure:
            self._total_ns += sum(held.chain.root.duration_ns for held in self._held)
            self._held.clear()
        return True

    def draw(self, one: Repeat, now: int | None) -> None:
        """Take note of a chain that is drawn."""
        self._drawn.append(one)
        self._last = now or 0

    def is_over(self, now: int) -> bool:
        """Whether nothing came for a while, so that the next chain is to be drawn again."""
        return bool(self._drawn) and now - self._last >= _QUIET_NS

    def is_long(self, now: int) -> bool:
        """Whether it is time to say how many there were, though more may come."""
        return self._is_sure and bool(self._times) and now - self._since >= _COUNT_EVERY_NS

    def count(self) -> Fold | None:
        """The rows that have come again so far, None if none has; the next ones count anew."""
        if not self._is_sure or not self._times:
            return None
        fold = Fold(tuple(one.chain for one in self._row), self._times, self._total_ns)
        self._times = self._total_ns = self._since = 0
        return fold

    def flush(self) -> tuple[Fold | None, list[Repeat]]:
        """All that was taken, and those that are to be drawn since they were no repetition."""
        fold, held = self.count(), self._held
        self._begin_row([])
        return fold, held

    def reset(self) -> None:
        """Draw what comes next, whatever it is; to be flushed before."""
        self._drawn.clear()
