"""Hooks on the database: statements, atomic blocks, and what is to happen on commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .naming import Receiver
from .recorder import Span, Transaction, clock, current, strip, transaction
from .sql import mask, summary
from .text import quote
from .tracing import traced

if TYPE_CHECKING:
    from .patching import Patches
    from .sending import Tools

_USERS = ("receiver", "on_commit")
_MOST_STATEMENTS = 2_000


class QueryHooks:
    """Hooks on `CursorWrapper`, so that `connection.execute_wrappers` stays the target's."""

    def __init__(self, tools: Tools, patches: Patches) -> None:
        self._tools = tools
        self._patches = patches
        self._statements: dict[tuple[str, str], tuple[str, str]] = {}

    def install(self, module: Any) -> None:
        """Hook `django.db.backends.utils`."""
        wrapper = module.CursorWrapper
        self._patches.wrap(wrapper, "execute", lambda original: self._make(original, "false"))
        self._patches.wrap(wrapper, "executemany", lambda original: self._make(original, "true"))

    def _make(self, original: Any, many: str) -> Any:
        recorder = self._tools.recorder
        enter, leave = self._enter, self._leave

        def execute(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
            span = enter(self, sql, many) if recorder.active else None
            try:
                result = original(self, sql, *args, **kwargs)
            except BaseException as error:
                if span is not None:
                    leave(span, self, error)
                strip(error)
                raise
            if span is not None:
                leave(span, self, None)
            return result

        return execute

    def _enter(self, cursor: Any, sql: Any, many: str) -> Span | None:
        recorder = self._tools.recorder
        up = current.get()
        if up is None or not recorder.options.sql:
            recorder.queries_outside += 1
            return None
        try:
            database = cursor.db
            text, name = self._statement(sql, database.vendor)
            span = recorder.open("query", name)
            span.data = (text, database.alias, database.vendor, many)
            if up.kind in ("bulk", "delete", "m2m") and up.data.alias is None:
                up.data.alias = database.alias
            current.set(span)
            recorder.flush(span)
        except Exception as error:
            current.set(up)
            recorder.failed(error)
            return None
        return span

    def _leave(self, span: Span, cursor: Any, error: BaseException | None) -> None:
        up = span.up
        current.set(up)
        recorder = self._tools.recorder
        try:
            span.stop = clock()
            span.error = error
            text, alias, vendor, many = span.data
            rows = getattr(cursor.cursor, "rowcount", None) if error is None else None
            if vendor == "sqlite" and " RETURNING " in text:
                # SQLite counts what was fetched of it, and that is yet to come.
                rows = None
            tail = ',"sql":%s,"alias":%s,"vendor":%s,"rows":%s,"many":%s' % (
                text,
                quote(alias),
                quote(vendor),
                rows if type(rows) is int and rows >= 0 else "null",
                many,
            )
            recorder.end(span, tail)
            if up is not None and up.kind in _USERS:
                recorder.flush(up)
        except Exception as failure:
            recorder.failed(failure)

    def _statement(self, sql: Any, vendor: str) -> tuple[str, str]:
        if type(sql) is not str:
            # psycopg's composed SQL renders itself; anything but text is only named.
            if not issubclass(type(sql), str):
                return quote(f"<{type(sql).__name__}>"), '"SQL"'
            sql = str.__str__(sql)
        known = self._statements.get((sql, vendor))
        if known is None:
            if len(self._statements) >= _MOST_STATEMENTS:
                self._statements.clear()
            masked = mask(sql, vendor)
            known = self._statements[sql, vendor] = (quote(masked), quote(summary(masked)))
        return known


class TransactionHooks:
    """Hooks on `Atomic`: an atomic block is noted when it is entered, written when it mattered."""

    def __init__(self, tools: Tools, patches: Patches, callbacks: CallbackHooks) -> None:
        self._tools = tools
        self._patches = patches
        self._callbacks = callbacks
        # The blocks that each Atomic object is in; one may be entered again before it is left.
        self._open: dict[int, list[Transaction | None]] = {}

    def install(self, module: Any) -> None:
        """Hook `django.db.transaction`."""
        self._get_connection = module.get_connection
        self._patches.wrap(module.Atomic, "__enter__", self._make_enter)
        self._patches.wrap(module.Atomic, "__exit__", self._make_exit)

    def _make_enter(self, original: Any) -> Any:
        recorder = self._tools.recorder

        def __enter__(self_: Any) -> Any:  # noqa: N807  (replaces it)
            try:
                result = original(self_)
            except BaseException as error:
                strip(error)
                raise
            if recorder.active:
                try:
                    self._entered(self_)
                except Exception as error:
                    recorder.failed(error)
            return result

        return __enter__

    def _entered(self, atomic: Any) -> None:
        connection = self._get_connection(atomic.using)
        block: Transaction | None = None
        outermost = not connection.savepoint_ids
        if outermost or connection.savepoint_ids[-1] is not None:
            # Neither: it joins the block around it, and is none of its own.
            name = '"atomic"' if outermost else '"savepoint"'
            block = Transaction(transaction.get(), current.get(), name)
            transaction.set(block)
        self._open.setdefault(id(atomic), []).append(block)

    def _make_exit(self, original: Any) -> Any:
        recorder = self._tools.recorder

        def __exit__(self_: Any, exc_type: Any, exc_value: Any, traceback: Any) -> Any:  # noqa: N807
            before = None
            block = None
            try:
                blocks = self._open.get(id(self_))
                if blocks:
                    block = blocks.pop()
                    if not blocks:
                        del self._open[id(self_)]
                if block is not None:
                    before = self._outcome(self_, exc_type)
                    # What runs on commit runs after it.
                    transaction.set(block.outer)
            except Exception as error:
                recorder.failed(error)
            try:
                result = original(self_, exc_type, exc_value, traceback)
            except BaseException as error:
                if block is not None:
                    self._left(self_, block, "rolled back" if before == "committed" else before)
                strip(error)
                raise
            if block is not None:
                self._left(self_, block, before)
            return result

        return __exit__

    def _outcome(self, atomic: Any, exc_type: Any) -> str | None:
        """Say what leaving the block will come to, before Django resets what tells it."""
        if getattr(atomic, "_from_testcase", False):
            return "test"
        connection = self._get_connection(atomic.using)
        if connection.closed_in_transaction or connection.needs_rollback or exc_type is not None:
            return "rolled back"
        if len(connection.savepoint_ids) == 0 and not connection.commit_on_exit:
            # Autocommit was off before: whoever turned it off commits.
            return None
        return "committed"

    def _left(self, atomic: Any, block: Transaction, outcome: str | None) -> None:
        recorder = self._tools.recorder
        try:
            block.over = True
            connection = self._get_connection(atomic.using)
            if outcome != "committed":
                self._callbacks.discard(connection)
            if not block.id:
                return
            recorder.end_transaction(
                block,
                ',"alias":%s,"savepoint":%s,"durable":%s,"outcome":%s'
                % (
                    quote(connection.alias),
                    "true" if block.name == '"savepoint"' else "false",
                    "true" if atomic.durable else "false",
                    "null" if outcome is None else quote(outcome),
                ),
            )
            span = current.get()
            if span is None or span.kind in _USERS:
                recorder.flush(span)
        except Exception as error:
            recorder.failed(error)


class _Registered:
    """An `on_commit` callback that waits."""

    __slots__ = ("alias", "by", "entry", "id", "known", "robust", "span", "transaction")

    def __init__(self, entry: Any, alias: str, known: Receiver, identifier: str) -> None:
        self.entry = entry
        self.alias = alias
        self.known = known
        self.id = identifier
        self.by = "null"
        self.transaction = "null"


class CallbackHooks:
    """Hooks on `connection.on_commit`; the function that Django stores stays the original."""

    def __init__(self, tools: Tools, patches: Patches) -> None:
        self._tools = tools
        self._patches = patches
        # By the identity of Django's own entry, which lives until the callback runs or is dropped.
        self._waiting: dict[int, _Registered] = {}

    def install(self, module: Any) -> None:
        """Hook `django.db.backends.base.base`."""
        wrapper = module.BaseDatabaseWrapper
        self._patches.wrap(wrapper, "on_commit", self._make_on_commit)
        self._patches.wrap(wrapper, "run_and_clear_commit_hooks", self._make_run)

    def _make_on_commit(self, original: Any) -> Any:
        recorder = self._tools.recorder
        at_once = traced(recorder, original, self._begin_at_once, self._tail)

        def on_commit(self_: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
            waits = self_.in_atomic_block
            try:
                result = (original if waits else at_once)(self_, func, *args, **kwargs)
            except BaseException as error:
                strip(error)
                raise
            if waits and recorder.active:
                try:
                    self._register(self_, func)
                except Exception as error:
                    recorder.failed(error)
            return result

        return on_commit

    def _register(self, connection: Any, func: Any) -> None:
        entry = connection.run_on_commit[-1]
        if entry[1] is not func:
            return
        known = self._tools.receivers(func)
        extra = f'{known.place.fields},"alias":{quote(connection.alias)}'
        recorder = self._tools.recorder
        waiting = _Registered(
            entry, connection.alias, known, recorder.registered(known.name, extra)
        )
        span = current.get()
        if span is not None:
            waiting.by = span.id
        block = transaction.get()
        if block is not None and block.id:
            waiting.transaction = block.id
        self._waiting[id(entry)] = waiting
        if span is None or span.kind in _USERS:
            recorder.flush(span)

    def _begin_at_once(self, connection: Any, args: Any, kwargs: Any) -> Span | None:
        func = args[0]
        if not callable(func) or (connection.connection is not None and not connection.autocommit):
            return None
        known = self._tools.receivers(func)
        recorder = self._tools.recorder
        up = current.get()
        span = recorder.open("on_commit", known.name, known.place.begin)
        span.data = waiting = _Registered(None, connection.alias, known, span.id)
        waiting.by = "null" if up is None else up.id
        recorder.flush(span)
        return span

    def _make_run(self, original: Any) -> Any:
        recorder = self._tools.recorder

        def run_and_clear_commit_hooks(self_: Any) -> Any:
            callbacks = None
            if recorder.active and self_.run_on_commit and type(self_.run_on_commit) is list:
                callbacks = TracedCallbacks(self_.run_on_commit)
                callbacks.hooks = self
                callbacks.span = None
                self_.run_on_commit = callbacks
            try:
                result = original(self_)
            except BaseException as error:
                if callbacks is not None:
                    self.finish(callbacks, error)
                strip(error)
                raise
            if callbacks is not None:
                self.finish(callbacks, None)
            return result

        return run_and_clear_commit_hooks

    def begin(self, callbacks: TracedCallbacks, entry: Any) -> None:
        """Django has taken a callback and is about to call it."""
        recorder = self._tools.recorder
        try:
            waiting = self._waiting.pop(id(entry), None)
            if waiting is None:
                known = self._tools.receivers(entry[1])
                waiting = _Registered(entry, "", known, "")
            span = recorder.open("on_commit", waiting.known.name, waiting.known.place.begin)
            span.id = waiting.id or span.id
            span.data = waiting
            callbacks.span = span
            current.set(span)
            recorder.flush(span)
        except Exception as error:
            recorder.failed(error)

    def finish(self, callbacks: TracedCallbacks, error: BaseException | None) -> None:
        """The callback that ran has returned or raised."""
        span = callbacks.span
        callbacks.span = None
        if span is None:
            return
        current.set(span.up)
        try:
            span.error = span.error or error
            self._tools.recorder.finish(span, self._tail(span, None))
        except Exception as failure:
            self._tools.recorder.failed(failure)

    def discard(self, connection: Any) -> None:
        """Say which callbacks a rollback has dropped."""
        if not self._waiting:
            return
        kept = {id(entry) for entry in connection.run_on_commit}
        recorder = self._tools.recorder
        for key, waiting in list(self._waiting.items()):
            if waiting.alias == connection.alias and key not in kept:
                del self._waiting[key]
                span = recorder.open("on_commit", waiting.known.name, "")
                span.id = waiting.id
                span.stop = span.start
                span.data = waiting
                span.transaction = waiting.transaction
                recorder.end(span, self._tail(span, True))

    def _tail(self, span: Span, discarded: Any) -> str:
        waiting: _Registered = span.data
        robust = "false"
        if waiting.entry is not None and len(waiting.entry) > 2 and waiting.entry[2]:
            robust = "true"
        return ',"registered_by":%s,"discarded":%s,"robust":%s,"alias":%s%s' % (
            waiting.by,
            "true" if discarded is True else "false",
            robust,
            quote(waiting.alias),
            waiting.known.place.fields,
        )


class TracedCallbacks(list[Any]):
    """The callbacks of one commit: taking one begins its span, taking the next ends it."""

    __slots__ = ("hooks", "span")

    hooks: CallbackHooks
    span: Span | None

    def pop(self, *args: Any) -> Any:
        """Take a callback, as Django does right before it calls it."""
        self.hooks.finish(self, None)
        entry = list.pop(self, *args)
        self.hooks.begin(self, entry)
        return entry
