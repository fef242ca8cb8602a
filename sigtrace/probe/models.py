"""What there is to say of a model class, and what an instance holds, without loading a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .identity import IdentityCache
from .naming import class_attribute
from .text import quote, type_path

if TYPE_CHECKING:
    from .hiding import Hiding


class Model:
    """What there is to say of a model class: texts, and which of its fields are hidden.

    `fields` tells of each concrete field, by its attribute name, whether its value is hidden.
    `plain_key` is the attribute name of a key that is neither composite nor hidden, else empty.
    `label_text` and `save_text` are JSON text, `begin_text` is how that of an instance begins.
    """

    __slots__ = (
        "auto_created",
        "begin_text",
        "fields",
        "historical",
        "key",
        "key_hidden",
        "label",
        "label_text",
        "name",
        "plain_key",
        "save_text",
    )

    def __init__(
        self, meta: Any, keys: list[Any], fields: dict[str, bool], *, key_hidden: bool
    ) -> None:
        self.label: str = meta.label
        self.name: str = meta.object_name
        self.historical: bool = meta.model.__module__ == "__fake__"
        self.auto_created = bool(meta.auto_created)
        self.key: tuple[str, ...] = tuple(field.attname for field in keys) or ("pk",)
        self.fields = fields
        self.key_hidden = key_hidden
        self.label_text = quote(self.label)
        self.begin_text = f"{self.label_text[:-1]} pk="
        self.save_text = quote(f"{self.name}.save()")
        self.plain_key = self.key[0] if len(keys) == 1 and not key_hidden else ""


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
        meta = class_attribute(cls, "_meta") if issubclass(type(cls), type) else None
        if meta is None or type_path(type(meta)) != "django.db.models.options.Options":
            return None
        key = meta.pk
        # 5.2's composite key has its fields in pk_fields; abstract models have no key at all.
        keys = [] if key is None else getattr(meta, "pk_fields", None) or [key]
        hidden = self._hidden
        fields = {
            field.attname: hidden(field.name) or hidden(field.attname)
            for field in getattr(meta, "concrete_fields", ())
        }
        key_hidden = any(hidden(field.name) or hidden(field.attname) for field in keys)
        return Model(meta, keys, fields, key_hidden=key_hidden)


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
