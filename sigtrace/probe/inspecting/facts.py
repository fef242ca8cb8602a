"""Describes receivers, senders, uids and places as records of an inspection."""

from __future__ import annotations

import functools
import json
import os
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from ...options import RecordOptions
from ..describe import Describer
from ..naming import Receivers
from ..places import DJANGO, OWN, THIRD_PARTY, Places
from ..text import type_path
from ..uids import without_addresses
from .packages import Packages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Record = dict[str, Any]
_TAKES_ANY_KEYWORD = 0x08  # inspect.CO_VARKEYWORDS
_ALWAYS_SENT = ("signal", "sender")


class Facts:
    """One description for each thing, by the functions that name it in a trace."""

    def __init__(self, places: Places, project: str) -> None:
        self._places = places
        self._project = project
        self._receivers = Receivers(places)
        self._describe = Describer(RecordOptions(run_dir=""), self._receivers)
        self._packages = Packages(project)

    def place(self, filename: str, line: int | None) -> Record:
        """Describe a line of a file, or the file."""
        told = _parsed(self._places.place(filename, line or 0).fields)
        return self._with_package({**told, "line": line})

    def receiver(self, receiver: Any) -> Record:
        """Describe any callable without calling or comparing it."""
        known = self._receivers(receiver)
        return {
            "name": json.loads(known.name),
            "kind": _kind(receiver),
            "place": self._with_package(_parsed(known.place.fields)),
            "accepts_kwargs": _accepts_kwargs(receiver),
            "refuses": _refuses(receiver),
        }

    def sender(self, sender: Any) -> Record:
        """Describe what was given as `sender`."""
        if sender is None:
            return {"kind": "any"}
        label = json.loads(self._describe.sender(sender))
        told: Record = {"kind": "object", "label": label if type(label) is str else str(label)}
        if isinstance(sender, str):
            told["kind"] = "string"
        elif isinstance(sender, type):
            model = self._describe.model(sender)
            told["kind"] = "class" if model is None else "model"
            told["path"] = type_path(sender)
            if model is not None:
                told["abstract"] = bool(sender._meta.abstract)  # type: ignore[attr-defined]
                told["historical"] = model.historical
        return told

    def sender_of_entry(self, entry: Any) -> Record:
        """Describe the sender of an item of `Signal.receivers`, which may hold but its id."""
        from django.apps import apps

        number = entry[0][1]
        if number == id(None):
            return self.sender(None)
        models = apps.get_models(include_auto_created=True, include_swapped=True)
        found = next((model for model in models if id(model) == number), None)
        return {"kind": "unknown"} if found is None else self.sender(found)

    def uid(self, uid: Any, addresses: Collection[int]) -> Any:
        """Write a dispatch_uid: a text or number but for its `addresses`, of a tuple its items.

        Of all else its type.
        """
        if type(uid) is tuple:
            return "<(%s)>" % ", ".join(str(self.uid(item, addresses)) for item in uid)
        told = without_addresses(uid, addresses)
        return told if type(told) is str else json.loads(self._describe.value(told))

    def _with_package(self, place: Record) -> Record:
        """Add whose package it is; an editable one beside the project is not the project's."""
        file, origin = place["file"], place["origin"]
        if not file or file.startswith("<") or origin == DJANGO:
            return place
        if origin == OWN and not os.path.isabs(file):
            return place
        package = self._packages.owner(os.path.join(self._project, file))
        if package is None:
            return place
        found = {"origin": THIRD_PARTY, "package": package.name, "version": package.version}
        return {**place, **found}


def _parsed(fields: str) -> Record:
    """Read the fragment of JSON that the lines of a trace are made of."""
    found: Record = json.loads("{%s}" % fields[1:])
    return found


def _kind(receiver: Any) -> str:
    if type(receiver) is FunctionType:
        return "function"
    if type(receiver) is MethodType:
        return "method"
    if type(receiver) is BuiltinFunctionType:
        return "builtin"
    if issubclass(type(receiver), functools.partial):
        return "partial"
    return "class" if issubclass(type(receiver), type) else "instance"


def _accepts_kwargs(receiver: Any) -> bool | None:
    """Whether any keyword is taken, through decorators, as Django's own check sees it."""
    unwrap: dict[str, Callable[[Any], Any]] = {
        "method": lambda method: method.__func__,
        "partial": lambda partial: partial.func,
        "class": lambda cls: getattr(cls, "__init__", None),
        "instance": lambda instance: getattr(type(instance), "__call__", None),  # noqa: B004
    }
    for _ in range(20):  # what wraps itself does not end
        kind = _kind(receiver)
        if kind == "function":
            inner = receiver.__dict__.get("__wrapped__")
            if inner is None:
                return bool(receiver.__code__.co_flags & _TAKES_ANY_KEYWORD)
            receiver = inner
        elif kind in unwrap:
            receiver = unwrap[kind](receiver)
        else:
            return None
    return None


def _refuses(receiver: Any) -> list[str]:
    """What every send passes by keyword and the receiver does not take; none if not certain."""
    bound = 1 if _kind(receiver) == "method" else 0
    function = receiver.__func__ if bound else receiver
    # A decorator's wrapper may leave an argument out, or have been given it.
    if type(function) is not FunctionType or "__wrapped__" in function.__dict__:
        return []
    code = function.__code__
    if code.co_flags & _TAKES_ANY_KEYWORD:
        return []
    first = max(bound, code.co_posonlyargcount)
    taken = code.co_varnames[first : code.co_argcount + code.co_kwonlyargcount]
    return [name for name in _ALWAYS_SENT if name not in taken]
