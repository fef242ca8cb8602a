"""Objects that stand for receivers in code that may do anything with them before it calls them."""

from __future__ import annotations

import copy
import operator
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .failures import strip

if TYPE_CHECKING:
    from collections.abc import Callable

_OWN = ("__call__", "__deepcopy__", "__reduce_ex__")
_RESULTS_DEPTH = 4


class StandIn:
    """Stands for a receiver: equal to it, of its class, and with all its attributes.

    Only `is`, `type()` and `id()` tell, and what keeps weak references.
    """

    __slots__ = ("__weakref__", "_receiver")

    def __init__(self, receiver: Any) -> None:
        _set_receiver(self, receiver)

    def __getattribute__(self, name: str) -> Any:
        if name in _OWN:
            return object.__getattribute__(self, name)
        receiver = _receiver_of(self)
        try:
            return getattr(receiver, name)
        except AttributeError as error:
            if name == "__signature__" and type(receiver) is not FunctionType:
                return _signature(receiver)
            strip(error)
            raise
        except BaseException as error:
            strip(error)
            raise

    def __reduce_ex__(self, protocol: Any) -> Any:
        # What is pickled is the receiver, by names that each process knows.
        return operator.itemgetter(0), ((_receiver_of(self),),)


# The attributes of a stand-in are those of its receiver.
_receiver_of = StandIn._receiver.__get__  # type: ignore[attr-defined]
_set_receiver = StandIn._receiver.__set__  # type: ignore[attr-defined]


def original_of(receiver: Any) -> Any:
    """The receiver that one stands for, or itself."""
    return _receiver_of(receiver) if issubclass(type(receiver), StandIn) else receiver


def _delegated(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method that does to a receiver what is done to a stand-in, in one frame."""

    def method(self: StandIn, *args: Any) -> Any:
        try:
            return operation(_receiver_of(self), *map(original_of, args))
        except BaseException as error:
            strip(error)
            raise

    return method


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "__bool__": bool,
    "__copy__": copy.copy,
    "__deepcopy__": copy.deepcopy,
    "__delattr__": delattr,
    "__eq__": operator.eq,
    "__format__": format,
    "__ge__": operator.ge,
    "__gt__": operator.gt,
    "__hash__": hash,
    "__le__": operator.le,
    "__lt__": operator.lt,
    "__ne__": operator.ne,
    "__repr__": repr,
    "__setattr__": setattr,
    "__str__": str,
}
for _name, _operation in _OPERATIONS.items():
    setattr(StandIn, _name, _delegated(_operation))


def originals_in(result: Any, depth: int = _RESULTS_DEPTH) -> Any:
    """Put the receivers back into what a subclass's own send has returned, in place if it can be.

    Only what is surely no class of the project's own is looked into.
    """
    kind = type(result)
    if issubclass(kind, StandIn):
        return _receiver_of(result)
    if kind is FunctionType:
        _unwrap(result)
    elif not depth:
        return result
    elif kind is list:
        for number, each in enumerate(result):
            original = originals_in(each, depth - 1)
            if original is not each:
                result[number] = original
    elif kind is tuple:
        originals = [originals_in(each, depth - 1) for each in result]
        if any(map(operator.is_not, originals, result)):
            return tuple(originals)
    elif kind is dict:
        _restore(result, depth)
    return result


def _restore(results: dict[Any, Any], depth: int) -> None:
    pairs = [(originals_in(key, 1), originals_in(results[key], depth - 1)) for key in results]
    if any(map(operator.is_not, (key for key, _ in pairs), results)):
        # An equal key that is there stays, so it has to go first.
        results.clear()
    results.update(pairs)


def _unwrap(function: FunctionType) -> None:
    """Another tool's function, made by `functools.wraps`, stays what it would be."""
    wrapped = function.__dict__.get("__wrapped__")
    if issubclass(type(wrapped), StandIn):
        function.__dict__["__wrapped__"] = _receiver_of(wrapped)


def _signature(receiver: Any) -> Any:
    """That of an instance with `__call__`, where `inspect` would look at the class of what stands
    for it. Raises AttributeError if it has none.
    """
    from inspect import signature

    try:
        return signature(receiver)
    except (TypeError, ValueError):
        raise AttributeError("__signature__") from None
