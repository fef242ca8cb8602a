"""Writes the target's values as JSON text without running a line of the target's code.

No `repr`, `str` or `==` of users' objects, no QuerySet evaluated, no deferred field loaded: what is
not a plain value is written by its type, or as `blog.Article pk=7`.
"""

from __future__ import annotations

import functools
from operator import is_
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from ..events import HIDDEN, M2M_ACTIONS, M2M_CHANGED
from .addresses import filter_address
from .hiding import Hiding
from .identity import IdentityCache
from .models import Model, Models, state
from .naming import Receivers
from .scalars import CUT, SCALAR_BASES, SCALARS, SCALARS_BY_ID
from .text import quote, type_path
from .wording import Usual

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import RecordOptions
    from .wording import Wording

_HIDDEN = quote(HIDDEN)
_M2M_CHANGED = quote(M2M_CHANGED)
_MOST_NAMES = 10_000
_WIDE = 1 << 63
_STRING = SCALARS[str]
_MARK = '"'
# A part that is cut in its middle would look less random than it is.
_ENOUGH = slice(1_000)


class Describer:
    """Describes values, senders and models under the privacy options of the run."""

    def __init__(self, options: RecordOptions, receivers: Receivers) -> None:
        self._mode = options.values
        self._receivers = receivers
        self.hidden = Hiding(options)
        self._redact = options.redact
        self._show = options.show
        self.model = Models(self.hidden).get
        self._kinds = IdentityCache(self._kind).get
        self._names: dict[str, tuple[str, bool]] = {}
        self._senders = IdentityCache(self._describe_class).get

    def arguments(self, named: dict[str, Any], wording: Wording, model: Model | None) -> str:
        """Write a send's keyword arguments as a JSON object; `model` is that of its instance."""
        usual = wording.usual
        if usual is not None and model is not None and [*named] == usual.names:
            values = [*named.values()]
            instance, values[0] = values[0], None
            if all(map(is_, values, usual.values)):
                return f'{{"instance":{self._instance(instance, model)}{usual.text}}}'
        texts = [self._argument(name, value) for name, value in named.items()]
        if self._mode == "none" and wording.signal == _M2M_CHANGED:
            action = named.get("action")
            if type(action) is str and action in M2M_ACTIONS:
                texts[[*named].index("action")] = f'"action":"{action}"'
        if model is not None:
            names, (_, *values) = [*named], [*named.values()]
            if names[0] == "instance" and all(map(_is_lasting, values)):
                text = "".join([f",{each}" for each in texts[1:]])
                wording.usual = Usual(names, [None, *values], text)
        return "{%s}" % ",".join(texts)

    def _argument(self, name: str, value: Any) -> str:
        label, hidden = self._names.get(name) or self._name(name)
        return label + self.value(value, hidden)

    def _name(self, name: str) -> tuple[str, bool]:
        if len(self._names) > _MOST_NAMES:
            self._names.clear()
        known = self._names[name] = (f"{quote(name)}:", self.hidden(name))
        return known

    def value(self, value: Any, hidden: bool = False) -> str:
        """Write one value as JSON text; scalars are starred if `hidden`, left out in mode none."""
        if value is None:
            return "null"
        if value is True:
            return "true"
        if value is False:
            return "false"
        # By id: a metaclass may have a hash of its own.
        scalar = SCALARS_BY_ID.get(id(type(value)))
        if scalar is None:
            is_scalar, write = self._kinds(type(value))
            if not is_scalar:
                return write(value)
            scalar = write
        if self._mode == "none":
            return "null"
        if scalar is _STRING and str.__contains__(value, "/") and self._mode == "redacted":
            value = self._address(value)
        return _HIDDEN if hidden else scalar(value)

    def _kind(self, cls: type) -> tuple[bool, Callable[[Any], str]]:  # noqa: PLR0911  (a table)
        """Choose once for each class how its instances are written, and whether as scalars."""
        for base in type.mro(cls):
            if any(base is scalar for scalar in SCALAR_BASES):
                return True, SCALARS[base]
            if any(base is container for container in _CONTAINERS):
                return False, functools.partial(_container, type_path(cls), vars(base)["__len__"])
            path = type_path(base)
            if path == "django.db.models.base.Model":
                return False, self.instance
            if path == "django.db.models.query.QuerySet":
                return False, self._queryset
            if base is type:
                return False, lambda value: quote(f"<class {type_path(value)}>")
        if cls is FunctionType or cls is MethodType:
            return False, lambda value: quote(f"<function {self._receivers(value).name[1:-1]}>")
        text = quote(f"<{type_path(cls)}>")
        return False, lambda _: text

    def instance(self, instance: Any) -> str:
        """Write a model instance: `blog.Article pk=7`."""
        model = self.model(type(instance))
        if model is None:
            return quote(f"<{type_path(type(instance))}>")
        return self._instance(instance, model)

    def _instance(self, instance: Any, model: Model) -> str:
        if self._mode == "none":
            return model.label_text
        if model.plain_key:
            key = state(instance).get(model.plain_key)
            if type(key) is int and -_WIDE < key < _WIDE:
                return f'{model.begin_text}{key}"'
        return quote(f"{model.label} pk={self._key_text(instance, model)}")

    def key(self, instance: Any, model: Model) -> str:
        """Write the primary key of an instance; a composite one as a list."""
        if model.plain_key and self._mode != "none":
            key = state(instance).get(model.plain_key)
            if type(key) is int and -_WIDE < key < _WIDE:
                return f"{key}"
        held = state(instance)
        values = [self.value(held.get(name), model.key_hidden) for name in model.key]
        return values[0] if len(values) == 1 else f"[{','.join(values)}]"

    def _key_text(self, instance: Any, model: Model) -> str:
        held = state(instance)
        texts = []
        for name in model.key:
            value = held.get(name)
            if value is None:
                texts.append("None")
            elif model.key_hidden:
                texts.append(HIDDEN)
            elif type(value) is str:
                texts.append(value[:CUT])
            elif id(type(value)) in SCALARS_BY_ID:
                texts.append(SCALARS[type(value)](value).strip('"'))
            else:
                texts.append(f"<{type_path(type(value))}>")
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def _queryset(self, queryset: Any) -> str:
        model = self.model(state(queryset).get("model"))
        return quote(f"<QuerySet {model.label if model else '?'}>")

    def sender(self, sender: Any) -> str:
        """Write a sender: a class by its label or path, another object with its type.

        What is null is no sender: of a value its type stands where no values are written.
        """
        if sender is None:
            return "null"
        if issubclass(type(sender), type):
            return self._senders(sender)
        if type(sender) is str:
            return self._text_sender(sender)
        if type_path(type(sender)) == "module":
            return quote(str(sender.__name__))
        return self._value_sender(sender)

    def _text_sender(self, sender: str) -> str:
        if self._mode == "none":
            return '"<str>"'
        text = self._address(sender) if self._mode == "redacted" else sender
        return quote("'%s'" % text[:CUT])

    def _value_sender(self, sender: Any) -> str:
        scalar = SCALARS_BY_ID.get(id(type(sender)))
        is_scalar, write = self._kinds(type(sender)) if scalar is None else (True, scalar)
        if write is _STRING:
            return self._text_sender(str.__getitem__(sender, _ENOUGH))
        text = write(sender)
        if text[:2] == '"<':
            return text
        name = quote(type_path(type(sender)))[1:-1] if is_scalar else text[1:-1]
        if self._mode == "none":
            return f'"<{name}>"'
        # A blank between, as in that of a model instance: what follows it is the value.
        return f'"{name} {text.strip(_MARK)}"' if is_scalar else text

    def _address(self, text: str) -> str:
        return filter_address(str.__getitem__(text, _ENOUGH), self._redact, self._show)

    def _describe_class(self, cls: type) -> str:
        model = self.model(cls)
        return quote(model.label if model is not None else type_path(cls))


def _is_lasting(value: Any) -> bool:
    return value is None or type(value) is str or type(value) is bool


def _container(name: str, length: Callable[[Any], int], value: Any) -> str:
    return quote(f"<{name} {length(value)}>")


_CONTAINERS = (list, tuple, dict, set, frozenset)
