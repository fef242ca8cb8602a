"""Hooks on what is to happen on commit: where it is registered, and where it runs or is dropped."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from .failures import strip
from .spans import CALLS_USERS, Span, clock, current, transaction
from .text import quote
from .tracing import traced

if TYPE_CHECKING:
    from .naming import Receiver
    from .patching import Patches
    from .tools import Tools

_REGISTERED = (
    '{"event":"registered","kind":"on_commit","id":%s,"parent":%s,"scope":%s,"transaction":%s,'
    '"time":%d,"name":%s%s,"alias":%s}\n'
)


class _Registered:
    """An `on_commit` callback that waits.

    It keeps neither the connection nor the callback alive: what the target lets go of is gone.
    """

    __slots__ = (
        "alias",
        "by",
        "connection",
        "discarded_by",
        "id",
        "known",
        "robust",
        "savepoints",
        "transaction",
    )

    connection: weakref.ref[Any]

    def __init__(self, alias: str, known: Receiver, identifier: str, entry: Any) -> None:
        self.alias = alias
        self.known = known
        self.id = identifier
        self.by = "null"
        self.discarded_by = "null"
        self.transaction = "null"
        self.robust = "true" if entry is not None and len(entry) > 2 and entry[2] else "false"
        # As long as it is here, no other callback's can have the same identity.
        self.savepoints = _savepoints(entry)


class CallbackHooks:
    """Hooks on `connection.on_commit`; the function that Django stores stays the original."""

    def __init__(self, tools: Tools, patches: Patches) -> None:
        self._tools = tools
        self._patches = patches
        # By the identity of the set of savepoints that Django makes for each callback: the entry
        # around it is another one after each rollback to a savepoint.
        self._waiting: dict[int, _Registered] = {}

    def forget(self) -> None:
        """Let go of the callbacks that wait: the hooks go."""
        self._waiting.clear()

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
        recorder = self._tools.recorder
        process = recorder.process or recorder.open_process()
        known = self._tools.receivers(func)
        waiting = _Registered(connection.alias, known, process.next_id(), entry)
        waiting.connection = weakref.ref(connection)
        span = current.get()
        if span is not None:
            waiting.by = span.id
        block = transaction.get()
        if block is not None:
            waiting.transaction = recorder.blocks.use(block)
        self._waiting[id(waiting.savepoints)] = waiting
        recorder.pending.lines.append(
            _REGISTERED
            % (
                waiting.id,
                waiting.by,
                recorder.scopes.use() if span is None else span.scope,
                waiting.transaction,
                clock() + process.epoch,
                known.name,
                known.place.fields,
                quote(connection.alias),
            )
        )
        if span is None or span.kind in CALLS_USERS:
            recorder.flush(span)

    def _begin_at_once(self, connection: Any, args: Any, kwargs: Any) -> Span | None:
        func = args[0]
        if not callable(func) or (connection.connection is not None and not connection.autocommit):
            return None
        known = self._tools.receivers(func)
        recorder = self._tools.recorder
        up = current.get()
        span = recorder.open("on_commit", known.name, known.place.begin)
        span.data = waiting = _Registered(connection.alias, known, span.id, None)
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
                    if self_.run_on_commit is not callbacks:
                        self._give_up(callbacks)
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
            waiting = self._waiting.pop(id(_savepoints(entry)), None)
            if waiting is None:
                waiting = _Registered("", self._tools.receivers(entry[1]), "", entry)
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

    def _give_up(self, callbacks: TracedCallbacks) -> None:
        """Say which callbacks Django has dropped because the one before them raised."""
        recorder = self._tools.recorder
        try:
            for entry in callbacks:
                waiting = self._waiting.pop(id(_savepoints(entry)), None)
                if waiting is not None:
                    self._drop(waiting, '"exception"')
            span = current.get()
            if span is None or span.kind in CALLS_USERS:
                recorder.flush(span)
        except Exception as error:
            recorder.failed(error)

    def discard(self, connection: Any) -> None:
        """Say which callbacks a rollback has dropped."""
        if not self._waiting:
            return
        kept = {id(_savepoints(entry)) for entry in connection.run_on_commit}
        for key, waiting in list(self._waiting.items()):
            # Other threads have connections of the same alias, and take them along when they end.
            owner = waiting.connection()
            if owner is None:
                self._waiting.pop(key, None)
            elif owner is connection and key not in kept:
                del self._waiting[key]
                self._drop(waiting, '"rollback"')

    def _drop(self, waiting: _Registered, by: str) -> None:
        waiting.discarded_by = by
        recorder = self._tools.recorder
        span = recorder.open("on_commit", waiting.known.name, "")
        span.id = waiting.id
        span.stop = span.start
        span.data = waiting
        span.transaction = waiting.transaction
        recorder.end(span, self._tail(span, None))

    def _tail(self, span: Span, result: Any) -> str:
        waiting: _Registered = span.data
        return ',"registered_by":%s,"discarded":%s,"discarded_by":%s,"robust":%s,"alias":%s%s' % (
            waiting.by,
            "false" if waiting.discarded_by == "null" else "true",
            waiting.discarded_by,
            waiting.robust,
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


def _savepoints(entry: Any) -> Any:
    """What stays the same of a callback's entry for as long as it waits: the set in it."""
    return entry[0] if type(entry) is tuple and entry else None
