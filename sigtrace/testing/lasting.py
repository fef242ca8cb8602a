"""The events of a block as they are in every run of the code, for trees that are stored."""

from __future__ import annotations

import os
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigtrace.events import M2M_ACTIONS, M2M_CHANGED, sender_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

Event = dict[str, Any]

_ANONYMOUS = re.compile(r"<Signal at [^>]*>")
_CELL = re.compile(r"(?:^|/)ipykernel_\d+/[^/]+$")
_LIBRARY = Path(sysconfig.get_path("stdlib"))

_PATH = r"(?:\w+|<\w+>)(?:\.(?:\w+|<\w+>))*"
# Bytes are a value, of which only the length is recorded.
_OBJECT = re.compile(
    rf"<(?!bytes \d|bytearray \d)(?:class |function )?{_PATH}(?: \d+)?>|<QuerySet (?:{_PATH}|\?)>"
)
_INSTANCE = re.compile(r"(\w+\.\w+)( pk=.*)?", re.DOTALL)


def lasting(events: Sequence[Event], base: str, root: str) -> list[Event]:
    """The events without what differs from run to run, and from machine to machine.

    Files are relative to `root`, whether they lie in it or beside it; `base` is what they were
    written relative to. Of a signal without a name it is known only in some where it was made.
    """

    def path(file: str) -> str:
        whole = Path(base) / file
        # The folder of a notebook's cells has the number of its process.
        if _CELL.search(file):
            return "<cell>"
        # What is installed is drawn from its package on; the code of a shell has no file.
        if "-packages" + os.sep in file or file.startswith("<") or not whole.is_absolute():
            return file
        if whole.is_relative_to(_LIBRARY):
            return str(whole.relative_to(_LIBRARY))
        return os.path.relpath(whole, root or base or os.sep)

    def name(text: str) -> str:
        return _ANONYMOUS.sub("<Signal>", text)

    changes = {"file": path, "name": name, "signal": name}
    return [
        event
        | {
            key: change(value)
            for key, change in changes.items()
            if isinstance(value := event.get(key), str)
        }
        for event in events
    ]


def without_values(events: Sequence[Event], *, recorded: bool) -> list[Event]:
    """The events as a process writes them that records no values; `recorded` says if this one did.

    So what is drawn of them does not depend on what a run around records, nor does what folds.
    """
    found = []
    for event in events:
        changed: dict[str, Any] = {}
        if isinstance(sender := event.get("sender"), str):
            changed["sender"] = sender_kind(sender)
        if isinstance(arguments := event.get("arguments"), dict):
            changed["arguments"] = {
                name: _kind(value, recorded=recorded) for name, value in arguments.items()
            }
            action = arguments.get("action")
            if event.get("signal") == M2M_CHANGED and action in M2M_ACTIONS:
                changed["arguments"]["action"] = action
        found.append(event | changed)
    return found


def _kind(value: object, *, recorded: bool) -> object:
    """What `--values none` records of an argument: None for a scalar."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    if _OBJECT.fullmatch(value):
        return value
    instance = _INSTANCE.fullmatch(value)
    # Where values are recorded an instance has its key, and a text may look like a label.
    if instance is None or (recorded and not instance[2]):
        return None
    return instance[1]
