"""What became of chains that were shown before their transaction ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sigtrace.tree import Scope

if TYPE_CHECKING:
    from sigtrace.tree import Chain

Event = dict[str, Any]
Owner = tuple[str, Scope | None]
"""The process and the scope of a chain."""


class Rollbacks:
    """Counts, for each open transaction, the chains that were shown in it."""

    def __init__(self) -> None:
        self._open: dict[str, Counter[Owner]] = {}
        self._rolled_back: Counter[Owner] = Counter()

    def show(self, chain: Chain) -> None:
        """Take note of a chain that is drawn or counted."""
        root = chain.root
        if root.transaction is not None and not root.event.get("discarded"):
            self._open.setdefault(root.transaction, Counter())[chain.process, chain.scope] += 1

    def end(self, event: Event) -> None:
        """Take the `end` line of a transaction."""
        shown = self._open.pop(event["id"], None)
        if not shown:
            return
        outcome, around = event.get("outcome"), event.get("transaction")
        if outcome == "committed" and around is not None:
            self._open.setdefault(around, Counter()).update(shown)
        elif outcome == "rolled back":
            self._rolled_back.update(shown)

    def flush(self) -> Counter[Owner]:
        """The chains that were rolled back since the last time."""
        found, self._rolled_back = self._rolled_back, Counter()
        return found

    def finish(self) -> Counter[Owner]:
        """The chains whose transaction never ended."""
        found = sum(self._open.values(), Counter())
        self._open.clear()
        return found
