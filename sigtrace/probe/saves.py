"""Hooks on saves and deletes, of instances and of query sets."""

from __future__ import annotations

from typing import Any

from .failures import strip
from .models import state
from .operations import Operation, OperationHooks, boolean, enclosed
from .spans import Span, current
from .text import quote


class SaveHooks(OperationHooks):
    """Hooks on the methods that send the save and delete signals."""

    def install_model(self, module: Any) -> None:
        """Hook `django.db.models.base`."""
        model_class = module.Model
        self._wrap(model_class, "save_base", self._begin_save, self._save_tail)
        self._wrap(model_class, "delete", self._begin_delete, self._delete_tail)
        self._patches.wrap(model_class, "_save_table", self._make_save_table)

    def install_queryset(self, module: Any) -> None:
        """Hook `django.db.models.query`."""
        self._wrap(module.QuerySet, "delete", self._begin_queryset_delete, self._delete_tail)

    def _begin_save(self, instance: Any, args: Any, kwargs: Any) -> Span | None:
        model = self._tools.describe.model(type(instance))
        if model is None:
            return None
        span = self._tools.recorder.open("save", quote(f"{model.name}.save()"))
        raw = kwargs.get("raw", args[0] if args else False)
        operation = Operation(model, self._tools.sites.find(instance), boolean(raw), None)
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
            boolean(operation.model.historical),
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
        if model is None or enclosed():
            return None
        span = self._tools.recorder.open("delete", quote(f"{model.name}.delete()"))
        alias = kwargs.get("using", args[0] if args else None)
        operation = Operation(model, self._tools.sites.find(instance), "delete", alias)
        operation.key = self._tools.describe.key(instance, model)
        span.data = operation
        return span

    def _begin_queryset_delete(self, queryset: Any, args: Any, kwargs: Any) -> Span | None:
        model = self._tools.describe.model(state(queryset).get("model"))
        if model is None or enclosed():
            return None
        span = self._tools.recorder.open("delete", quote(f"QuerySet.delete({model.name})"))
        span.data = Operation(
            model, self._tools.sites.find(), "queryset_delete", state(queryset).get("_db")
        )
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
            boolean(operation.model.historical),
            operation.place.fields,
        )


def _names(fields: Any) -> str:
    """Field names given as `update_fields`, sorted; null for anything but plain names."""
    if type(fields) not in (list, tuple, set, frozenset):
        return "null"
    if not all(type(name) is str for name in fields):
        return "null"
    return "[%s]" % ",".join(quote(name) for name in sorted(fields))
