"""What is open at the moment: spans and atomic blocks, and which of them are current."""

from __future__ import annotations

import functools
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .process import Process

# Partials: what freezes time in tests replaces every reference to the functions that it finds.
clock = functools.partial(time.perf_counter_ns)
wall_clock = functools.partial(time.time_ns)

CALLS_USERS = ("receiver", "on_commit")
"""What runs right below a span of these kinds is called by the project's own code."""


class Span:
    """One open span. Ids and names are kept as JSON text, times as `perf_counter_ns`.

    `Recorder.place` sets all but `kind`, `name` and `data`: an `__init__` would take as long again,
    and so does reading a value that stands in the class.
    """

    __slots__ = (
        "begun",
        "data",
        "error",
        "extra",
        "id",
        "kind",
        "name",
        "process",
        "scope",
        "start",
        "stop",
        "transaction",
        "up",
    )

    kind: str
    id: str
    name: str
    process: Process
    scope: str
    transaction: str
    extra: str
    up: Span | None
    begun: bool
    start: int
    stop: int
    error: BaseException | None
    data: Any


class Transaction:
    """An open atomic block; it gets its lines only when a span was recorded inside."""

    __slots__ = ("alias", "id", "name", "outer", "over", "process", "scope", "span", "start")

    def __init__(self, outer: Transaction | None, span: Span | None, name: str, alias: str) -> None:
        self.alias = alias
        self.id = ""
        self.name = name
        self.outer = outer
        self.over = False
        self.process: Process | None = None
        self.scope = "null"
        self.span = span
        self.start = clock()


current: ContextVar[Span | None] = ContextVar("sigtrace_span", default=None)
transaction: ContextVar[Transaction | None] = ContextVar("sigtrace_transaction", default=None)
