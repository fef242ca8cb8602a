"""R009: receivers that work although `raw=True` says that a fixture is being loaded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.filters import OPERATIONS
from sigtrace.analysis.findings.finding import EVIDENCE, Name, finding, times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span


@dataclass
class _Work:
    """What a receiver did for fixtures of one model, by the names of spans."""

    span: Span
    model: str
    calls: int = 0
    did: Counter[str] = field(default_factory=Counter)
    evidence: list[str] = field(default_factory=list)


class FixtureWork:
    """Receivers of raw saves with queries or operations of their own."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], _Work] = {}

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for place in chain.of["save"]:
            if chain.spans[place].event.get("raw"):
                break
        else:
            return
        did: dict[int, Counter[str]] = {}
        # An operation says what its own queries are for.
        for kind in (*OPERATIONS, "query"):
            for place in chain.of[kind]:
                receiver = self._raw_receiver(chain, place)
                if receiver is not None:
                    did.setdefault(receiver, Counter())[chain.spans[place].name] += 1
        for place, names in did.items():
            span = chain.spans[place]
            model = span.text("sender")
            key = (span.name, span.event.get("file"), span.event.get("line"), model)
            work = self._found.setdefault(key, _Work(span.replaced([]), model))
            work.calls += 1
            work.did += names
            if len(work.evidence) < EVIDENCE:
                work.evidence.append(span.id)

    def absorb(self, later: FixtureWork) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._found, later._found)

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for work in self._found.values():
            name = work.span.name
            often = f" ({times(work.calls)})" if work.calls > 1 else ""
            did = ", ".join(f"{what} {times(count)}" for what, count in work.did.most_common(5))
            yield finding(
                "R009",
                (Name(name), f" works while fixtures of {work.model} are loaded{often}"),
                work.span,
                details=((did,), ("its argument raw says so: a fixture holds all rows",)),
                evidence=tuple(work.evidence),
                count=work.calls,
                show=("--tree", "--around", name),
                weight=work.did.total(),
            )

    def _raw_receiver(self, chain: Unfolded, place: int) -> int | None:
        """The receiver of a raw save whose doing a span is, if it is that of one at all."""
        caller = chain.caller[place]
        if caller < 0 or chain.above[place] != caller:
            return None
        span = chain.spans[caller]
        operation = chain.operation(caller)
        if span.event["kind"] != "receiver" or span.event.get("origin") == "django":
            return None
        if operation < 0 or not chain.spans[operation].event.get("raw"):
            return None
        return caller
