"""Whether a receiver that was called is the one that a test has in its hands."""

from __future__ import annotations

from functools import partial
from inspect import getattr_static
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Target = tuple[Callable[[], Any], ...]


def held(receiver: Any) -> Target:
    """A receiver that is at hand, as the probe tells others."""
    return (lambda: receiver,)


def is_it(asked: Any, target: Target) -> bool:
    """Whether `target`, a receiver as the probe tells it from others, is what is `asked` for.

    It is, too, if it runs that: as a partial or a decorated function does, or the method of an
    instance if its function is asked for. And so it is if the module holds it decorated by now.
    """
    called = _called(*(each() for each in target))
    if any(_is_same(each, asked) for each in _runs(called)):
        return True
    return any(_is_same(each, called) for each in _decorated(asked))


def _called(function: Any, *instance: Any) -> Any:
    if not instance or function is None:
        return function
    # Who asks for a method holds its instance: of one that is gone only the function is left.
    return function if instance[0] is None else MethodType(function, instance[0])


def _runs(receiver: Any) -> Iterator[Any]:
    """A callable, and what is called by calling it."""
    seen = set()
    while receiver is not None and id(receiver) not in seen:
        seen.add(id(receiver))
        yield receiver
        if type(receiver) is MethodType:
            receiver = receiver.__func__
        elif issubclass(type(receiver), partial):
            receiver = partial.func.__get__(receiver)
        else:
            inner = getattr_static(receiver, "__wrapped__", None)
            if inner is None and not issubclass(type(receiver), type | FunctionType):
                inner = getattr_static(type(receiver), "__call__", None)
                inner = inner if type(inner) is FunctionType else None
            receiver = inner


def _decorated(receiver: Any) -> Iterator[Any]:
    """A callable, and what it was made of by decorators that say so."""
    seen = set()
    while receiver is not None and id(receiver) not in seen:
        seen.add(id(receiver))
        yield receiver
        receiver = getattr_static(receiver, "__wrapped__", None)


def _is_same(one: Any, other: Any) -> bool:
    # A bound method is made anew each time that it is asked for.
    if type(one) is MethodType and type(other) is MethodType:
        return one.__func__ is other.__func__ and one.__self__ is other.__self__
    if type(one) is BuiltinFunctionType and type(other) is BuiltinFunctionType:
        return one == other
    return one is other
