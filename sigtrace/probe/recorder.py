"""Opens and ends spans, and sees to it that all of them are on disk before anybody else runs.

Lines are gathered for each thread and written at the borders of the design's second law: before a
receiver, a callback or a query gets control, and before the caller gets it back. At a border every
open span that has no `begin` line yet gets one, so that a process killed there shows it unfinished.
"""

from __future__ import annotations

import atexit
import itertools
import os
import sys
import time
import weakref
from _thread import _local, get_ident
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..events import SCHEMA_VERSION
from ..privacy import filter_argv
from .sink import Sink, SinkError
from .text import quote, type_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import RecordOptions

clock = time.perf_counter_ns
_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_COUNTS_EVERY_NS = 1_000_000_000
_OWN_CODE = (_PACKAGE, os.path.dirname(os.__file__))

_BEGIN = '{"event":"begin","kind":"%s","id":%s,"parent":%s,"time":%d,"name":%s%s}\n'
_END = (
    '{"event":"end","kind":"%s","id":%s,"parent":%s,"scope":%s,"transaction":%s,"name":%s,'
    '"pid":%d,"thread":%s,"time":%d,"duration_ns":%d,"exception":%s%s}\n'
)


class Process:
    """The part of the run that is this process's: its file, and the numbers that it has given out.

    A forked child makes its own; a span that it inherited belongs to the parent's.
    """

    __slots__ = ("epoch", "numbers", "pid", "sink", "stem")

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.stem = sink.stem
        self.pid = sink.pid
        self.numbers = itertools.count(1)
        # Wall time that cannot step back: the monotonic clock, moved to the Unix epoch once.
        self.epoch = time.time_ns() - clock()

    def next_id(self) -> str:
        """A new id, as JSON text."""
        return f'"{self.stem}-{next(self.numbers)}"'


class Span:
    """One open span. Ids and names are kept as JSON text, times as `perf_counter_ns`."""

    __slots__ = (
        "begun",
        "data",
        "error",
        "extra",
        "id",
        "kind",
        "name",
        "parent",
        "process",
        "scope",
        "start",
        "stop",
        "swallowed",
        "transaction",
        "up",
    )

    id: str
    kind: str
    name: str
    parent: str
    process: Process
    scope: str
    transaction: str
    extra: str
    up: Span | None
    begun: bool
    start: int
    stop: int
    error: BaseException | None
    swallowed: bool
    data: Any


class Transaction:
    """An open atomic block; it gets its lines only when a span was recorded inside."""

    __slots__ = ("id", "name", "outer", "over", "process", "scope", "span", "start")

    def __init__(self, outer: Transaction | None, span: Span | None, name: str) -> None:
        self.id = ""
        self.name = name
        self.outer = outer
        self.over = False
        self.process: Process | None = None
        self.scope = "null"
        self.span = span
        self.start = clock()


class Scope:
    """What a chain happened in: a request, a command. Written when its first span is."""

    __slots__ = ("id", "kind", "name", "outer", "process", "start")

    def __init__(self, kind: str, name: Callable[[], str], outer: Scope | None) -> None:
        self.id = ""
        self.kind = kind
        self.name = name
        self.outer = outer
        self.process: Process | None = None
        self.start = clock()


