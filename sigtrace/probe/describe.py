"""Writes the target's values as JSON text without running a line of the target's code.

No `repr`, `str` or `==` of users' objects, no QuerySet evaluated, no deferred field loaded: what is
not a plain value is written by its type, or as `blog.Article pk=7`.
"""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import math
import uuid
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..events import HIDDEN
from ..privacy import hides
from .identity import IdentityCache
from .naming import Receivers
from .text import quote, type_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..options import RecordOptions

_CUT = 80
_WIDE_INTEGER = 256
_MISSING: Any = object()
_HIDDEN = quote(HIDDEN)


class Model(NamedTuple):
    """What there is to say of a model class: texts, and which of its fields are hidden."""

    label: str
    name: str
    historical: bool
    auto_created: bool
    key: tuple[str, ...]
    key_hidden: bool
    fields: dict[str, bool]
    """Attribute name of each concrete field → whether its value is hidden."""


class Describer:
    """Describes values, senders and models under the privacy options of the run."""

    def __init__(self, options: RecordOptions, receivers: Receivers) -> None:
        self._mode = options.values
        self._options = options
        self._receivers = receivers
        self._hidden: dict[str, bool] = {}
        self._kinds: IdentityCache[tuple[bool, Callable[[Any], str]]] = IdentityCache(self._kind)
        self._models: IdentityCache[Model | None] = IdentityCache(self._describe_model)
        self._senders: IdentityCache[str] = IdentityCache(self._describe_class)

    # Values

    def hidden(self, name: str) -> bool:
        """Say whether a value that stands under `name` is hidden."""
        if self._mode == "all":
            return False
        known = self._hidden.get(name)
        if known is None:
            if len(self._hidden) > 10_000:
                self._hidden.clear()
            known = self._hidden[name] = hides(name, self._options.redact, self._options.show)
        return known

    def arguments(self, named: Mapping[str, Any]) -> str:
        """Write a send's keyword arguments as a JSON object."""
        return "{%s}" % ",".join(
            [
                f"{quote(name)}:{self.value(value, self.hidden(name))}"
                for name, value in named.items()
            ]
        )

    def value(self, value: Any, hidden: bool = False) -> str:
        """Write one value as JSON text; scalars are starred if `hidden`, left out in mode none."""
        if value is None:
            return "null"
        if value is True:
            return "true"
        if value is False:
            return "false"
        # By id: a metaclass may have a hash of its own.
        scalar = _SCALARS_BY_ID.get(id(type(value)))
        if scalar is None:
            is_scalar, write = self._kinds(type(value))
            if not is_scalar:
                return write(value)
            scalar = write
        if self._mode == "none":
            return "null"
        return _HIDDEN if hidden else scalar(value)

    def _kind(self, cls: type) -> tuple[bool, Callable[[Any], str]]:  # noqa: PLR0911  (a table)
        """Choose once for each class how its instances are written, and whether as scalars."""
        for base in type.mro(cls):
            if any(base is scalar for scalar in _SCALAR_BASES):
                return True, _SCALARS[base]
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
        if self._mode == "none":
            return quote(model.label)
        return quote(f"{model.label} pk={self._key_text(instance, model)}")

    def key(self, instance: Any, model: Model) -> str:
        """Write the primary key of an instance; a composite one as a list."""
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
                texts.append(value[:_CUT])
            elif id(type(value)) in _SCALARS_BY_ID:
                texts.append(_SCALARS[type(value)](value).strip('"'))
            else:
                texts.append(f"<{type_path(type(value))}>")
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def _queryset(self, queryset: Any) -> str:
        model = self.model(state(queryset).get("model"))
        return quote(f"<QuerySet {model.label if model else '?'}>")

    # Senders and models

    def sender(self, sender: Any) -> str:
        """Write a sender: a class by its label or path, another object as a value."""
        if sender is None:
            return "null"
        if type in type.mro(type(sender)):
            return self._senders(sender)
        if type(sender) is str:
            return quote("'%s'" % sender[:_CUT]) if self._mode != "none" else '"<str>"'
        path = type_path(type(sender))
        if path == "module":
            return quote(str(sender.__name__))
        return self.value(sender)

    def _describe_class(self, cls: type) -> str:
        model = self.model(cls)
        return quote(model.label if model is not None else type_path(cls))

    def model(self, cls: Any) -> Model | None:
        """Describe a model class; None for what is none."""
        return self._models(cls)

    def _describe_model(self, cls: Any) -> Model | None:
        meta = getattr(cls, "_meta", None) if type in type.mro(type(cls)) else None
        if meta is None or type_path(type(meta)) != "django.db.models.options.Options":
            return None
        key = meta.pk
        # 5.2's composite key has its fields in pk_fields; abstract models have no key at all.
        keys = [] if key is None else getattr(meta, "pk_fields", None) or [key]
        names = {name for field in keys for name in (field.name, field.attname)}
        return Model(
            label=meta.label,
            name=meta.object_name,
            historical=cls.__module__ == "__fake__",
            auto_created=bool(meta.auto_created),
            key=tuple(field.attname for field in keys) or ("pk",),
            key_hidden=any(self.hidden(name) for name in names),
            fields={
                field.attname: self.hidden(field.name) or self.hidden(field.attname)
                for field in getattr(meta, "concrete_fields", ())
            },
        )

    # Changed fields

    def changes(self, instance: Any, before: dict[str, Any]) -> dict[str, tuple[Any, Any]] | None:
        """Compare an instance's fields with a copy of its `__dict__`: field → (old, new).

        By identity, then by `==` for exact built-in types only; a field that was or is deferred is
        no change, since loading it is none.
        """
        now = state(instance)
        if len(now) == len(before):
            for old, new in zip(before.values(), now.values(), strict=True):
                if old is not new:
                    break
            else:
                return None
        model = self.model(type(instance))
        if model is None:
            return None
        found = {}
        for name in model.fields:
            old = before.get(name, _MISSING)
            new = now.get(name, _MISSING)
            if old is new or old is _MISSING or new is _MISSING:
                continue
            if type(old) is type(new) and id(type(old)) in _SCALARS_BY_ID and old == new:
                continue
            found[name] = (old, new)
        return found or None

    def changes_text(self, instance: Any, found: dict[str, tuple[Any, Any]] | None) -> str:
        """Write changed fields as a JSON object."""
        if not found:
            return "{}"
        if self._mode == "none":
            return "{%s}" % ",".join(f"{quote(name)}:null" for name in found)
        model = self.model(type(instance))
        fields = model.fields if model is not None else {}
        return "{%s}" % ",".join(
            f"{quote(name)}:[{self.value(old, fields.get(name, True))},"
            f"{self.value(new, fields.get(name, True))}]"
            for name, (old, new) in found.items()
        )


