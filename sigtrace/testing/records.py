"""Sends and receiver calls as plain values to assert on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.walking import walk
from sigtrace.testing.errors import TraceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.tree import Chain, Span


@dataclass(frozen=True)
class Call:
    """One call of a receiver.

    `receiver` and `signal` are import paths, `sender` a model's label (`blog.Article`), another
    class's path, or None. `changes` are the fields of the instance that it changed, with the value
    before and after; both are None where a run records no values. `exception` is the path of the
    exception that left it, `swallowed` says that `send_robust` caught it. `duration_ns` are
    nanoseconds, `file` is relative to the project, `depth` is 1 for a receiver that no other
    receiver has set off. `id` is that of its span in the trace.
    """

    receiver: str
    signal: str
    sender: str | None
    changes: dict[str, tuple[Any, Any]]
    exception: str | None
    swallowed: bool
    depth: int
    file: str | None
    line: int | None
    dispatch_uid: Any
    duration_ns: int
    id: str = field(repr=False, compare=False)
    is_djangos: bool = field(repr=False, compare=False)
    _queries: int | None = field(repr=False)

    @property
    def queries(self) -> int:
        """The number of SQL statements of this call and of all below it.

        Raises TraceError in a run that records none.
        """
        if self._queries is None:
            raise TraceError(
                "How many queries a receiver executes is not known: this run records no SQL.",
                "Run it without --no-sql, and without sql = false in its settings.",
            )
        return self._queries


@dataclass(frozen=True)
class Send:
    """One send of a signal that some receiver heard, with the calls that it made in their order.

    `arguments` are what was sent, model instances as `blog.Article pk=7`. `method` is `send`,
    `send_robust`, `asend` or `asend_robust`; `not_reached` are the receivers that an exception kept
    from being called. The other fields are as those of a `Call`; `file` and `line` are None where
    Django itself sent it.
    """

    signal: str
    sender: str | None
    arguments: dict[str, Any]
    method: str
    calls: tuple[Call, ...]
    not_reached: tuple[str, ...]
    exception: str | None
    file: str | None
    line: int | None
    duration_ns: int
    id: str = field(repr=False, compare=False)

    @property
    def is_djangos(self) -> bool:
        """Whether nobody but Django itself has heard it."""
        return not self.not_reached and all(call.is_djangos for call in self.calls)


def sends_in(chains: Iterable[Chain], *, sql: bool) -> Iterator[Send]:
    """The sends of chains in the order in which they began; `sql` says whether it was recorded."""
    for chain in chains:
        todo = [(chain.root, 0)]
        while todo:
            span, depth = todo.pop()
            if span.kind == "send":
                yield _send(span, depth, sql)
            depth += span.kind == "receiver"
            todo += [(child, depth) for child in reversed(span.children)]


def _send(span: Span, depth: int, sql: bool) -> Send:
    # What never ended tells a name only.
    signal, sender = span.text("signal") or span.name, span.text("sender") or None
    arguments = span.event.get("arguments")
    calls = tuple(
        _call(child, signal, sender, depth + 1, sql)
        for child in span.children
        if child.kind == "receiver"
    )
    return Send(
        signal=signal,
        sender=sender,
        arguments=dict(arguments) if isinstance(arguments, dict) else {},
        method=span.text("method"),
        calls=calls,
        not_reached=tuple(span.texts("not_reached")),
        exception=span.exception,
        file=span.event.get("file"),
        line=span.event.get("line"),
        duration_ns=span.duration_ns,
        id=span.id,
    )


def _call(span: Span, signal: str, sender: str | None, depth: int, sql: bool) -> Call:
    changes = span.event.get("changes")
    return Call(
        receiver=span.text("receiver") or span.name,
        signal=signal,
        sender=sender,
        changes={
            name: tuple(values) if isinstance(values, list) else (None, None)
            for name, values in (changes.items() if isinstance(changes, dict) else ())
        },
        exception=span.exception,
        swallowed=bool(span.event.get("swallowed")),
        depth=depth,
        file=span.event.get("file"),
        line=span.event.get("line"),
        dispatch_uid=span.event.get("dispatch_uid"),
        duration_ns=span.duration_ns,
        id=span.id,
        is_djangos=span.text("origin") == "django",
        _queries=sum(below.kind == "query" for below in walk(span)) if sql else None,
    )
