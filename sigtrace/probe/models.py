"""What there is to say of a model class, and what an instance holds, without loading a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .identity import IdentityCache
from .text import quote, type_path

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
    plain_key: str
    """Attribute name of a key that is neither composite nor hidden, else empty."""
    label_text: str
    """The label as JSON text."""
    begin_text: str
    """How the JSON text of an instance begins, up to the value of its key."""
    save_text: str
    """The name of a save as JSON text."""


class Models(IdentityCache[Model | None]):
    """Describes a class once; None for what is no model."""

    def __init__(self, hidden: Hiding) -> None:
        super().__init__(self._describe)
        self._hidden = hidden

    def remember(self, key: Any, value: Model | None) -> Model | None:
        """Store what is said of a class, unless it still gets its fields.

        A field may connect a receiver when it is added to its model: the primary key and the fields
        after it are not there yet.
        """
        return super().remember(key, value) if value is None or _is_made(key) else value

    def _describe(self, cls: Any) -> Model | None:
        meta = getattr(cls, "_meta", None) if issubclass(type(cls), type) else None
        if meta is None or type_path(type(meta)) != "django.db.models.options.Options":
            return None
        key = meta.pk
        # 5.2's composite key has its fields in pk_fields; abstract models have no key at all.
        keys = [] if key is None else getattr(meta, "pk_fields", None) or [key]
        names = {name for field in keys for name in (field.name, field.attname)}
        key_hidden = any(self._hidden(name) for name in names)
        return Model(
            label=meta.label,
            name=meta.object_name,
            historical=cls.__module__ == "__fake__",
            auto_created=bool(meta.auto_created),
            key=tuple(field.attname for field in keys) or ("pk",),
            key_hidden=key_hidden,
            fields={
                field.attname: self._hidden(field.name) or self._hidden(field.attname)
                for field in getattr(meta, "concrete_fields", ())
            },
            plain_key=keys[0].attname if len(keys) == 1 and not key_hidden else "",
            label_text=quote(meta.label),
            begin_text=f"{quote(meta.label)[:-1]} pk=",
            save_text=quote(f"{meta.object_name}.save()"),
        )


def _is_made(model: Any) -> bool:
    """Whether Django has registered a model, which is the last that it does when it makes one."""
    meta = model._meta
    return meta.apps.all_models.get(meta.app_label, {}).get(meta.model_name) is model


def snapshot(instance: Any) -> dict[str, Any]:
    """Copy what an instance holds, field by field, without loading any."""
    return dict(state(instance))


def state(instance: Any) -> dict[str, Any]:
    """Return an object's `__dict__`, past any `__getattribute__` of its class."""
    held = object.__getattribute__(instance, "__dict__")
    return held if type(held) is dict else {}
