"""Finds the call site: the line of the project's own code that set an operation off."""

from __future__ import annotations

import sys
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from .places import DJANGO, INTERNAL, NOWHERE, OWN, Place, Places, is_entry, is_thread_entry
from .spans import current
from .steps import Steps

if TYPE_CHECKING:
    from types import FrameType

_OVERRIDES = frozenset(("save", "delete", "asave", "adelete", "save_base"))
# Under which name the functions that run a loop until a task is done hold that task.
_TASKS = {"BaseEventLoop.run_until_complete": "future", "Runner.run": "task"}


class Sites:
    """Walks the stack outwards; own code wins over third-party code, and both over none."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._known: dict[tuple[str, int], Place] = {}

    def find(self, instance: Any = None) -> Place:
        """Return the nearest own line that is no `save` or `delete` override of `instance`.

        Below a thread that asgiref runs sync code in, and below the first step of a task, stands
        what drives the event loop, not who awaits: an async receiver does that the thread works
        for, or who has the loop run for this very task, or else it is not known.
        """
        passed = self._places.passed
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename in passed:
            frame = frame.f_back
        origin = self._places.origin
        third: tuple[str, int] | None = None
        while frame is not None:
            code = frame.f_code
            whose = origin(code.co_filename)
            if whose is not INTERNAL and whose is not DJANGO:
                if code.co_name in _OVERRIDES and _is_override(frame, instance):
                    frame = frame.f_back
                    continue
                if whose is OWN:
                    return self._place(code.co_filename, frame.f_lineno)
                if third is None:
                    third = (code.co_filename, frame.f_lineno)
            elif whose is INTERNAL and is_entry(code):
                if is_thread_entry(code):
                    awaits = self._in_receiver(instance)
                    if awaits is not None:
                        return awaits
                    break
                frame = self._around_loop(frame)
                continue
            frame = frame.f_back
        return NOWHERE if third is None else self._place(*third)

    def _around_loop(self, frame: FrameType | None) -> FrameType | None:
        """Return who has a loop run until the current task is done; None if it runs for others."""
        while frame is not None and self._places.origin(frame.f_code.co_filename) is INTERNAL:
            held = _TASKS.get(frame.f_code.co_qualname)
            if held is not None:
                task = frame.f_locals.get(held)
                return frame.f_back if task is _current_task() else None
            frame = frame.f_back
        return None

    def _in_receiver(self, instance: Any) -> Place | None:
        """Return the own line at which the innermost async receiver waits."""
        span = current.get()
        while span is not None and getattr(span, "coroutine", None) is None:
            span = span.up
        found = None
        coroutine = getattr(span, "coroutine", None)
        while coroutine is not None:
            if issubclass(type(coroutine), Steps):
                coroutine = coroutine.inner
            if type(coroutine) is not CoroutineType or coroutine.cr_frame is None:
                break
            frame = coroutine.cr_frame
            code = frame.f_code
            if self._places.origin(code.co_filename) is OWN and not (
                code.co_name in _OVERRIDES and _is_override(frame, instance)
            ):
                found = self._place(code.co_filename, frame.f_lineno)
            coroutine = coroutine.cr_await
        return found

    def _place(self, filename: str, line: int) -> Place:
        known = self._known.get((filename, line))
        if known is None:
            if len(self._known) > 10_000:
                self._known.clear()
            known = self._known[filename, line] = self._places.place(filename, line)
        return known


def _current_task() -> Any:
    asyncio = sys.modules["asyncio"]
    return None if asyncio._get_running_loop() is None else asyncio.current_task()


def _is_override(frame: FrameType, instance: Any) -> bool:
    code = frame.f_code
    if instance is None or not code.co_argcount:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is instance
