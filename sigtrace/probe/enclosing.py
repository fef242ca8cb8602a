"""Writes what spans happen in, atomic blocks and scopes: only where a span was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .spans import Scope, Transaction, clock, current, scope
from .text import quote

if TYPE_CHECKING:
    from .recorder import Recorder


class Enclosing:
    """Gives atomic blocks and scopes their lines when the first span in them needs their id."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def use_transaction(self, block: Transaction) -> str:
        """Return the id of the innermost block around `block` that is not over, or null."""
        while block.over:
            if block.outer is None:
                return "null"
            block = block.outer
        if not block.id:
            self._announce(block)
        return block.id

    def _announce(self, block: Transaction) -> None:
        if block.outer is not None and not block.outer.id and not block.outer.over:
            self._announce(block.outer)
        recorder = self._recorder
        block.process = process = recorder.process or recorder.open_process()
        block.id = process.next_id()
        block.scope = self.use_scope() if block.span is None else block.span.scope
        parent = "null" if block.span is None else block.span.id
        recorder.pending.lines.append(
            f'{{"event":"begin","kind":"transaction","id":{block.id},"parent":{parent},'
            f'"time":{block.start + process.epoch},"name":{block.name}}}\n'
        )

    def end_transaction(self, block: Transaction, tail: str) -> None:
        """Gather the `end` line of an atomic block that some span was inside of."""
        recorder = self._recorder
        process = recorder.process
        if process is None or block.process is not process:
            return
        outer = block.outer
        while outer is not None and outer.over:
            outer = outer.outer
        parent = "null" if block.span is None else block.span.id
        around = "null" if outer is None else outer.id
        recorder.pending.lines.append(
            f'{{"event":"end","kind":"transaction","id":{block.id},"parent":{parent},'
            f'"scope":{block.scope},"transaction":{around},"name":{block.name},'
            f'{recorder.pending.origin}"time":{block.start + process.epoch},'
            f'"duration_ns":{clock() - block.start},"exception":null{tail}}}\n'
        )

    def use_scope(self) -> str:
        """Return the id of the innermost scope, or null."""
        inner = scope.get()
        if inner is None:
            return "null"
        if not inner.id or inner.process is not self._recorder.process:
            self._scope_line(inner, closed=False, status=None)
        return inner.id

    def close_scope(self, ended: Scope, status: int | None) -> None:
        """Say what became of a scope, if any span was recorded in it."""
        recorder = self._recorder
        if ended.id and ended.process is recorder.process and recorder.process is not None:
            self._scope_line(ended, closed=True, status=status)
            recorder.flush(current.get())

    def _scope_line(self, which: Scope, *, closed: bool, status: int | None) -> None:
        recorder = self._recorder
        process = recorder.process or recorder.open_process()
        outer = "null"
        if which.outer is not None:
            if not which.outer.id:
                self._scope_line(which.outer, closed=False, status=None)
            outer = which.outer.id
        if which.process is not process:
            which.process = process
            which.id = which.id or process.next_id()
        recorder.pending.lines.append(
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
