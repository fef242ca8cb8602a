"""What a run adds up to, counted line by line as it is read or as it happens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from sigtrace.events import CHAIN_KINDS

Event = dict[str, Any]


@dataclass(frozen=True)
class Totals:
    """The counts of a run.

    `unheard` maps a signal's import path to its sends without receivers, `unseen` to how often the
    project's own code asked for its receivers out of our sight; those, the queries `outside` chains
    and the `dropped` spans were counted and not recorded. `unfinished` are the spans that had not
    ended when the last line was written.
    """

    chains: int = 0
    sends: int = 0
    receiver_calls: int = 0
    errors: int = 0
    queries: int = 0
    unfinished: int = 0
    outside: int = 0
    dropped: int = 0
    unheard: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Totals) -> Totals:
        names = [one.name for one in fields(self)]
        return Totals(**{name: getattr(self, name) + getattr(other, name) for name in names})


class Summary:
    """Counts the events of one run; what it keeps grows with the spans that are open."""

    def __init__(self) -> None:
        self._chains = 0
        self._errors = 0
        self._kinds: Counter[str] = Counter()
        # Which exceptions left what is below open spans: theirs may be the same one, passed on.
        self._passing: dict[str, set[str]] = {}
        self._open: dict[str, Event] = {}
        self._counts: dict[str, Event] = {}

    def feed(self, event: Event) -> None:
        """Take the next line; those of each process come in their order."""
        what = event["event"]
        if what == "end":
            self._end(event)
        elif what == "begin":
            self._open[event["id"]] = event
        elif what == "counts":
            self._counts[event["process"]] = event

    def absorb(self, later: Summary) -> None:
        """Take the counts of a later part of the run; both parts' spans were counted elsewhere."""
        self._counts.update(later._counts)

    def totals(self) -> Totals:
        """What was counted so far; open spans count as well."""
        kinds = self._kinds + Counter(event["kind"] for event in self._open.values())
        unheard: Counter[str] = Counter()
        unseen: Counter[str] = Counter()
        for counts in self._counts.values():
            unheard.update(counts.get("unheard") or {})
            unseen.update(counts.get("unseen") or {})
        return Totals(
            chains=self._chains + sum(map(_is_chain, self._open.values())),
            sends=kinds["send"],
            receiver_calls=kinds["receiver"],
            errors=self._errors,
            queries=kinds["query"],
            unfinished=len(self._open),
            outside=sum(counts.get("queries") or 0 for counts in self._counts.values()),
            dropped=sum(counts.get("dropped") or 0 for counts in self._counts.values()),
            unheard=unheard,
            unseen=unseen,
        )

    def _end(self, event: Event) -> None:
        span_id, kind = event["id"], event["kind"]
        self._open.pop(span_id, None)
        if event.get("discarded"):
            # A callback that never ran.
            return
        self._kinds[kind] += 1
        if _is_chain(event):
            self._chains += 1
        exception, below = event.get("exception"), self._passing.pop(span_id, ())
        if exception and kind != "transaction":
            if exception not in below:
                self._errors += 1
            if event.get("parent") is not None:
                self._passing.setdefault(event["parent"], set()).add(exception)


def _is_chain(event: Event) -> bool:
    return event.get("parent") is None and event["kind"] in CHAIN_KINDS
