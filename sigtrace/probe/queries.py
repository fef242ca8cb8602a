"""Hooks on the statements that Django sends to a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import strip
from .spans import CALLS_USERS, Span, clock, current
from .sql import mask, summary
from .text import quote

if TYPE_CHECKING:
    from .patching import Patches
    from .tools import Tools

_MOST_STATEMENTS = 2_000


class QueryHooks:
    """Hooks on `CursorWrapper`, so that `connection.execute_wrappers` stays the target's."""

    def __init__(self, tools: Tools, patches: Patches) -> None:
        self._tools = tools
        self._patches = patches
        self._sql = tools.recorder.options.sql
        self._statements: dict[tuple[str, str, str, str], Statement] = {}

    def install(self, module: Any) -> None:
        """Hook `django.db.backends.utils`."""
        wrapper = module.CursorWrapper
        self._patches.wrap(wrapper, "execute", self._make_execute)
        self._patches.wrap(wrapper, "executemany", self._make_executemany)

    def _make_execute(self, original: Any) -> Any:
        recorder = self._tools.recorder
        enter, leave = self._enter, self._leave

        # Django's own parameters, by name: passing *args and **kwargs on takes much longer.
        def execute(self: Any, sql: Any, params: Any = None) -> Any:
            span = enter(self, sql, "false") if recorder.active else None
            try:
                result = original(self, sql, params)
            except BaseException as error:
                if span is not None:
                    leave(span, self, error)
                strip(error)
                raise
            if span is not None:
                leave(span, self, None)
            return result

        return execute

    def _make_executemany(self, original: Any) -> Any:
        recorder = self._tools.recorder
        enter, leave = self._enter, self._leave

        def executemany(self: Any, sql: Any, param_list: Any) -> Any:
            span = enter(self, sql, "true") if recorder.active else None
            try:
                result = original(self, sql, param_list)
            except BaseException as error:
                if span is not None:
                    leave(span, self, error)
                strip(error)
                raise
            if span is not None:
                leave(span, self, None)
            return result

        return executemany

    def _enter(self, cursor: Any, sql: Any, many: str) -> Span | None:
        recorder = self._tools.recorder
        up = current.get()
        if up is None or not self._sql:
            recorder.counts.queries += 1
            return None
        try:
            database = cursor.db
            span = Span()
            span.kind = "query"
            span.data = statement = self._statement(sql, database.alias, database.vendor, many)
            span.name = statement.name
            recorder.place(span, up)
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
            statement: Statement = span.data
            rows = None
            if error is None and statement.counts_rows:
                rows = getattr(cursor.cursor, "rowcount", None)
            number = rows if type(rows) is int and rows >= 0 else "null"
            recorder.end(span, f"{statement.before_rows}{number}{statement.after_rows}")
            if up is not None and up.kind in CALLS_USERS:
                recorder.flush(up)
        except Exception as failure:
            recorder.failed(failure)

    def _statement(self, sql: Any, alias: str, vendor: str, many: str) -> Statement:
        if type(sql) is not str:
            # psycopg's composed SQL renders itself; anything but text is only named.
            if not issubclass(type(sql), str):
                return Statement(f"<{type(sql).__name__}>", "SQL", alias, vendor, many)
            sql = str.__str__(sql)
        known = self._statements.get((sql, alias, vendor, many))
        if known is None:
            if len(self._statements) >= _MOST_STATEMENTS:
                self._statements.clear()
            masked = mask(sql, vendor)
            known = Statement(masked, summary(masked), alias, vendor, many)
            self._statements[sql, alias, vendor, many] = known
        return known


class Statement:
    """The texts of a statement; all that its lines say but for the number of rows."""

    __slots__ = ("after_rows", "before_rows", "counts_rows", "name")

    def __init__(self, masked: str, name: str, alias: str, vendor: str, many: str) -> None:
        self.name = quote(name)
        self.before_rows = (
            f',"sql":{quote(masked)},"alias":{quote(alias)},"vendor":{quote(vendor)},"rows":'
        )
        self.after_rows = f',"many":{many}'
        # SQLite counts what was fetched of it, and that is yet to come.
        self.counts_rows = not (vendor == "sqlite" and " RETURNING " in masked)
