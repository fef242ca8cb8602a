"""Objects of the target told apart by their identity: never hashed, compared or kept alive."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class IdentityCache(Generic[Value]):
    """Remembers `make(object)` for as long as the object lives: its death takes the entry away.

    The objects are the target's: their `__hash__` and `__eq__` are not ours to call, and their
    lifetime is not ours to stretch. What takes no weak reference is made anew each time.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self._entries: dict[int, tuple[ref[Any], Value]] = {}

    def get(self, key: Any) -> Value:
        """Return the value for `key`, making it the first time."""
        entry = self._entries.get(id(key))
        return self.remember(key, self._make(key)) if entry is None else entry[1]

    def remember(self, key: Any, value: Value) -> Value:
        """Store a value for `key` and return it."""
        number = id(key)
        entries = self._entries

        def forget(_: Any) -> None:
            entries.pop(number, None)

        try:
            entries[number] = (ref(key, forget), value)
        except TypeError:
            pass
        return value

    def forget(self, key: Any) -> None:
        """Drop what is known of `key`."""
        self._entries.pop(id(key), None)


def receiver_key(receiver: Any) -> Any:
    """What tells a receiver from others while it lives, without asking it for an attribute.

    A bound method is made anew for every send, its two parts are not.
    """
    if type(receiver) is MethodType:
        return (id(receiver.__self__), id(receiver.__func__))
    return id(receiver)
