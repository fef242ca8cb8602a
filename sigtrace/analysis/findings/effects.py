"""R010: what receivers do outside of the database before their transaction has committed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.filters import OPERATIONS
from sigtrace.analysis.findings.finding import ERROR, EVIDENCE, Name, Place, finding, times
from sigtrace.analysis.findings.transactions import NONE, ROLLED_BACK, TEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.findings.transactions import Transactions
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span

_DOES = {"mail": "sends mail", "network": "uses the network"}

ENQUEUED = "django.tasks.signals.task_enqueued"
"""Sent by the tasks of Django 6.0 and later; it has a receiver of Django's, so it is recorded."""


@dataclass
class _Effects:
    """One effect of a receiver, by what became of the transactions around it."""

    receiver: Span
    effect: Span
    outcomes: Counter[str] = field(default_factory=Counter)
    evidence: list[str] = field(default_factory=list)


class EarlyEffects:
    """Mail, tasks, connections and programs of receivers inside an atomic block of the project."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._found: dict[tuple[object, ...], _Effects] = {}

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for place in chain.of["effect"]:
            self._effect(chain, place)
        for place in chain.of["send"]:
            if chain.spans[place].event.get("signal") == ENQUEUED:
                self._effect(chain, place)

    def absorb(self, later: EarlyEffects) -> None:
        """Add what was found in a later part of the run."""
        absorb(self._found, later._found)

    def findings(self) -> Iterator[Finding]:
        """What was found; the transactions are over."""
        for effects in self._found.values():
            name, count = effects.receiver.name, effects.outcomes.total()
            undone = effects.outcomes[ROLLED_BACK]
            said = f", and {times(undone)} it was rolled back" if undone else ""
            if undone and undone == count:
                said = ", which was rolled back"
            event = effects.effect.event
            yield finding(
                "R010",
                (Name(name), f" {_what(effects.effect)} within a transaction{said}"),
                effects.receiver,
                details=(
                    *([("at ", Place(event["file"], event.get("line")))] * bool(event.get("file"))),
                    ("transaction.on_commit puts it off until there is something to tell of",),
                ),
                evidence=tuple(effects.evidence),
                count=count,
                show=("--tree", "--around", name),
                level=ERROR if undone else "",
                weight=count,
            )

    def _effect(self, chain: Unfolded, place: int) -> None:
        effect, caller = chain.spans[place], chain.caller[place]
        if caller < 0 or effect.transaction is None:
            return
        receiver = chain.spans[caller]
        if receiver.event["kind"] == "receiver" and receiver.event.get("origin") != "django":
            answer = partial(self._ended, receiver.replaced([]), effect)
            self._transactions.ask(effect.transaction, answer, _database(chain, caller))

    def _ended(self, receiver: Span, effect: Span, outcome: str) -> None:
        if outcome in (TEST, NONE):
            return
        file, line = effect.event.get("file"), effect.event.get("line")
        key = (receiver.name, effect.name, file, line)
        known = self._found.setdefault(key, _Effects(receiver, effect))
        known.outcomes[outcome] += 1
        if len(known.evidence) < EVIDENCE:
            known.evidence.append(effect.id)


def _database(chain: Unfolded, place: int) -> str:
    """The database of the write that a receiver heard of; empty for a signal of the project."""
    while place >= 0 and chain.spans[place].event["kind"] not in OPERATIONS:
        place = chain.above[place]
    return chain.spans[place].text("alias") if place >= 0 else ""


def _what(effect: Span) -> str:
    if effect.event["kind"] == "send":
        return "queues a task"
    name = effect.name
    if name.startswith("task "):
        return f"queues {name}"
    return _DOES.get(name) or f"starts {name}"
