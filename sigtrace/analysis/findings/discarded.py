"""R008: callbacks that were to run on commit, and never ran.

The project rolled their transaction back, or a callback before them raised after the commit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.findings.finding import EVIDENCE, Name, finding, roots, times
from sigtrace.analysis.findings.transactions import ROLLED_BACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.findings.transactions import Transactions
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Scope, Span

_Key = tuple[str, object, object, str, bool]

_WHY = {
    False: "the transaction that it waited for was rolled back",
    True: "a callback before it raised, after the transaction was committed",
}
"""By whether an exception of another callback's was the cause."""


@dataclass
class _Discarded:
    registered_by: str
    registering: str
    scopes: dict[str, None] = field(default_factory=dict)
    count: int = 0
    evidence: list[str] = field(default_factory=list)


class Discarded:
    """Discarded callbacks; those that only the end of a TestCase's test discards are none."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._found: dict[_Key, _Discarded] = {}

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for place in chain.of["on_commit"]:
            span = chain.spans[place]
            # Discarded while what registered it goes on, it stands where it was registered.
            caller = chain.caller[place]
            by = chain.spans[caller].name if caller >= 0 else chain.chain.registered_by
            if span.event.get("discarded_by") == "exception":
                self._add(span, by, chain.chain.scope, raised=True)
            elif span.event.get("discarded") and span.transaction is not None:
                answer = partial(self._ended, span.replaced([]), by, chain.chain.scope)
                self._transactions.ask(span.transaction, answer, span.text("alias"))

    def absorb(self, later: Discarded) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._found, later._found)

    def findings(self) -> Iterator[Finding]:
        """What was found; the transactions are over."""
        for (name, file, line, _, raised), discarded in self._found.items():
            by = discarded.registered_by
            # A callback that never ran is a chain of its own.
            chains = filter(None, (discarded.registering, discarded.evidence[0]))
            yield finding(
                "R008",
                (
                    *(Name(name), f" never ran ({times(discarded.count)}): "),
                    _WHY[raised],
                ),
                details=(
                    *([("it was registered by ", Name(by))] * bool(by)),
                    *((f"in {scope}",) for scope in list(discarded.scopes)[:EVIDENCE]),
                ),
                file=file,
                line=line,
                evidence=tuple(discarded.evidence),
                count=discarded.count,
                show=("--tree", *roots(chains)),
                weight=discarded.count,
            )

    def _ended(self, span: Span, by: str, scope: Scope | None, outcome: str) -> None:
        if outcome == ROLLED_BACK:
            self._add(span, by, scope, raised=False)

    def _add(self, span: Span, by: str, scope: Scope | None, *, raised: bool) -> None:
        key = (span.name, span.event.get("file"), span.event.get("line"), by, raised)
        known = self._found.setdefault(key, _Discarded(by, span.text("registered_by")))
        known.count += 1
        if scope is not None:
            known.scopes[scope.label] = None
        if len(known.evidence) < EVIDENCE:
            known.evidence.append(span.id)
