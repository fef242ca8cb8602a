"""Hooks on what the project does to its models: save, delete, many-to-many, bulk writes."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from .describe import state
from .recorder import Span, current, strip
from .text import quote
from .tracing import traced

if TYPE_CHECKING:
    from .describe import Model
    from .naming import Place
    from .patching import Patches
    from .sending import Tools

# What Django itself calls inside these is part of them, not an operation of its own.
_ENCLOSING = ("bulk", "delete", "m2m")
_BYPASSED = {
    "bulk_create": ("pre_save", "post_save"),
    "bulk_update": ("pre_save", "post_save"),
    "update": ("pre_save", "post_save"),
    "raw_delete": ("pre_delete", "post_delete"),
}


class Operation:
    """What an operation's line says that is known when it begins."""

    __slots__ = ("alias", "created", "instance", "key", "label", "model", "place", "what")

    def __init__(self, model: Model, place: Place, what: str, alias: Any) -> None:
        self.model = model
        self.label = quote(model.label)
        self.place = place
        self.what = what
        self.alias = alias if type(alias) is str else None
        self.created = "null"
        self.instance: Any = None
        self.key = "null"

    def alias_text(self) -> str:
        """The database alias as JSON text."""
        return "null" if self.alias is None else quote(self.alias)


class OperationHooks:
    """Replaces methods of Django's models, query sets and many-to-many managers."""

    def __init__(self, tools: Tools, patches: Patches) -> None:
        self._tools = tools
        self._patches = patches

    # Models

    def install_model(self, module: Any) -> None:
        """Hook `django.db.models.base`."""
        model_class = module.Model
        self._wrap(model_class, "save_base", self._begin_save, self._save_tail)
        self._wrap(model_class, "delete", self._begin_delete, self._delete_tail)
        self._patches.wrap(model_class, "_save_table", self._make_save_table)

    def _wrap(self, owner: Any, name: str, begin: Any, tail: Any) -> None:
        recorder = self._tools.recorder
        self._patches.wrap(owner, name, lambda original: traced(recorder, original, begin, tail))

    def _begin_save(self, instance: Any, args: Any, kwargs: Any) -> Span | None:
        model = self._tools.describe.model(type(instance))
        if model is None:
            return None
        span = self._tools.recorder.open("save", quote(f"{model.name}.save()"))
        raw = kwargs.get("raw", args[0] if args else False)
        operation = Operation(model, self._tools.sites.find(instance), _boolean(raw), None)
        operation.instance = instance
        fields = kwargs.get("update_fields", args[4] if len(args) > 4 else None)
        operation.key = _names(fields)
        span.data = operation
        return span

    def _save_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        instance, operation.instance = operation.instance, None
        alias = getattr(state(instance).get("_state"), "db", None)
        return (
            ',"model":%s,"pk":%s,"created":%s,"raw":%s,"update_fields":%s,"alias":%s,'
            '"historical":%s%s'
        ) % (
            operation.label,
            self._tools.describe.key(instance, operation.model),
            operation.created,
            operation.what,
            operation.key,
            quote(alias) if type(alias) is str else operation.alias_text(),
            _boolean(operation.model.historical),
            operation.place.fields,
        )

    def _make_save_table(self, original: Any) -> Any:
        def _save_table(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                updated = original(self, *args, **kwargs)
            except BaseException as error:
                strip(error)
                raise
            span = current.get()
            if span is not None and span.kind == "save" and span.data.instance is self:
                # The last call is for the model's own table, after those of its parents.
                span.data.created = "false" if updated is True else "true"
            return updated

        return _save_table

    def _begin_delete(self, instance: Any, args: Any, kwargs: Any) -> Span | None:
        model = self._tools.describe.model(type(instance))
        if model is None or _enclosed():
            return None
        span = self._tools.recorder.open("delete", quote(f"{model.name}.delete()"))
        alias = kwargs.get("using", args[0] if args else None)
        operation = Operation(model, self._tools.sites.find(instance), "delete", alias)
        operation.key = self._tools.describe.key(instance, model)
        span.data = operation
        return span

    def _delete_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        counts = "null"
        if type(result) is tuple and len(result) == 2 and isinstance(result[1], dict):
            counts = "{%s}" % ",".join(
                f"{quote(str(label))}:{int(number)}" for label, number in result[1].items()
            )
        return (',"model":%s,"pk":%s,"operation":"%s","counts":%s,"alias":%s,"historical":%s%s') % (
            operation.label,
            operation.key,
            operation.what,
            counts,
            operation.alias_text(),
            _boolean(operation.model.historical),
            operation.place.fields,
        )

    # Query sets

    def install_queryset(self, module: Any) -> None:
        """Hook `django.db.models.query`."""
        queryset_class = module.QuerySet
        self._wrap(queryset_class, "delete", self._begin_queryset_delete, self._delete_tail)
        for name in ("bulk_create", "bulk_update", "update", "_raw_delete"):
            begin = functools.partial(self._begin_bulk, name.lstrip("_"))
            self._wrap(queryset_class, name, begin, self._bulk_tail)

    def _begin_queryset_delete(self, queryset: Any, args: Any, kwargs: Any) -> Span | None:
        model = self._tools.describe.model(state(queryset).get("model"))
        if model is None or _enclosed():
            return None
        span = self._tools.recorder.open("delete", quote(f"QuerySet.delete({model.name})"))
        span.data = Operation(
            model, self._tools.sites.find(), "queryset_delete", state(queryset).get("_db")
        )
        return span

    def _begin_bulk(self, name: str, queryset: Any, args: Any, kwargs: Any) -> Span | None:
        model_class = state(queryset).get("model")
        model = self._tools.describe.model(model_class)
        if model is None or _enclosed():
            return None
        span = self._tools.recorder.open("bulk", quote(f"QuerySet.{name}({model.name})"))
        operation = Operation(model, self._tools.sites.find(), name, state(queryset).get("_db"))
        operation.instance = model_class
        span.data = operation
        return span

    def _bulk_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        rows = result if type(result) is int else len(result) if type(result) is list else None
        bypassed = []
        if not operation.model.auto_created:
            for name in _BYPASSED[operation.what]:
                bypassed.extend(self._live(name, operation.instance))
        return (
            ',"operation":"%s","model":%s,"rows":%s,"bypassed":[%s],"alias":%s,"historical":%s%s'
        ) % (
            operation.what,
            operation.label,
            "null" if rows is None else rows,
            ",".join(dict.fromkeys(bypassed)),
            operation.alias_text(),
            _boolean(operation.model.historical),
            operation.place.fields,
        )

    def _live(self, signal_name: str, sender: Any) -> list[str]:
        signal = getattr(sys.modules["django.db.models.signals"], signal_name)
        if not signal.receivers:
            return []
        live = signal._live_receivers(sender)
        everyone = [*live[0], *live[1]] if type(live) is tuple else live
        return [self._tools.receivers(receiver).name for receiver in everyone]

    # Many-to-many managers

    def install_related(self, module: Any) -> None:
        """Hook `django.db.models.fields.related_descriptors`."""
        self._patches.wrap(
            module, "create_forward_many_to_many_manager", self._make_manager_factory
        )

    def _make_manager_factory(self, original: Any) -> Any:
        def create_forward_many_to_many_manager(superclass: Any, rel: Any, reverse: Any) -> Any:
            manager_class = original(superclass, rel, reverse)
            try:
                field = rel.get_accessor_name() if reverse else rel.field.name
                for action in ("add", "remove", "set", "clear"):
                    begin = functools.partial(self._begin_m2m, str(field), action)
                    self._wrap(manager_class, action, begin, self._m2m_tail)
            except Exception as error:
                self._tools.recorder.failed(error)
            return manager_class

        return create_forward_many_to_many_manager

    def _begin_m2m(
        self, field: str, action: str, manager: Any, args: Any, kwargs: Any
    ) -> Span | None:
        instance = manager.instance
        model = self._tools.describe.model(type(instance))
        if model is None or _enclosed():
            return None
        span = self._tools.recorder.open("m2m", quote(f"{model.name}.{field}.{action}()"))
        operation = Operation(
            model, self._tools.sites.find(), action, getattr(manager, "_db", None)
        )
        operation.key = self._tools.describe.key(instance, model)
        given = args if action in ("add", "remove") else kwargs.get("objs", *args[:1] or (None,))
        count = len(given) if type(given) in (list, tuple, set, frozenset) else None
        operation.created = "null" if count is None else str(count)
        operation.instance = field
        span.data = operation
        return span

    def _m2m_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        return ',"model":%s,"pk":%s,"field":%s,"action":"%s","count":%s,"alias":%s%s' % (
            operation.label,
            operation.key,
            quote(operation.instance),
            operation.what,
            operation.created,
            operation.alias_text(),
            operation.place.fields,
        )


def _enclosed() -> bool:
    span = current.get()
    return span is not None and span.kind in _ENCLOSING


def _boolean(value: Any) -> str:
    return "true" if value is True else "false"


def _names(fields: Any) -> str:
    """Field names given as `update_fields`, sorted; null for anything but plain names."""
    if type(fields) not in (list, tuple, set, frozenset):
        return "null"
    if not all(type(name) is str for name in fields):
        return "null"
    return "[%s]" % ",".join(quote(name) for name in sorted(fields))
