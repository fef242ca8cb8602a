"""Spans, chains and scopes: what a trace consists of once its lines are put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Event = dict[str, Any]

FINISHED = "finished"
UNFINISHED = "unfinished"
REGISTERED = "registered"
RUNNING = "running"


@dataclass(slots=True, eq=False)
class Span:
    """One span with all below it in order of start.

    `state` is FINISHED, RUNNING (open so far), UNFINISHED (its `end` will not come) or REGISTERED
    (an `on_commit` callback that is yet to run). `resumed`: it was shown as running before, with
    what had ended below it by then; that is no longer among the children.
    """

    event: Event
    children: list[Span] = field(default_factory=list)
    state: str = FINISHED
    resumed: bool = False

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
        """The innermost atomic block that was open around the span, of whatever database."""
        return self.event.get("transaction")

    @property
    def time(self) -> int:
        """Start, in Unix nanoseconds."""
        return self.event["time"]  # type: ignore[no-any-return]

    @property
    def duration_ns(self) -> int:
        """0 for a span that has not ended, for one that runs what it has taken so far."""
        duration = self.event.get("duration_ns")
        return duration if isinstance(duration, int) else 0

    @property
    def is_open(self) -> bool:
        """Whether the span had not ended when it was looked at."""
        return self.state in (RUNNING, UNFINISHED)

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
        return Span(self.event, children, self.state, self.resumed)


@dataclass(slots=True, eq=False)
class Scope:
    """What a chain belongs to: a request, a command.

    All its chains have the same one: `name` is what its last line says, since a request has no
    route before its URL is resolved.
    """

    id: str
    kind: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def sets_up_tests(self) -> bool:
        """Whether it is `manage.py test`: in it and in no test, classes set up what theirs need."""
        return self.kind == "command" and self.name == "test"


@dataclass(frozen=True)
class Chain:
    """An outermost span with all below it.

    `continues` is the name of the span that it goes on with ("" if not known) when it came after
    that one's chain or from another process, else None. `registered_by` is the name of the span
    that queued an `on_commit` callback. `around` are the `begin` lines of the atomic blocks that
    were open around it, by their ids.
    """

    root: Span
    process: str
    scope: Scope | None = None
    continues: str | None = None
    registered_by: str = ""
    around: Mapping[str, Event] = field(default_factory=dict, compare=False)

    @property
    def transaction(self) -> str | None:
        """The innermost atomic block around it that is one of the database that it writes to."""
        return innermost(self.root.transaction, self.root.text("alias"), self.around)


def innermost(
    block: str | None, alias: str, blocks: Mapping[str, Event], within: str | None = None
) -> str | None:
    """The first atomic block, from `block` outwards, that is one of the database `alias`.

    None if there is none before the block `within`. What is not in `blocks`, or names no database,
    may be of any; with an empty `alias` any will do.
    """
    while block is not None and block != within:
        event = blocks.get(block, {})
        if alias in ("", event.get("alias") or alias):
            return block
        block = event.get("transaction")
    return None


def order(span: Span) -> tuple[int, int, str]:
    """The key by which spans of one parent are sorted: start, then id."""
    _, _, number = span.id.rpartition("-")
    return (span.time, int(number) if number.isdecimal() else 0, span.id)


def process_of(span_id: str) -> str:
    """The process that a span belongs to: the stem of its file."""
    return span_id.rpartition("-")[0]
