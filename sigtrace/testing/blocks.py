"""Which `trace()` blocks are open, and which of them a line belongs to.

A line belongs to the blocks of the context in which it is written: threads, tasks and coroutines
that run in a copy of a block's context are inside it. What runs in a context without a block (a
thread that was just started, the server of a LiveServerTestCase) belongs to the blocks that are
open, since one of them waits for it: to those of them that lie in each other, where several are
open side by side. A block that is opened there lies in those of the main thread, which runs the
tests, and beside those of other threads. But another task of the event loop in which a block was
opened has nothing to do with it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import ref

from sigtrace.probe.places import is_thread_entry

if TYPE_CHECKING:
    from types import FrameType

    from sigtrace.probe.receiving import ReceiverSpan
    from sigtrace.testing.identity import Target


class Block:
    """A stretch of code whose lines are gathered.

    `receivers` and `signals` are the objects of its calls and of their sends, by the ids of spans.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.receivers: dict[str, Target] = {}
        self.signals: dict[str, ref[Any]] = {}
        self.is_open = False
        self.around: tuple[Block, ...] = ()
        self.is_main = False
        self.loop: Any = None


_here: ContextVar[tuple[Block, ...]] = ContextVar("sigtrace_blocks", default=())
_open: list[Block] = []


def enter(block: Block) -> None:
    """Open a block in this context."""
    block.is_main = threading.current_thread() is threading.main_thread()
    around = _open_here()
    if not around and not block.is_main:
        around = _not_beside_others([one for one in _open if one.is_main])
    block.around = around
    block.loop = asyncio._get_running_loop()
    block.is_open = True
    _here.set((*block.around, block))
    _open.append(block)


def leave(block: Block) -> None:
    """Close a block, in whatever context that happens."""
    block.is_open = False
    _open.remove(block)
    _here.set(_open_here())


def hear(text: str, call: ReceiverSpan | None) -> None:
    """Give lines to the blocks that they belong to, and the call in which they are written.

    No call is missed: the line that it begins is written when it is the current one.
    """
    for block in _open_here() or _not_beside_others(list(_open)):
        block.lines.append(text)
        if call is not None and (number := call.id[1:-1]) not in block.receivers:
            block.receivers[number] = call.call.target
            send: Any = call.up
            block.signals[send.id[1:-1]] = ref(send.signal)


def _open_here() -> tuple[Block, ...]:
    return tuple(block for block in _here.get() if block.is_open)


def _not_beside_others(opened: list[Block]) -> tuple[Block, ...]:
    """The open blocks that each other one lies in or around; none for other tasks of their loop."""
    found = tuple(
        block
        for block in opened
        if all(other is block or block in other.around or other in block.around for other in opened)
    )
    if any(block.loop is not None for block in found):
        loop = _loop_here()
        found = tuple(block for block in found if block.loop is None or block.loop is not loop)
    return found


def _loop_here() -> Any:
    """The event loop that runs here, or that waits for this thread of asgiref's."""
    loop = asyncio._get_running_loop()
    frame: FrameType | None = sys._getframe(1)
    while loop is None and frame is not None:
        if is_thread_entry(frame.f_code):
            loop = frame.f_locals.get("loop")
        frame = frame.f_back
    return loop
