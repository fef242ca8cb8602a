"""How long what never ended took at least."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sigtrace.analysis.walking import fold
from sigtrace.tree import UNFINISHED, Span

if TYPE_CHECKING:
    from sigtrace.tree import Chain


def lasting(chain: Chain) -> Chain:
    """The chain with its open spans as long as what is known below them, and on the thread of that.

    A `begin` line tells of neither.
    """
    if chain.root.state != UNFINISHED:
        return chain
    return replace(chain, root=fold(chain.root, _lasting) or chain.root)


def _lasting(span: Span, children: list[Span]) -> Span:
    if span.state != UNFINISHED:
        return span.replaced(children)
    end = max((child.time + child.duration_ns for child in children), default=span.time)
    threads = (child.event.get("thread") for child in children)
    known = {
        "duration_ns": max(end - span.time, 0),
        "thread": next((thread for thread in threads if thread is not None), None),
    }
    return Span({**span.event, **known}, children, span.state, span.resumed)
