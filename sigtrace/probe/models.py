"""What there is to say of a model class, and what an instance holds, without loading a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .identity import IdentityCache
from .naming import class_attribute
from .text import type_path

if TYPE_CHECKING:
    from .hiding import Hiding


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


class Models(IdentityCache[Model | None]):
    """Describes a class once; None for what is no model."""

    def __init__(self, hidden: Hiding) -> None:
        super().__init__(self._describe)
        self._hidden = hidden

    def _describe(self, cls: Any) -> Model | None:
        meta = class_attribute(cls, "_meta") if issubclass(type(cls), type) else None
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
            key_hidden=any(self._hidden(name) for name in names),
            fields={
                field.attname: self._hidden(field.name) or self._hidden(field.attname)
                for field in getattr(meta, "concrete_fields", ())
            },
        )


def snapshot(instance: Any) -> dict[str, Any]:
    """Copy what an instance holds, field by field, without loading any."""
    return dict(state(instance))


def state(instance: Any) -> dict[str, Any]:
    """Return an object's `__dict__`, past any `__getattribute__` of its class."""
    held = object.__getattribute__(instance, "__dict__")
    return held if type(held) is dict else {}
