"""One name for each signal, receiver and class, the same wherever it is met."""

from __future__ import annotations

import functools
import re
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from .identity import IdentityCache
from .places import NOWHERE, Place, Places
from .standins import original_of
from .text import quote, type_path

_MODULE_DICT: Any = vars(ModuleType)["__dict__"]


class Receiver(NamedTuple):
    """What there is to say of a receiver, whatever the send: JSON texts."""

    name: str
    place: Place


class Name(NamedTuple):
    """A signal's import path and the last part of it, both as JSON text."""

    path: str
    short: str

    @property
    def is_final(self) -> bool:
        """Whether a module holds the signal; a later one may, where none does yet."""
        return not self.path.endswith('>"')


class Receivers:
    """Names receivers by what runs, and says where that stands."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._functions = IdentityCache(self._describe_function).get
        self._others = IdentityCache(self._describe).get

    def __call__(self, receiver: Any) -> Receiver:
        """Describe any callable without calling, comparing or keeping it."""
        receiver = original_of(receiver)
        if type(receiver) is MethodType:
            # A bound method is made anew for every send, its function is not.
            receiver = receiver.__func__
        if type(receiver) is FunctionType:
            return self._functions(receiver)
        return self._others(receiver)

    def _describe_function(self, function: Any) -> Receiver:
        inner = function
        while True:
            wrapped = original_of(inner.__dict__.get("__wrapped__"))
            if type(wrapped) is not FunctionType or wrapped is inner:
                break
            inner = wrapped
        code: CodeType = inner.__code__
        return Receiver(
            quote(f"{_module_of(function)}.{function.__qualname__}".removeprefix("?.")),
            self._places.place(code.co_filename, code.co_firstlineno),
        )

    def _describe(self, receiver: Any) -> Receiver:
        kind = type(receiver)
        if issubclass(kind, functools.partial):
            return self(functools.partial.func.__get__(receiver))
        if issubclass(kind, type):
            return Receiver(quote(type_path(receiver)), self._class_place(receiver, "__init__"))
        if kind is MethodType:
            return self(receiver)
        if kind is BuiltinFunctionType:
            return Receiver(quote(f"{receiver.__module__}.{receiver.__qualname__}"), NOWHERE)
        call = class_attribute(kind, "__call__")
        own = _name_of_mock(receiver)
        if type(call) is FunctionType and not own:
            return self._functions(call)
        return Receiver(quote(type_path(kind) + own), NOWHERE)

    def _class_place(self, cls: type, method: str) -> Place:
        function = class_attribute(cls, method)
        if type(function) is not FunctionType:
            return NOWHERE
        return self._places.place(function.__code__.co_filename, function.__code__.co_firstlineno)


class Signals:
    """Names signals by the path under which a module holds them.

    Several modules may hold one: the one that made it comes first, then those whose source assigns
    it, what a call returns before another name; then the shortest path, then the alphabet. A signal
    that no module holds is named by the line that made it, if that is known.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._made: IdentityCache[tuple[str, str, int]] = IdentityCache(lambda _: ("", "", 0))
        self._names: IdentityCache[Name] = IdentityCache(self._find_name)
        self._modules_seen = -1

    def made(self, signal: Any, module: str, filename: str, line: int) -> None:
        """Remember which line made a signal."""
        self._made.remember(signal, (module, filename, line))

    def __call__(self, signal: Any) -> Name:
        """Name a signal."""
        name = self._names.get(signal)
        if not name.is_final and len(sys.modules) != self._modules_seen:
            # Met before its module had given it a name: look again once there is something new.
            self._names.forget(signal)
            name = self._names.get(signal)
        return name

    def _find_name(self, signal: Any) -> Name:
        module, filename, line = self._made.get(signal)
        self._modules_seen = len(sys.modules)
        paths = _paths_to(signal, module) or [
            path for name in list(sys.modules) for path in _paths_to(signal, name)
        ]
        if paths:
            path = paths[0] if len(paths) == 1 else min(paths, key=_rank)
            return Name(quote(path), quote(path.rpartition(".")[2]))
        if not filename:
            return Name('"<Signal>"', '"<Signal>"')
        where = self._places.place(filename, line).begin
        shown = where.replace(',"file":', "").replace('"', "").replace(",line:", ":")
        short = f"<Signal at {shown}>"
        return Name(quote(f"{module}.{short}"), quote(short))


def _name_of_mock(receiver: Any) -> str:
    """What goes behind the class of a mock that was given a name: all have one `__call__`."""
    if not any(type_path(base).endswith(".NonCallableMock") for base in type.mro(type(receiver))):
        return ""
    held = object.__getattribute__(receiver, "__dict__")
    name = held.get("_mock_name") or held.get("_mock_new_name")
    return f".{name}" if name and type(name) is str else ""


def _paths_to(signal: Any, module_name: str) -> list[str]:
    module = sys.modules.get(module_name)
    if module is None or not issubclass(type(module), ModuleType):
        return []
    paths = []
    for attribute, value in list(_MODULE_DICT.__get__(module).items()):
        if value is signal:
            paths.append(f"{module_name}.{attribute}")
        elif issubclass(type(value), type) and _module_of(value) == module_name:
            paths += [f"{module_name}.{path}" for path in _paths_in(signal, value)]
    return paths


def _paths_in(signal: Any, cls: Any) -> list[str]:
    """The attributes of a class, and of the classes within it, that hold the signal."""
    paths = []
    for attribute, value in list(type.__dict__["__dict__"].__get__(cls).items()):
        if value is signal:
            paths.append(f"{cls.__qualname__}.{attribute}")
        elif issubclass(type(value), type) and value.__qualname__.startswith(
            f"{cls.__qualname__}.{attribute}"
        ):
            paths += _paths_in(signal, value)
    return paths


def _rank(path: str) -> tuple[int, int, int, str]:
    """The least one is the path to name a signal by."""
    return _assignment(path), path.count("."), len(path), path


def _assignment(path: str) -> int:
    """What the source gives that name: 0 for what a call returns, 1 for another name, 2 nothing.

    The last is for what a module imports. What a class within it holds, it was assigned.
    """
    owner, _, name = path.rpartition(".")
    module = owner
    while module not in sys.modules and module:
        module = module.rpartition(".")[0]
    file = getattr(sys.modules.get(module), "__file__", None)
    indent = "" if module == owner else r"\s+"
    assigned = re.compile(rf"{indent}{re.escape(name)}\s*(?::[^=]*)?=(?!=)(?P<value>[^#]*)").match
    try:
        with open(file or "", encoding="utf-8", errors="replace") as source:
            values = [found["value"] for found in map(assigned, source) if found]
    except (OSError, ValueError):
        values = []
    if any(re.search(r"[\w\])]\s*\(", value) for value in values):
        return 0
    return 1 if values or indent else 2


def class_attribute(cls: type, attribute: str) -> Any:
    """Look a name up in the classes of `cls`, past any `__getattribute__` of its metaclass."""
    for base in type.mro(cls):
        found = type.__dict__["__dict__"].__get__(base).get(attribute)
        if found is not None:
            return found
    return None


def _module_of(thing: Any) -> str:
    if issubclass(type(thing), type):
        try:
            module = type.__dict__["__module__"].__get__(thing)
        except AttributeError:
            module = None
    else:
        module = thing.__module__
    return module if type(module) is str else "?"
