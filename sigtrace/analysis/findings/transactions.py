"""What became of an atomic block, asked before or after it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Event = dict[str, Any]

COMMITTED, ROLLED_BACK, TEST, UNKNOWN = "committed", "rolled back", "test", "unknown"

_REMEMBERED = 4_096


class Transactions:
    """Follows a block outwards to the one that decides: a savepoint is what its block becomes.

    The answers are COMMITTED, ROLLED_BACK (by the project, also within a test), TEST (only the
    block that a TestCase puts around a test was there, or rolled it back) and UNKNOWN.
    """

    def __init__(self) -> None:
        self._ended: dict[str, tuple[str, str | None]] = {}
        self._waiting: dict[str, list[tuple[Callable[[str], None], bool]]] = {}

    def ask(self, block: str, answer: Callable[[str], None], *, inside: bool = False) -> None:
        """Call `answer` with what became of a block as soon as that is known.

        `inside` says that the project had a block of its own inside of this one.
        """
        while block in self._ended:
            outcome, around = self._ended[block]
            decided = _decide(outcome, around, inside=inside)
            if decided is not None:
                answer(decided)
                return
            block, inside = around or "", True
        self._waiting.setdefault(block, []).append((answer, inside))

    def ended(self, event: Event) -> None:
        """Take the `end` line of a block."""
        block, around = event["id"], event.get("transaction")
        self._ended[block] = (str(event.get("outcome")), around)
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
        for answer, inside in self._waiting.pop(block, ()):
            self.ask(block, answer, inside=inside)

    def absorb(self, later: Transactions) -> None:
        """Answer what can be answered now that a later part of the run was read, too."""
        self._ended.update(later._ended)
        for block, waiting in (*list(self._waiting.items()), *later._waiting.items()):
            self._waiting.pop(block, None)
            for answer, inside in waiting:
                self.ask(block, answer, inside=inside)

    def finish(self) -> None:
        """No more lines come: what is open never ended."""
        for waiting in list(self._waiting.values()):
            for answer, _ in waiting:
                answer(UNKNOWN)
        self._waiting.clear()


def _decide(outcome: str, around: str | None, *, inside: bool) -> str | None:
    """What a block's own outcome says; None if the one around it decides."""
    if outcome == ROLLED_BACK:
        return ROLLED_BACK
    if outcome == TEST:
        return COMMITTED if inside else TEST
    if outcome == COMMITTED:
        return COMMITTED if around is None else None
    return UNKNOWN