class _Pending(_local):
    """The lines of this thread that are not yet written, and its name as JSON text."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.thread = quote(_thread_name())


current: ContextVar[Span | None] = ContextVar("sigtrace_span", default=None)
transaction: ContextVar[Transaction | None] = ContextVar("sigtrace_transaction", default=None)
scope: ContextVar[Scope | None] = ContextVar("sigtrace_scope", default=None)


class Recorder:
    """Turns what the hooks see into lines. `active` false means: let everything pass."""

    def __init__(self, options: RecordOptions) -> None:
        self.options = options
        self.active = True
        self.process: Process | None = None
        self.queries_outside = 0
        self.dropped = 0
        self._parent_process: str | None = None
        self._pending = _Pending()
        self._unheard: dict[int, tuple[itertools.count[int], Any]] = {}
        self._name_of_signal: Callable[[Any], str] = str
        self._counted = (0, 0, 0)
        self._counts_due = 0

    def start(self, name_of_signal: Callable[[Any], str]) -> None:
        """Open this process's file. Raises OSError if that fails."""
        self._name_of_signal = name_of_signal
        self._open_process()
        atexit.register(self.at_exit)
        os.register_at_fork(after_in_child=self._after_fork)

    # Spans

    def open(self, kind: str, name: str, extra: str = "", up: Span | None = None) -> Span:
        """Open a span under `up`, else the current one; the caller makes it current and ends it.

        `name` is JSON text, `extra` more fields for its `begin` line (`,"file":…`).
        """
        span = Span()
        process = self.process or self._open_process()
        span.process = process
        span.id = process.next_id()
        span.kind = kind
        span.name = name
        span.extra = extra
        span.up = up = up or current.get()
        span.begun = False
        span.error = None
        span.swallowed = False
        span.stop = 0
        if up is None:
            span.parent = "null"
            span.scope = self._announce_scope()
        else:
            span.parent = up.id
            span.scope = up.scope
        inner = transaction.get()
        span.transaction = "null" if inner is None else self._use_transaction(inner)
        span.start = clock()
        return span

    def end(self, span: Span, tail: str) -> None:
        """Gather the `end` line of a span; `tail` is what its kind adds (`,"model":…`)."""
        stop = span.stop or clock()
        process = span.process
        # A task's context may keep the span: not the frames of the exception with it.
        error, span.error = span.error, None
        if process is not self.process:
            return
        if process.sink.full:
            self._drop()
            return
        pending = self._pending
        pending.lines.append(
            _END
            % (
                span.kind,
                span.id,
                span.parent,
                span.scope,
                span.transaction,
                span.name,
                process.pid,
                pending.thread,
                span.start + process.epoch,
                stop - span.start,
                "null" if error is None else self._error(error),
                tail,
            )
        )

    def flush(self, span: Span | None) -> None:
        """A border: write what was gathered, and a `begin` for each open span from `span` up."""
        process = self.process
        if process is None:
            return
        lines = self._pending.lines
        if span is not None and not span.begun and not process.sink.full:
            self._begin(span, process, lines)
        if lines:
            data = "".join(lines).encode("ascii")
            lines.clear()
            self._write(process, data)

    def finish(self, span: Span, tail: str) -> None:
        """End a span whose caller gets control back: a border, and for a root the chain's end."""
        self.end(span, tail)
        if span.up is None and clock() > self._counts_due:
            self._gather_counts()
        self.flush(span.up)

    # Transactions and scopes

    def _use_transaction(self, inner: Transaction) -> str:
        while inner.over:
            if inner.outer is None:
                return "null"
            inner = inner.outer
        if not inner.id:
            self.announce_transaction(inner)
        return inner.id

    def announce_transaction(self, block: Transaction) -> None:
        """Give an atomic block its id and its `begin` line, after those around it."""
        if block.outer is not None and not block.outer.id and not block.outer.over:
            self.announce_transaction(block.outer)
        block.process = process = self.process or self._open_process()
        block.id = process.next_id()
        block.scope = self._announce_scope() if block.span is None else block.span.scope
        parent = "null" if block.span is None else block.span.id
        self._pending.lines.append(
            _BEGIN % ("transaction", block.id, parent, block.start + process.epoch, block.name, "")
        )

    def end_transaction(self, block: Transaction, tail: str) -> None:
        """Gather the `end` line of an atomic block that some span was inside of."""
        process = self.process
        if process is None or block.process is not process:
            return
        outer = block.outer
        while outer is not None and outer.over:
            outer = outer.outer
        self._pending.lines.append(
            _END
            % (
                "transaction",
                block.id,
                "null" if block.span is None else block.span.id,
                block.scope,
                "null" if outer is None else outer.id,
                block.name,
                process.pid,
                self._pending.thread,
                block.start + process.epoch,
                clock() - block.start,
                "null",
                tail,
            )
        )

    def _announce_scope(self) -> str:
        inner = scope.get()
        if inner is None:
            return "null"
        if not inner.id or inner.process is not self.process:
            self._scope_line(inner, closed=False, status=None)
        return inner.id

    def close_scope(self, ended: Scope, status: int | None) -> None:
        """Say what became of a scope, if any span was recorded in it."""
        if ended.id and ended.process is self.process and self.process is not None:
            self._scope_line(ended, closed=True, status=status)
            self.flush(current.get())

    def _scope_line(self, which: Scope, *, closed: bool, status: int | None) -> None:
        process = self.process or self._open_process()
        outer = "null"
        if which.outer is not None:
            if not which.outer.id:
                self._scope_line(which.outer, closed=False, status=None)
            outer = which.outer.id
        if which.process is not process:
            which.process = process
            which.id = which.id or process.next_id()
        self._pending.lines.append(
            '{"event":"scope","id":%s,"kind":"%s","name":%s,"parent":%s,"time":%d,"closed":%s,'
            '"status":%s}\n'
            % (
                which.id,
                which.kind,
                quote(which.name()),
                outer,
                which.start + process.epoch,
                "true" if closed else "false",
                "null" if status is None else status,
            )
        )

    def registered(self, name: str, extra: str) -> str:
        """Say that an `on_commit` callback was registered; returns the id of its later span."""
        process = self.process or self._open_process()
        span = current.get()
        inner = transaction.get()
        identifier = process.next_id()
        self._pending.lines.append(
            '{"event":"registered","kind":"on_commit","id":%s,"parent":%s,"scope":%s,'
            '"transaction":%s,"time":%d,"name":%s%s}\n'
            % (
                identifier,
                "null" if span is None else span.id,
                self._announce_scope() if span is None else span.scope,
                "null" if inner is None else self._use_transaction(inner),
                clock() + process.epoch,
                name,
                extra,
            )
        )
        return identifier

    # Counts

    def count_unheard(self, signal: Any) -> None:
        """Count a send that no receiver heard."""
        try:
            next(self._unheard[id(signal)][0])
        except KeyError:
            self._unheard[id(signal)] = (itertools.count(1), weakref.ref(signal))
            next(self._unheard[id(signal)][0])

    def _gather_counts(self) -> None:
        self._counts_due = clock() + _COUNTS_EVERY_NS
        process = self.process
        if process is None:
            return
        unheard: dict[str, int] = {}
        for counter, reference in list(self._unheard.values()):
            signal = reference()
            name = "collected" if signal is None else self._name_of_signal(signal)
            # Its repr, "count(7)", is the one way to read a counter without advancing it.
            unheard[name] = unheard.get(name, 0) + int(repr(counter)[6:-1]) - 1
        counted = (sum(unheard.values()), self.queries_outside, self.dropped)
        if counted == self._counted:
            return
        self._counted = counted
        self._pending.lines.append(
            '{"event":"counts","time":%d,"unheard":{%s},"queries":%d,"dropped":%d}\n'
            % (
                clock() + process.epoch,
                ",".join(f"{quote(name)}:{number}" for name, number in sorted(unheard.items())),
                self.queries_outside,
                self.dropped,
            )
        )

    def _drop(self) -> None:
        if not self.dropped:
            _say("the run has reached its size limit: spans are counted, no longer recorded")
        self.dropped += 1

    # Process and file

    def _open_process(self) -> Process:
        process = Process(Sink(self.options.run_dir, self.options.max_bytes))
        options = self.options
        django = sys.modules.get("django")
        settings = os.environ.get("DJANGO_SETTINGS_MODULE")
        arguments = filter_argv(sys.orig_argv, options.redact, options.show)
        line = (
            '{"event":"process","schema":%d,"process":"%s","pid":%d,"ppid":%d,'
            '"parent_process":%s,"argv":[%s],"python":"%d.%d.%d","django":%s,"settings":%s,'
            '"time":%d}\n'
        ) % (
            SCHEMA_VERSION,
            process.stem,
            process.pid,
            os.getppid(),
            quote(self._parent_process) if self._parent_process else "null",
            ",".join(quote(argument) for argument in arguments),
            *sys.version_info[:3],
            quote(str(django.__version__)) if django is not None else "null",
            quote(settings) if settings else "null",
            clock() + process.epoch,
        )
        self.process = process
        self._write(process, line.encode("ascii"))
        return process

    def _write(self, process: Process, data: bytes) -> None:
        if os.getpid() != process.pid:
            # A fork that Python was not told of: these lines are the parent's to write.
            self._after_fork()
            return
        try:
            process.sink.write(data)
        except (OSError, SinkError) as error:
            self.give_up(str(error))

    def _begin(self, span: Span, process: Process, lines: list[str]) -> None:
        opened: list[Span] = []
        walk: Span | None = span
        while walk is not None and not walk.begun and walk.process is process:
            opened.append(walk)
            walk = walk.up
        for each in reversed(opened):
            each.begun = True
            extra = each.extra
            if each.up is None:
                extra += f',"scope":{each.scope}'
            lines.append(
                _BEGIN
                % (each.kind, each.id, each.parent, each.start + process.epoch, each.name, extra)
            )

    def _error(self, error: BaseException) -> str:
        text = quote(type_path(type(error)))
        if self.options.values == "all" and error.args and type(error.args[0]) is str:
            text += f',"exception_message":{quote(error.args[0][:200])}'
        return text

    def _after_fork(self) -> None:
        """In the child: what was gathered is the parent's; a file of our own comes with need."""
        if self.process is not None:
            self._parent_process = self.process.stem
            self.process.sink.abandon()
        self.process = None
        self._pending.lines.clear()
        self._pending.thread = quote(_thread_name())
        self._unheard.clear()
        self._counted = (0, 0, 0)
        self.queries_outside = 0
        self.dropped = 0

    def at_exit(self) -> None:
        """Write the last counts."""
        if self.active and (self.process is not None):
            self._gather_counts()
            self.flush(None)

    # Failures

    def give_up(self, reason: str) -> None:
        """Stop recording in this process and say so, once."""
        if self.active:
            self.active = False
            _say(f"process {os.getpid()} is no longer traced: {reason}")

    def failed(self, error: Exception) -> None:
        """Deal with an exception in our own code: the target never sees one that is ours.

        Raised again is what a signal handler of the target raised while our code ran.
        """
        if isinstance(error, RecursionError | MemoryError):
            return
        place = "unknown"
        trace = error.__traceback__
        while trace is not None:
            filename = trace.tb_frame.f_code.co_filename
            if not filename.startswith(_OWN_CODE):
                raise error
            place = f"{os.path.basename(filename)}:{trace.tb_lineno}"
            trace = trace.tb_next
        self.give_up(f"{type(error).__name__} in {place}, please report it")


def strip(error: BaseException) -> None:
    """Take the frame that caught `error` out of its traceback; re-raise by a bare `raise`."""
    trace = error.__traceback__
    # By the base class's method: assignment fails where the exception is a frozen dataclass.
    BaseException.with_traceback(error, trace.tb_next if trace is not None else None)


def _thread_name() -> str:
    # Not current_thread(): that would make an object for a thread that Python did not start.
    threading = sys.modules.get("threading")
    thread = threading._active.get(get_ident()) if threading is not None else None
    name = getattr(thread, "_name", None)
    return name if type(name) is str else f"thread-{get_ident()}"


def _say(message: str) -> None:
    try:
        os.write(2, f"sigtrace: {message}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass
