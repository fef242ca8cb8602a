"""What spans are called where runs are compared, those that never ended among them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sigtrace.analysis.filters import OPERATIONS
from sigtrace.analysis.paths import last_part

if TYPE_CHECKING:
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span


def full_name(span: Span) -> str:
    """The name of an operation with its model's label, the import path of a signal or receiver."""
    model = span.text("model")
    if not model:
        # Of what never ended, its line tells no more than its name.
        return span.text("receiver") or span.text("signal") or span.name
    if span.kind == "m2m":
        return f"{model}.{span.text('field')}.{span.text('action')}()"
    what = span.text("operation") if span.kind == "bulk" else span.kind
    return f"{model}.{what}()"


class Names:
    """Which full name stands behind the short one of a `begin` line: `Log.save()`, `post_save`."""

    def __init__(self) -> None:
        self._full: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._heard: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def learn(self, chain: Unfolded) -> None:
        """Take the names of what has ended in a chain."""
        for kind in (*OPERATIONS, "send"):
            for place in chain.of[kind]:
                span = chain.spans[place]
                if not span.is_open:
                    full = full_name(span)
                    self._full[kind, span.name].add(full)
                    self._full[kind, full].add(full)
        for place in chain.of["receiver"]:
            span = chain.spans[place]
            signal = span.text("signal")
            if signal:
                self._heard[span.name, last_part(signal)].add(signal)

    def absorb(self, other: Names) -> None:
        """Take the names that another run has."""
        for mine, theirs in ((self._full, other._full), (self._heard, other._heard)):
            for key, names in theirs.items():
                mine[key] |= names

    def full(self, kind: str, name: str) -> str | None:
        """The full name, also of one that is it; None where there is none, or more than one."""
        return _only(self._full.get((kind, name)))

    def signal(self, receiver: str, send: str) -> str:
        """The import path of what a receiver heard, by the name of its send; that, if unknown."""
        heard = _only(self._heard.get((receiver, send)))
        return heard or self.full("send", send) or send


def _only(names: set[str] | None) -> str | None:
    return next(iter(names)) if names is not None and len(names) == 1 else None
