"""From the lines of a trace to spans, chains and scopes, one line at a time."""

from __future__ import annotations

from sigtrace.tree.builder import Builder
from sigtrace.tree.spans import (
    FINISHED,
    REGISTERED,
    RUNNING,
    UNFINISHED,
    Chain,
    Event,
    Scope,
    Span,
    innermost,
    order,
    process_of,
)

__all__ = [
    "FINISHED",
    "REGISTERED",
    "RUNNING",
    "UNFINISHED",
    "Builder",
    "Chain",
    "Event",
    "Scope",
    "Span",
    "innermost",
    "order",
    "process_of",
]
