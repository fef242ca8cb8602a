"""What chains happen in: a test, a request, a command, a task.

A scope is held by the context that entered it; a test's holds for the whole process, since its
servers run in threads and its coroutines in contexts that were there before.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from .spans import clock, current
from .text import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from .process import Process
    from .recorder import Recorder

REQUEST, TASK, TEST = "request", "task", "test"


class Scope:
    """One scope, entered in `before` and lying in `outer`; `name` is what it is called by now.

    `grows` says that it was written under a name that is not whole: a request without its route.
    """

    __slots__ = (
        "before",
        "grows",
        "id",
        "kind",
        "name",
        "outer",
        "over",
        "owner",
        "process",
        "start",
    )

    def __init__(
        self, kind: str, name: Callable[[], str], outer: Scope | None, before: Scope | None
    ) -> None:
        self.id = ""
        self.kind = kind
        self.name = name
        self.outer = outer
        self.before = before
        self.grows = self.over = False
        self.owner: object = None
        self.process: Process | None = None
        self.start = clock()


_scope: ContextVar[Scope | None] = ContextVar("sigtrace_scope", default=None)


class Scopes:
    """Enters and leaves scopes; they delay nothing, and are written only if something happened."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._test: Scope | None = None

    @property
    def in_test(self) -> bool:
        """Whether a test is being run in this process."""
        return self._test is not None

    def enter(self, kind: str, name: Callable[[], str]) -> Scope | None:
        """Enter a scope; None if nothing is recorded. `name` may be asked at any time."""
        if not self._recorder.active:
            return None
        try:
            entered = Scope(kind, name, self.innermost(), _scope.get())
            _scope.set(entered)
            if kind == TEST:
                self._test = entered
        except Exception as error:
            self._recorder.failed(error)
            return None
        return entered

    def entered(self, kind: str, owner: object) -> Scope | None:
        """Return the innermost scope of that kind that this context has entered for `owner`."""
        walk = _scope.get()
        while walk is not None and not (walk.kind == kind and walk.owner == owner):
            walk = walk.before
        return walk

    def leave(self, entered: Scope | None, status: int | None = None) -> None:
        """Leave a scope, with whatever was entered in it and not left."""
        if entered is None:
            return
        try:
            walk = _scope.get()
            while walk is not None and walk is not entered:
                walk = walk.before
            # A coroutine may be closed in another context, which has scopes of its own.
            if walk is entered:
                _scope.set(entered.before)
            entered.over = True
            entered.before = None
            if self._test is entered:
                self._test = _test_around(entered)
            name = entered.name()
            # A task that outlives it keeps the scope in its context: not the request with it.
            entered.name = lambda: name
            if entered.id and entered.process is self._recorder.process:
                self._write(entered, closed=True, status=status)
                self._recorder.flush(current.get())
        except Exception as error:
            self._recorder.failed(error)

    def innermost(self) -> Scope | None:
        """Return the scope that what happens here and now belongs to."""
        inner = _scope.get()
        while inner is not None and inner.over:
            inner = inner.outer
        test = self._test
        if test is None or _lies_in(inner, test):
            return inner
        return test

    def use(self) -> str:
        """Return the id of the innermost scope, or null."""
        inner = self.innermost()
        if inner is None:
            return "null"
        is_new = not inner.id or inner.process is not self._recorder.process
        if is_new or (inner.grows and _is_whole(inner.name())):
            self._write(inner, closed=False, status=None)
        return inner.id

    def _write(self, which: Scope, *, closed: bool, status: int | None) -> None:
        recorder = self._recorder
        process = recorder.process or recorder.open_process()
        outer = "null"
        if which.outer is not None:
            if not which.outer.id:
                self._write(which.outer, closed=False, status=None)
            outer = which.outer.id
        if which.process is not process:
            which.process = process
            which.id = which.id or process.next_id()
        name = which.name()
        which.grows = which.kind == REQUEST and not _is_whole(name)
        recorder.pending.lines.append(
            '{"event":"scope","id":%s,"kind":"%s","name":%s,"parent":%s,"time":%d,"closed":%s,'
            '"status":%s}\n'
            % (
                which.id,
                which.kind,
                quote(name),
                outer,
                which.start + process.epoch,
                "true" if closed else "false",
                "null" if status is None else status,
            )
        )


def _is_whole(name: str) -> bool:
    """Whether the name of a request has its route, which comes after the method."""
    return " " in name


def _lies_in(inner: Scope | None, outer: Scope) -> bool:
    while inner is not None and inner is not outer:
        inner = inner.outer
    return inner is outer


def _test_around(scope: Scope) -> Scope | None:
    walk = scope.outer
    while walk is not None and (walk.over or walk.kind != TEST):
        walk = walk.outer
    return walk