def snapshot(instance: Any) -> dict[str, Any]:
    """Copy what an instance holds, field by field, without loading any."""
    return dict(state(instance))


def state(instance: Any) -> dict[str, Any]:
    """Return an object's `__dict__`, past any `__getattribute__` of its class."""
    held = object.__getattribute__(instance, "__dict__")
    return held if type(held) is dict else {}


def _container(name: str, length: Callable[[Any], int], value: Any) -> str:
    return quote(f"<{name} {length(value)}>")


def _integer(value: int) -> str:
    bits = int.bit_length(value)
    # Long ones take quadratic time to write, and more digits than Python allows.
    return int.__repr__(value) if bits <= _WIDE_INTEGER else f'"<int {bits} bits>"'


def _float(value: float) -> str:
    return float.__repr__(value) if math.isfinite(value) else f'"{float.__repr__(value)}"'


def _string(value: str) -> str:
    length = str.__len__(value)
    text = str.__getitem__(value, slice(_CUT))
    return quote(text) if length <= _CUT else quote(f"{text}…")


def _text(value: Any) -> str:
    return quote(str(value))


_SCALARS: dict[type, Callable[[Any], str]] = {
    int: _integer,
    float: _float,
    str: _string,
    complex: _text,
    bytes: lambda value: f'"<bytes {bytes.__len__(value)}>"',
    bytearray: lambda value: f'"<bytearray {bytearray.__len__(value)}>"',
    dt.date: _text,
    dt.datetime: _text,
    dt.time: _text,
    dt.timedelta: _text,
    decimal.Decimal: _text,
    uuid.UUID: _text,
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
}
_SCALARS_BY_ID = {id(cls): write for cls, write in _SCALARS.items()}
_SCALAR_BASES = (int, float, str, bytes, bytearray)
_CONTAINERS = (list, tuple, dict, set, frozenset)
