"""Receivers that are called again below themselves, because they save what they were called for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sigtrace.analysis.failures import began_here, failures
from sigtrace.analysis.walking import walk

if TYPE_CHECKING:
    from sigtrace.analysis.figures import Failure
    from sigtrace.tree import Span

Receiver = tuple[str, object, object]


@dataclass(frozen=True)
class Reentry:
    """A nested call of a receiver, which leads to further calls of it.

    `calls` counts them, this one included; `others` are the calls of other receivers below it,
    `queries` the statements, `failures` the exceptions that began below it.
    """

    calls: int
    others: Counter[str]
    queries: int
    failures: Counter[Failure]


def identity(span: Span) -> Receiver:
    """Which receiver a span is a call of, also one that has not ended. Lambdas share their name."""
    return (span.name, span.event.get("file"), span.event.get("line"))


def reentry(call: Span) -> Reentry | None:
    """What a nested call of a receiver leads to; None if that is no further call of it."""
    receiver = identity(call)
    calls = queries = 0
    others: Counter[str] = Counter()
    for span in walk(call):
        if span.kind == "query":
            queries += 1
        elif span.kind == "receiver":
            if identity(span) == receiver:
                calls += 1
            else:
                others[span.name] += 1
    if calls == 1:
        return None
    # Its own exception, which comes first, is on its own line.
    errors = islice(failures(call), int(began_here(call)), None)
    return Reentry(calls, others, queries, Counter(errors))
