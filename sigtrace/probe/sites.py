"""Finds the call site: the line of the project's own code that set an operation off."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .places import DJANGO, INTERNAL, NOWHERE, OWN, Place, Places

if TYPE_CHECKING:
    from types import FrameType

_OVERRIDES = frozenset(("save", "delete", "asave", "adelete", "save_base"))


class Sites:
    """Walks the stack outwards; own code wins over third-party code, and both over none."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._known: dict[tuple[str, int], Place] = {}

    def find(self, instance: Any = None) -> Place:
        """Return the nearest own line that is no `save` or `delete` override of `instance`."""
        origin = self._places.origin
        third: tuple[str, int] | None = None
        frame: FrameType | None = sys._getframe(2)
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
            frame = frame.f_back
        return NOWHERE if third is None else self._place(*third)

    def _place(self, filename: str, line: int) -> Place:
        known = self._known.get((filename, line))
        if known is None:
            if len(self._known) > 10_000:
                self._known.clear()
            known = self._known[filename, line] = self._places.place(filename, line)
        return known


def _is_override(frame: FrameType, instance: Any) -> bool:
    code = frame.f_code
    if instance is None or not code.co_argcount:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is instance
