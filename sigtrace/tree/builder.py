"""Puts the lines of a trace together, one at a time, into chains."""

from __future__ import annotations

import operator
from itertools import islice
from typing import TYPE_CHECKING, Any

from sigtrace.events import CHAIN_KINDS
from sigtrace.tree.ids import SpanIds
from sigtrace.tree.spans import (
    REGISTERED,
    RUNNING,
    UNFINISHED,
    Chain,
    Event,
    Scope,
    Span,
    order,
    process_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# How many names of finished spans and closed scopes are remembered for what comes late.
_RECENT = 1024


class Builder:
    """Puts spans together; what it keeps grows with what is open, not with what it has read."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Span]] = {}
        self._open: dict[str, Event] = {}
        self._resumed: set[str] = set()
        self._finished = SpanIds()
        self._recent: dict[str, str] = {}
        self._scopes: dict[str, Scope] = {}
        self._closed: dict[str, Scope] = {}
        self._registering: dict[str, str] = {}
        # The open spans below which a callback was registered.
        self._registering_spans: set[str] = set()

    def feed(self, event: Event) -> list[Chain]:
        """Take the next line; return the chains that it finished."""
        what = event["event"]
        if what == "end":
            return self._end(event)
        if what == "begin":
            self._open[event["id"]] = event
        elif what == "registered":
            self._registered(event)
        elif what == "scope":
            self._scope(event)
        return []

    def open_roots(self) -> Iterator[Event]:
        """The `begin` lines of the chains that are open."""
        for event in self._open.values():
            parent = event.get("parent") or ""
            is_inside = parent in self._open and process_of(parent) == process_of(event["id"])
            if not is_inside and _can_be_root(event):
                yield event

    def running(self, roots: Collection[str], now: int) -> list[Chain]:
        """The open chains with these roots as they stand at `now` (Unix nanoseconds).

        Nothing changes by asking; their open spans are RUNNING.
        """
        trees = self._open_trees(RUNNING, now)
        return [self._chain(root) for root in trees if root.id in roots]

    def shown(self, root: Span) -> None:
        """Take note that what `running` returned was shown from `root` down: it comes no more.

        What of it has ended is forgotten, what is open comes `resumed` with what is new below it.
        """
        spans = [root]
        while spans:
            span = spans.pop()
            if span.state == RUNNING:
                self._resumed.add(span.id)
                self._note_registered(self._waiting.pop(span.id, ()), span.name)
                spans += span.children

    def finish(self) -> list[Chain]:
        """Return what is left when no more lines come: chains with unfinished spans."""
        roots = self._open_trees(UNFINISHED)
        for parent, children in self._waiting.items():
            if parent not in self._open:
                roots += [span for span in children if span.state != REGISTERED]
        chains = [self._chain(span) for span in sorted(roots, key=order)]
        self._open.clear()
        self._waiting.clear()
        self._resumed.clear()
        return chains

    def _open_trees(self, state: str, now: int = 0) -> list[Span]:
        """The trees of what is open, in `state`; those of transactions among them."""
        spans = {
            span_id: Span(
                event | {"duration_ns": max(now - event["time"], 0)} if now else event,
                list(self._waiting.get(span_id, ())),
                state,
                span_id in self._resumed,
            )
            for span_id, event in self._open.items()
        }
        roots = []
        for span in spans.values():
            above = spans.get(span.parent or "")
            if above is None or process_of(above.id) != process_of(span.id):
                roots.append(span)
            else:
                above.children.append(span)
        for span in spans.values():
            span.children.sort(key=order)
        return roots

    def _end(self, event: Event) -> list[Chain]:
        span_id, parent = event["id"], event.get("parent")
        kind = event["kind"]
        self._open.pop(span_id, None)
        span = Span(event, self._waiting.pop(span_id, []))
        if span.children:
            _sort(span.children)
            if span_id in self._registering_spans:
                self._registering_spans.remove(span_id)
                self._note_registered(span.children, span.name)
        if span_id in self._resumed:
            self._resumed.remove(span_id)
            span.resumed = True
        if kind != "query":
            self._finished.add(span_id)
            self._recent[span_id] = event.get("name") or ""
            if len(self._recent) > _RECENT:
                _forget_old(self._recent)
        if parent is None:
            return self._ended_chain(span) if kind in CHAIN_KINDS else []
        siblings = self._waiting.get(parent)
        if siblings is None:
            if parent in self._finished or process_of(parent) != process_of(span_id):
                return self._ended_chain(span) if kind != "transaction" else []
            siblings = self._waiting[parent] = []
        if kind == "on_commit":
            # Run at once, where it was registered: the run says it all.
            siblings[:] = [other for other in siblings if other.id != span_id]
            self._registering.pop(span_id, None)
        siblings.append(span)
        return []

    def _registered(self, event: Event) -> None:
        parent = event.get("parent")
        if parent is not None and parent not in self._finished:
            self._waiting.setdefault(parent, []).append(Span(event, [], REGISTERED))
            self._registering_spans.add(parent)

    def _scope(self, event: Event) -> None:
        scope_id, name = event["id"], str(event.get("name"))
        scope = self._scopes.get(scope_id) or Scope(scope_id, str(event.get("kind")), name)
        scope.name = name
        if event.get("closed"):
            self._scopes.pop(scope_id, None)
            self._closed[scope_id] = scope
            if len(self._closed) > _RECENT:
                _forget_old(self._closed)
        else:
            self._scopes[scope_id] = scope

    def _note_registered(self, children: Collection[Span], name: str) -> None:
        for child in children:
            if child.state == REGISTERED:
                self._registering[child.id] = name

    def _ended_chain(self, root: Span) -> list[Chain]:
        chain = self._chain(root)
        self._registering.pop(root.id, None)
        return [chain]

    def _chain(self, root: Span) -> Chain:
        scope = root.text("scope")
        return Chain(
            root=root,
            process=process_of(root.id),
            scope=self._scopes.get(scope) or self._closed.get(scope),
            continues=None if root.parent is None else self._name(root.parent),
            registered_by=self._registering.get(root.id) or self._name(root.text("registered_by")),
            around=self._around(root.transaction),
        )

    def _around(self, block: str | None) -> dict[str, Event]:
        """The `begin` lines of the atomic blocks that are open, from `block` outwards."""
        blocks: dict[str, Event] = {}
        while block in self._open and block not in blocks:
            blocks[block] = event = self._open[block]
            block = event.get("transaction")
        return blocks

    def _name(self, span_id: str) -> str:
        return self._recent.get(span_id) or str(self._open.get(span_id, {}).get("name") or "")


def _can_be_root(begin: Event) -> bool:
    if begin.get("parent") is None:
        return begin["kind"] in CHAIN_KINDS
    return bool(begin["kind"] != "transaction")


def _sort(siblings: list[Span]) -> None:
    """Put spans in order, which mostly is the one in which they ended."""
    times = [span.event["time"] for span in siblings]
    if not all(map(operator.lt, times, times[1:])):
        siblings.sort(key=order)


def _forget_old(entries: dict[str, Any]) -> None:
    # Many at once: one by one is slow.
    for oldest in list(islice(entries, _RECENT // 2)):
        del entries[oldest]
