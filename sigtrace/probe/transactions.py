"""Hooks on atomic blocks: when they begin, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import strip
from .spans import CALLS_USERS, Transaction, current, transaction
from .text import quote

if TYPE_CHECKING:
    from .callbacks import CallbackHooks
    from .patching import Patches
    from .tools import Tools


class TransactionHooks:
    """Hooks on `Atomic`: an atomic block is noted when it is entered, written when it mattered."""

    def __init__(self, tools: Tools, patches: Patches, callbacks: CallbackHooks) -> None:
        self._tools = tools
        self._patches = patches
        self._callbacks = callbacks
        # The blocks that each Atomic object is in; one may be entered again before it is left.
        self._open: dict[int, list[Transaction | None]] = {}

    def forget(self) -> None:
        """Take the blocks that are open for over: the hooks go, and nothing will say when."""
        for blocks in self._open.values():
            for block in blocks:
                if block is not None:
                    block.over = True
        self._open.clear()

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
            block = Transaction(transaction.get(), current.get(), name, connection.alias)
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
                    self._left(self_, block, before, raised=True)
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

    def _left(
        self, atomic: Any, block: Transaction, outcome: str | None, *, raised: bool = False
    ) -> None:
        recorder = self._tools.recorder
        try:
            block.over = True
            connection = self._get_connection(atomic.using)
            if raised and outcome == "committed" and not _has_committed(connection, block):
                outcome = "rolled back"
            if outcome != "committed":
                self._callbacks.discard(connection)
            if not block.id:
                return
            recorder.blocks.end(
                block,
                ',"alias":%s,"savepoint":%s,"durable":%s,"outcome":%s'
                % (
                    quote(block.alias),
                    "true" if block.name == '"savepoint"' else "false",
                    "true" if atomic.durable else "false",
                    "null" if outcome is None else quote(outcome),
                ),
            )
            span = current.get()
            if span is None or span.kind in CALLS_USERS:
                recorder.flush(span)
        except Exception as error:
            recorder.failed(error)


def _has_committed(connection: Any, block: Transaction) -> bool:
    """Whether a block was committed before what followed, such as a callback, raised.

    Django notes the commit until all that was to run after it has run.
    """
    flag = getattr(connection, "run_commit_hooks_on_set_autocommit_on", False)
    return block.name == '"atomic"' and flag is True
