"""Replaces attributes of classes and modules and puts every one of them back, in reverse order."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MISSING: Any = object()


class Patches:
    """The attributes that are replaced at the moment, with what stood there before."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._connected: list[tuple[Any, Any]] = []

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace the function `owner.name` by `make(original)`, which takes over its metadata.

        An owner that does not define the name itself is left alone: an attribute that a base
        class provides is replaced there.
        """
        original = vars(owner).get(name, _MISSING)
        if original is not _MISSING:
            self.set(owner, name, functools.update_wrapper(make(original), original))

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Set `owner.name`, remembering whether and what it was."""
        before = vars(owner).get(name, _MISSING)
        setattr(owner, name, value)
        self._replaced.append((owner, name, before, value))

    def connect(self, signal: Any, receiver: Any) -> None:
        """Connect to a signal of another library's, which keeps the receiver alive."""
        signal.connect(receiver, weak=False)
        self._connected.append((signal, receiver))

    def undo(self) -> None:
        """Put everything back; what somebody else has replaced since is theirs and stays."""
        while self._connected:
            signal, receiver = self._connected.pop()
            signal.disconnect(receiver)
        while self._replaced:
            owner, name, before, value = self._replaced.pop()
            if vars(owner).get(name) is not value:
                continue
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
