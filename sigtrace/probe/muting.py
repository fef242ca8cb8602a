"""The sends of the muted signals: Django's own, without a frame of ours around the receivers."""

from __future__ import annotations

from types import MethodType
from typing import Any


class MutedSend:
    """Stands in a signal's instance dictionary for one of its sends.

    What `__call__` returns is called by Python itself, after the property has returned: so a stack
    that a receiver takes shows Django's frames only. Where the class has been given another send
    since, as by `mock.patch`, that one is called.
    """

    __slots__ = ("_attributes", "_name", "_original", "_replacement")

    def __init__(self, signal: Any, signal_class: type, name: str, original: Any) -> None:
        self._original = MethodType(original, signal)
        self._name = name
        self._attributes = vars(signal_class)
        self._replacement = self._attributes[name]

    @property
    def __call__(self) -> Any:
        found = self._attributes[self._name]
        if found is self._replacement:
            return self._original
        bind = getattr(type(found), "__get__", None)
        signal = self._original.__self__
        return found if bind is None else bind(found, signal, type(signal))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)
