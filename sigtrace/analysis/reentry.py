"""Receivers that are called again below themselves, because they save what they were called for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sigtrace.analysis.failures import began_here, failures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.figures import Failure
    from sigtrace.tree import Span

Code = tuple[str, object, object]
Receiver = tuple[object, ...]


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


def code(span: Span) -> Code:
    """What runs in a call, also one that has not ended. Lambdas share their name."""
    return (span.name, span.event.get("file"), span.event.get("line"))


def identity(span: Span, send: Span | None, operation: Span | None) -> Receiver:
    """Which receiver a span is a call of: its code, and what it is connected to.

    What a function makes for each model, or a class whose instances are called, is one piece of
    code and several receivers. One that hears any sender is the same whoever sends. The line of a
    call that has not ended does not say this: those of the send and operation above it do.
    """
    if span.is_open:
        return (*code(span), send and send.name, operation and operation.name)
    event = span.event
    sender = None if event.get("any_sender") else event.get("sender")
    return (*code(span), event.get("signal"), sender, event.get("dispatch_uid"))


def reentry(call: Span, receiver: Receiver) -> Reentry | None:
    """What a nested call of a receiver leads to; None if that is no further call of it."""
    calls = queries = 0
    others: Counter[str] = Counter()
    for span, send, operation in _walk(call):
        if span.kind == "query":
            queries += 1
        elif span.kind == "receiver":
            if span is call or identity(span, send, operation) == receiver:
                calls += 1
            else:
                others[span.name] += 1
    if calls == 1:
        return None
    # Its own exception, which comes first, is on its own line.
    errors = islice(failures(call), int(began_here(call)), None)
    return Reentry(calls, others, queries, Counter(errors))


def _walk(root: Span) -> Iterator[tuple[Span, Span | None, Span | None]]:
    """The span and all below it, each with the one above it and the one above that."""
    stack: list[tuple[Span, Span | None, Span | None]] = [(root, None, None)]
    while stack:
        span, above, higher = stack.pop()
        yield span, above, higher
        stack.extend((child, span, above) for child in reversed(span.children))
