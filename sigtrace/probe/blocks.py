"""Writes atomic blocks: only those in which a span was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .spans import Transaction, clock
from .text import quote

if TYPE_CHECKING:
    from .recorder import Recorder


class Blocks:
    """Gives atomic blocks their lines when the first span in them needs their id."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def use(self, block: Transaction) -> str:
        """Return the id of the innermost block around `block` that is not over, or null."""
        while block.over:
            if block.outer is None:
                return "null"
            block = block.outer
        if not block.id:
            self._announce(block)
        return block.id

    def _announce(self, block: Transaction) -> None:
        around = self._around(block)
        recorder = self._recorder
        block.process = process = recorder.process or recorder.open_process()
        block.id = process.next_id()
        block.scope = recorder.scopes.use() if block.span is None else block.span.scope
        parent = "null" if block.span is None else block.span.id
        recorder.pending.lines.append(
            f'{{"event":"begin","kind":"transaction","id":{block.id},"parent":{parent},'
            f'"time":{block.start + process.epoch},"name":{block.name},'
            f'"alias":{quote(block.alias)},"transaction":{around}}}\n'
        )

    def _around(self, block: Transaction) -> str:
        return "null" if block.outer is None else self.use(block.outer)

    def end(self, block: Transaction, tail: str) -> None:
        """Gather the `end` line of an atomic block that some span was inside of."""
        recorder = self._recorder
        process = recorder.process
        if process is None or block.process is not process:
            return
        around = self._around(block)
        parent = "null" if block.span is None else block.span.id
        recorder.pending.lines.append(
            f'{{"event":"end","kind":"transaction","id":{block.id},"parent":{parent},'
            f'"scope":{block.scope},"transaction":{around},"name":{block.name},'
            f'{recorder.pending.origin}"time":{block.start + process.epoch},'
            f'"duration_ns":{clock() - block.start},"exception":null{tail}}}\n'
        )
