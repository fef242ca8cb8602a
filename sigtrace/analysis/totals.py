"""What the chains of a run add up to, whichever of them are shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sigtrace.analysis.failures import began_here
from sigtrace.analysis.summary import Totals
from sigtrace.events import CHAIN_KINDS
from sigtrace.tree import UNFINISHED

if TYPE_CHECKING:
    from sigtrace.analysis.unfolded import Unfolded


class ChainTotals:
    """Counts chains as `Summary` counts lines; what is not in chains is left to that."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, chain: Unfolded) -> None:
        """Take a chain."""
        root, counts = chain.spans[0], self._counts
        if root.event.get("discarded"):
            # A callback that never ran.
            return
        if root.parent is None and root.kind in CHAIN_KINDS:
            counts["chains"] += 1
        counts["sends"] += len(chain.of["send"])
        counts["receiver_calls"] += len(chain.of["receiver"])
        counts["queries"] += len(chain.of["query"])
        if chain.failed:
            counts["errors"] += sum(map(began_here, chain.spans))
        if root.state == UNFINISHED:
            counts["unfinished"] += sum(span.state == UNFINISHED for span in chain.spans)

    def totals(self) -> Totals:
        """What was counted so far."""
        counts = self._counts
        return Totals(
            chains=counts["chains"],
            sends=counts["sends"],
            receiver_calls=counts["receiver_calls"],
            errors=counts["errors"],
            queries=counts["queries"],
            unfinished=counts["unfinished"],
        )
