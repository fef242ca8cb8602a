"""What became of an atomic block, asked before or after it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Event = dict[str, Any]

COMMITTED, ROLLED_BACK, TEST, UNKNOWN = "committed", "rolled back", "test", "unknown"
NONE = "none"

_REMEMBERED = 4_096


@dataclass(slots=True)
class _Question:
    """What is asked, and what is known so far: a block of the project was inside of the next."""

    answer: Callable[[str], None]
    alias: str
    inside: bool = False
    so_far: str = NONE


class Transactions:
    """Follows a block outwards to the one that decides: a savepoint is what its block becomes.

    The answers are COMMITTED, ROLLED_BACK (by the project, also within a test), TEST (only the
    block that a TestCase puts around a test was there, or rolled it back), NONE (all were blocks of
    other databases) and UNKNOWN.
    """

    def __init__(self) -> None:
        self._ended: dict[str, tuple[str, str | None, str]] = {}
        self._waiting: dict[str, list[_Question]] = {}

    def ask(self, block: str, answer: Callable[[str], None], alias: str = "") -> None:
        """Call `answer` with what became of a block as soon as that is known.

        Only blocks of the database `alias` count; without one, those of the first block's.
        """
        self._ask(block, _Question(answer, alias))

    def ended(self, event: Event) -> None:
        """Take the `end` line of a block."""
        block, around = event["id"], event.get("transaction")
        self._ended[block] = (str(event.get("outcome")), around, event.get("alias") or "")
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
        for question in self._waiting.pop(block, ()):
            self._ask(block, question)

    def absorb(self, later: Transactions) -> None:
        """Answer what can be answered now that a later part of the run was read, too."""
        self._ended.update(later._ended)
        for block, waiting in (*list(self._waiting.items()), *later._waiting.items()):
            self._waiting.pop(block, None)
            for question in waiting:
                self._ask(block, question)

    def finish(self) -> None:
        """No more lines come: what is open never ended."""
        for waiting in list(self._waiting.values()):
            for question in waiting:
                question.answer(UNKNOWN)
        self._waiting.clear()

    def _ask(self, block: str, question: _Question) -> None:
        while block in self._ended:
            outcome, around, alias = self._ended[block]
            question.alias = question.alias or alias
            if question.alias == (alias or question.alias):
                decided = _decide(outcome, inside=question.inside)
                if decided is not None:
                    question.answer(decided)
                    return
                question.inside, question.so_far = True, COMMITTED
            if around is None:
                question.answer(question.so_far)
                return
            block = around
        self._waiting.setdefault(block, []).append(question)


def _decide(outcome: str, *, inside: bool) -> str | None:
    """What a block's own outcome says; None if the one around it, should there be one, decides."""
    if outcome == ROLLED_BACK:
        return ROLLED_BACK
    if outcome == TEST:
        return COMMITTED if inside else TEST
    return None if outcome == COMMITTED else UNKNOWN
