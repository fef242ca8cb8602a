"""What in a run is worth a look: one file a rule, and all of them over each chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigtrace.analysis.filters import Selection
from sigtrace.analysis.findings.bypassed import Bypassed
from sigtrace.analysis.findings.connected_twice import ConnectedTwice
from sigtrace.analysis.findings.discarded import Discarded
from sigtrace.analysis.findings.effects import EarlyEffects
from sigtrace.analysis.findings.errors import Errors
from sigtrace.analysis.findings.finding import (
    LEVELS,
    PREFIX,
    RULES,
    Finding,
    Name,
    Place,
    Rule,
    Words,
    ranked,
)
from sigtrace.analysis.findings.fixtures import FixtureWork
from sigtrace.analysis.findings.queries import RepeatedQueries
from sigtrace.analysis.findings.recursion import Recursion
from sigtrace.analysis.findings.saves import RepeatedSaves
from sigtrace.analysis.findings.slow import SLOW_MS, slow_receivers
from sigtrace.analysis.findings.transactions import Transactions
from sigtrace.analysis.findings.uncalled import Uncalled

if TYPE_CHECKING:
    from collections.abc import Container

    from sigtrace.analysis.connected import Registry
    from sigtrace.analysis.unfolded import Unfolded

__all__ = [
    "LEVELS",
    "PREFIX",
    "RULES",
    "SLOW_MS",
    "Finding",
    "Findings",
    "Name",
    "Place",
    "Rule",
    "Words",
    "ranked",
    "slow_receivers",
]


class Findings:
    """Looks at a run chain by chain; what is kept grows with places in the code, not with spans.

    `carried` are the scopes that were open where this part of the run begins.
    """

    def __init__(self, registry: Registry, carried: Container[str] = ()) -> None:
        self._carried = carried
        self._later: Findings | None = None
        self._interactive: set[str] = set()
        self._transactions = Transactions()
        self._saves = RepeatedSaves()
        self._queries = RepeatedQueries()
        self._discarded = Discarded(self._transactions)
        self._errors = Errors(registry)
        self._of_receivers = (Recursion(), FixtureWork())
        self._of_all = (
            ConnectedTwice(registry),
            Bypassed(registry),
            EarlyEffects(self._transactions),
        )
        self._uncalled = Uncalled(registry)

    def note(self, event: dict[str, Any]) -> None:
        """Take a line that is no chain's: the end of a scope or an atomic block, a prompt."""
        what = event["event"]
        if what == "end":
            self._transactions.ended(event)
        elif what == "scope" and event.get("closed") and event["id"] not in self._carried:
            self._saves.scope_closed(event["id"])
            self._queries.scope_closed(event["id"])
        elif what == "prompt":
            self._interactive.add(event["process"])

    def chain(self, chain: Unfolded) -> None:
        """Take a chain, finished or, at the end, unfinished."""
        self._uncalled.chain(chain)
        for rule in self._of_all:
            rule.chain(chain)
        interactive = chain.chain.process in self._interactive
        if chain.of["receiver"]:
            self._saves.chain(chain, interactive=interactive)
            for one in self._of_receivers:
                one.chain(chain)
        if chain.of["query"]:
            self._queries.chain(chain, interactive=interactive)
        if chain.failed:
            self._errors.chain(chain)
        if chain.of["on_commit"]:
            self._discarded.chain(chain)

    def unselected(self, chain: Unfolded) -> None:
        """Take a chain of which nothing is said, but that may have called who is selected."""
        self._uncalled.chain(chain)

    def absorb(self, later: Findings) -> None:
        """Take what a later part of the run shows, of which this one is the beginning."""
        self._later = later

    def finish(
        self,
        called: Container[tuple[str, str]] = (),
        *,
        unseen: Container[str] = (),
        whole: bool = True,
        selection: Selection = Selection(),  # noqa: B008
    ) -> list[Finding]:
        """Say what was found; no more lines come. `called` are signals and receivers, `unseen`
        signals of which it is not known who was called.

        Where the trace is not `whole`, nothing is said of who was never called; it is said of
        those only whose connections the names of `selection` choose.
        """
        if self._later is not None:
            self._transactions.absorb(self._later._transactions)
        self._transactions.finish()
        if self._later is not None:
            for rule, later in zip(self._rules(), self._later._rules(), strict=True):
                rule.absorb(later)
            self._uncalled.absorb(self._later._uncalled)
        found = [one for rule in self._rules() for one in rule.findings()]
        return [*found, *self._uncalled.findings(called, unseen, selection)] if whole else found

    def _rules(self) -> tuple[Any, ...]:
        own = (self._saves, self._queries, self._errors, self._discarded)
        return (*self._of_all, *self._of_receivers, *own)
