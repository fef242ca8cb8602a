"""One connection as it was asked for, and how it is found again in `Signal.receivers`."""

from __future__ import annotations

import weakref
from typing import Any

Record = dict[str, Any]


class Note:
    """One connection as it was asked for; `key` is Django's own of its receiver and sender."""

    def __init__(self, key: tuple[Any, Any], uid: Any, told: Record) -> None:
        self.key = key
        self.uid = uid
        self.told = told
        self.connects = 1
        self.gone = False
        self.collected = False
        self.watch: Any = None

    def stands_for(self, entry: Any) -> bool:
        """Whether an item of `Signal.receivers` is this one, without a `==` of a user's object."""
        first, sender = entry[0]
        if self.gone or sender != self.key[1]:
            return False
        return first is self.uid if self.uid is not None else _is_key(first, self.key[0])


def _is_key(key: Any, ours: Any) -> bool:
    """Whether a key of Django's is ours; it may be anything that serves as a dispatch_uid."""
    if type(key) is int:
        return bool(key == ours)
    return type(key) is tuple and all(type(part) is int for part in key) and key == ours


def alive(entry: Any) -> Any:
    """Return the receiver of an item of `Signal.receivers`, None if it is gone."""
    receiver = entry[1]
    return receiver() if isinstance(receiver, weakref.ReferenceType) else receiver


def label_of(sender: Any) -> str:
    """Return the label of a model in lower case, nothing for what is none."""
    return str(getattr(getattr(sender, "_meta", None), "label_lower", ""))
