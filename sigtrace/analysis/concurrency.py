"""Which receivers of a send ran at the same time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sigtrace.tree import Span


def concurrent(children: Iterable[Span]) -> set[str]:
    """The ids of those async receivers whose time overlaps that of another one.

    What is open lasts until now, or until the process ended; its line does not tell its mode.
    """
    found: set[str] = set()
    longest, until = "", -math.inf
    for span in sorted(filter(_may_overlap, children), key=lambda span: span.time):
        if span.time < until:
            found |= {span.id, longest}
        end = math.inf if span.is_open else span.time + span.duration_ns
        if end > until:
            longest, until = span.id, end
    return found


def _may_overlap(span: Span) -> bool:
    return span.kind == "receiver" and span.text("mode") != "sync"
