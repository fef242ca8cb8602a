"""Finds the line that connected a receiver, and whether an app's `ready` was running."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from ..places import DJANGO, INTERNAL, OWN, THIRD_PARTY

if TYPE_CHECKING:
    from types import FrameType

    from ..places import Places

_CONNECTING = (
    os.path.join("django", "dispatch", "dispatcher.py"),
    os.path.join("django", "db", "models", "signals.py"),
)
_REGISTRY = os.path.join("django", "apps", "registry.py")


class Connector(NamedTuple):
    """The connecting line; `how` is receiver or connect, `ready` the label of an app or None."""

    filename: str | None
    line: int | None
    how: str
    ready: str | None


def find_connector(places: Places) -> Connector:
    """Describe who called `connect`: the nearest own line, else third-party, else Django's.

    Not beyond an import: a package that connects when it is imported has done so itself, whoever
    imported it.
    """
    found: dict[str, tuple[str, int]] = {}
    how, ready, beyond = "connect", None, False
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_populate(frame):
        code = frame.f_code
        filename = code.co_filename
        if filename.endswith(_CONNECTING):
            # For a sender that is a string Django goes through its app registry in between.
            if code.co_name == "_decorator" and found.keys() <= {DJANGO}:
                how = "receiver"
        elif filename.startswith("<frozen importlib"):
            beyond = True
        elif not beyond and (origin := places.origin(filename)) is not INTERNAL:
            found.setdefault(origin, (filename, frame.f_lineno))
        if code.co_name == "ready" and frame.f_back is not None and _is_populate(frame.f_back):
            config = frame.f_back.f_locals.get("app_config")
            ready = str(getattr(config, "label", "?"))
        frame = frame.f_back
    place = found.get(OWN) or found.get(THIRD_PARTY) or found.get(DJANGO) or (None, None)
    return Connector(place[0], place[1], how, ready)


def _is_populate(frame: FrameType) -> bool:
    """Whether this is where Django calls each app's `ready`: what is beyond has no say in it."""
    return frame.f_code.co_name == "populate" and frame.f_code.co_filename.endswith(_REGISTRY)
