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
Shown = tuple[Owner, str]
"""Whose a chain is, and the database that it writes to: no block of another is about it."""


class Rollbacks:
    """Counts, for each open transaction, the chains that were shown in it."""

    def __init__(self) -> None:
        self._open: dict[str, Counter[Shown]] = {}
        self._rolled_back: Counter[Owner] = Counter()

    def show(self, chain: Chain) -> None:
        """Take note of a chain that is drawn or counted."""
        root = chain.root
        block = chain.transaction
        if block is not None and not root.event.get("discarded"):
            shown = ((chain.process, chain.scope), root.text("alias"))
            self._open.setdefault(block, Counter())[shown] += 1

    def end(self, event: Event) -> None:
        """Take the `end` line of a transaction."""
        shown = self._open.pop(event["id"], None)
        if not shown:
            return
        outcome, around = event.get("outcome"), event.get("transaction")
        database = event.get("alias")
        for (owner, alias), count in shown.items():
            is_other = alias and database and alias != database
            if not is_other and outcome == "rolled back":
                self._rolled_back[owner] += count
            elif around is not None and (is_other or outcome == "committed"):
                one = (owner, alias or str(database or ""))
                self._open.setdefault(around, Counter())[one] += count

    def flush(self) -> Counter[Owner]:
        """The chains that were rolled back since the last time."""
        found, self._rolled_back = self._rolled_back, Counter()
        return found

    def finish(self) -> Counter[Owner]:
        """The chains whose transaction never ended."""
        found: Counter[Owner] = Counter()
        for shown in self._open.values():
            for (owner, _), count in shown.items():
                found[owner] += count
        self._open.clear()
        return found
