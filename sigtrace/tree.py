"""From the lines of a trace to spans, chains and scopes, one line at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sigtrace.events import CHAIN_KINDS

Event = dict[str, Any]

FINISHED = "finished"
UNFINISHED = "unfinished"
REGISTERED = "registered"

# How many names of finished spans and closed scopes are remembered for what comes late.
_RECENT = 1024


@dataclass(slots=True, eq=False)
class Span:
    """One span with all below it in order of start.

    `state` is FINISHED, UNFINISHED (only its `begin` was read, or it is still open) or
    REGISTERED (an `on_commit` callback that is yet to run).
    """

    event: Event
    children: list[Span] = field(default_factory=list)
    state: str = FINISHED

    @property
    def id(self) -> str:
        return self.event["id"]  # type: ignore[no-any-return]

    @property
    def kind(self) -> str:
        return self.event["kind"]  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        return self.text("name")

    @property
    def parent(self) -> str | None:
        return self.event.get("parent")

    @property
    def transaction(self) -> str | None:
        """The innermost atomic block that was open around the span."""
        return self.event.get("transaction")

    @property
    def time(self) -> int:
        """Start, in Unix nanoseconds."""
        return self.event["time"]  # type: ignore[no-any-return]

    @property
    def duration_ns(self) -> int:
        """0 for a span that has not ended."""
        duration = self.event.get("duration_ns")
        return duration if isinstance(duration, int) else 0

    @property
    def exception(self) -> str | None:
        return self.event.get("exception")

    def text(self, name: str) -> str:
        """A field as text; empty where it is missing, null or no text."""
        value = self.event.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """A field as a list of texts; empty where it is missing or null."""
        value = self.event.get(name)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def replaced(self, children: list[Span]) -> Span:
        """The same span with other children."""
        return Span(self.event, children, self.state)


@dataclass(frozen=True)
class Scope:
    """What a chain belongs to: a request, a command."""

    id: str
    kind: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Chain:
    """An outermost span with all below it.

    `continues` is the name of the span that it goes on with ("" if not known) when it came after
    that one's chain or from another process, else None. `registered_by` is the name of the span
    that queued an `on_commit` callback.
    """

    root: Span
    process: str
    scope: Scope | None = None
    continues: str | None = None
    registered_by: str = ""


class Builder:
    """Puts spans together; what it keeps grows with what is open, not with what it has read."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Span]] = {}
        self._open: dict[str, Event] = {}
        self._finished = _Ids()
        self._recent: dict[str, str] = {}
        self._scopes: dict[str, Scope] = {}
        self._registering: dict[str, str] = {}

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
            scope = Scope(event["id"], str(event.get("kind")), str(event.get("name")))
            _remember(self._scopes, scope.id, scope)
        return []

    def finish(self) -> list[Chain]:
        """Return what is left when no more lines come: chains with unfinished spans."""
        unfinished = {
            span_id: Span(event, self._waiting.pop(span_id, []), UNFINISHED)
            for span_id, event in self._open.items()
        }
        roots = []
        for span in unfinished.values():
            above = unfinished.get(span.parent or "")
            if above is None or process_of(above.id) != process_of(span.id):
                roots.append(span)
            else:
                above.children.append(span)
        for span in unfinished.values():
            span.children.sort(key=order)
        for children in self._waiting.values():
            roots += [span for span in children if span.state != REGISTERED]
        chains = [self._chain(span) for span in sorted(roots, key=order)]
        self._open.clear()
        self._waiting.clear()
        return chains

    def _end(self, event: Event) -> list[Chain]:
        span_id, parent = event["id"], event.get("parent")
        self._open.pop(span_id, None)
        span = Span(event, self._waiting.pop(span_id, []))
        if span.children:
            span.children.sort(key=order)
            for child in span.children:
                if child.state == REGISTERED:
                    self._registering[child.id] = span.name
        if span.kind != "query":
            self._finished.add(span_id)
            _remember(self._recent, span_id, span.name)
        if parent is None:
            return [self._chain(span)] if span.kind in CHAIN_KINDS else []
        if parent in self._finished or process_of(parent) != process_of(span_id):
            return [self._chain(span)] if span.kind != "transaction" else []
        siblings = self._waiting.setdefault(parent, [])
        if span.kind == "on_commit":
            # Run at once, where it was registered: the run says it all.
            siblings[:] = [other for other in siblings if other.id != span_id]
        siblings.append(span)
        return []

    def _registered(self, event: Event) -> None:
        parent = event.get("parent")
        if parent is not None and parent not in self._finished:
            self._waiting.setdefault(parent, []).append(Span(event, [], REGISTERED))

    def _chain(self, root: Span) -> Chain:
        registering = self._registering.pop(root.id, "")
        return Chain(
            root=root,
            process=process_of(root.id),
            scope=self._scopes.get(root.text("scope")),
            continues=None if root.parent is None else self._name(root.parent),
            registered_by=registering or self._name(root.text("registered_by")),
        )

    def _name(self, span_id: str) -> str:
        return self._recent.get(span_id) or str(self._open.get(span_id, {}).get("name") or "")


def order(span: Span) -> tuple[int, int, str]:
    """The key by which spans of one parent are sorted: start, then id."""
    _, _, number = span.id.rpartition("-")
    return (span.time, int(number) if number.isdecimal() else 0, span.id)


def process_of(span_id: str) -> str:
    """The process that a span belongs to: the stem of its file."""
    return span_id.rpartition("-")[0]


def _remember(names: dict[str, Any], key: str, value: object) -> None:
    names[key] = value
    if len(names) > _RECENT:
        del names[next(iter(names))]


class _Ids:
    """A set of span ids that takes one bit for each."""

    def __init__(self) -> None:
        self._bits: dict[str, bytearray] = {}
        self._others: set[str] = set()

    def add(self, span_id: str) -> None:
        process, _, number = span_id.rpartition("-")
        if not number.isdecimal() or len(number) > 10:
            self._others.add(span_id)
            return
        bits = self._bits.setdefault(process, bytearray())
        byte, bit = divmod(int(number), 8)
        if byte >= len(bits):
            bits.extend(bytes(byte + 1024 - len(bits)))
        bits[byte] |= 1 << bit

    def __contains__(self, span_id: str) -> bool:
        process, _, number = span_id.rpartition("-")
        if not number.isdecimal() or len(number) > 10:
            return span_id in self._others
        bits = self._bits.get(process, b"")
        byte, bit = divmod(int(number), 8)
        return byte < len(bits) and bool(bits[byte] & 1 << bit)
