"""R005: writes that receivers were connected to hear of, and did not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.filters import OPERATIONS, bypassed, rows_written
from sigtrace.analysis.findings.finding import EVIDENCE, NOTICE, finding, names, times
from sigtrace.analysis.findings.historical import Historical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.connected import Registry
    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span

# Which of these the receivers are that a kind of write bypassed by itself.
_WHY_OF = {"bulk": "bulk", "m2m": "m2m", "delete": "cascade"}
_WHY = {
    "bulk": "it sends no save or delete signals",
    "m2m": "rows of its through model are written at once, without save signals",
    "cascade": "the database deletes them itself, so Django sends no signals, nor knows of them",
    "historical": "a migration's model is another class than the one that they are connected to",
}


@dataclass
class _Writes:
    """The writes of one place that bypassed the same receivers."""

    span: Span
    why: str
    calls: int = 0
    rows: int = 0
    bypassed: dict[str, None] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)


class Bypassed:
    """Bulk writes, through models, cascades within the database, and the models of migrations.

    What receivers of Django's own write, say content types, is nobody's to change.
    """

    def __init__(self, registry: Registry) -> None:
        self._found: dict[tuple[object, ...], _Writes] = {}
        self._historical = Historical(registry)

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for kind in OPERATIONS:
            for place in chain.of[kind]:
                if chain.is_djangos(place):
                    continue
                span = chain.spans[place]
                if kind in _WHY_OF:
                    self._note(span, _WHY_OF[kind], bypassed(span))
                if span.event.get("historical"):
                    self._note(span, "historical", self._historical.missed(span))

    def absorb(self, later: Bypassed) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._found, later._found)

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for writes in self._found.values():
            span = writes.span
            often = f" ({times(writes.calls)})" if writes.calls > 1 else ""
            rows = f", {writes.rows:,} row{'s' * (writes.rows != 1)}" if writes.rows else ""
            cascades = writes.why == "cascade"
            whose = " for rows that hang on it, if there were any" if cascades else ""
            # Chains in which no receiver ran are hidden, and Django itself saw none to bypass.
            everything = ("--all",) if writes.why == "historical" else ()
            yield finding(
                "R005",
                (f"{span.name}{rows}{often} did not call ", *names(writes.bypassed), whose),
                span,
                details=((_WHY[writes.why],),),
                evidence=tuple(writes.evidence),
                count=writes.calls,
                show=("--tree", "--root", writes.evidence[0], *everything),
                level=NOTICE if cascades else "",
                weight=writes.calls,
            )

    def _note(self, span: Span, why: str, receivers: list[str]) -> None:
        missed = [name for name in receivers if not name.startswith("django.")]
        if not missed:
            return
        key = (span.name, span.text("model"), why, span.event.get("file"), span.event.get("line"))
        writes = self._found.get(key)
        if writes is None:
            writes = self._found[key] = _Writes(span.replaced([]), why)
        writes.calls += 1
        writes.rows += rows_written(span) or 0
        writes.bypassed.update(dict.fromkeys(missed))
        if len(writes.evidence) < EVIDENCE:
            writes.evidence.append(span.id)
