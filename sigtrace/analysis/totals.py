"""What the chains of a run add up to, whichever of them are shown."""

from __future__ import annotations

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
        self._chains = self._sends = self._calls = self._queries = 0
        self._errors = self._unfinished = 0

    def add(self, chain: Unfolded) -> None:
        """Take a chain."""
        root = chain.spans[0]
        event = root.event
        if event.get("discarded"):
            # A callback that never ran.
            return
        if event.get("parent") is None and event["kind"] in CHAIN_KINDS:
            self._chains += 1
        self._sends += len(chain.of["send"])
        self._calls += len(chain.of["receiver"])
        self._queries += len(chain.of["query"])
        if chain.failed:
            self._errors += sum(map(began_here, chain.spans))
        if root.state == UNFINISHED:
            self._unfinished += sum(span.state == UNFINISHED for span in chain.spans)

    def absorb(self, later: ChainTotals) -> None:
        """Add what was counted in a later part."""
        for name, count in vars(later).items():
            setattr(self, name, getattr(self, name) + count)

    def totals(self) -> Totals:
        """What was counted so far."""
        return Totals(
            chains=self._chains,
            sends=self._sends,
            receiver_calls=self._calls,
            errors=self._errors,
            queries=self._queries,
            unfinished=self._unfinished,
        )
