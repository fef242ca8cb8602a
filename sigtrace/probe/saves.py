"""Hooks on saves and deletes, of instances and of query sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cascades import Cascades
from .failures import strip
from .models import state
from .operations import Operation, OperationHooks, boolean, enclosed
from .rows import Rows, is_written
from .spans import Span, current
from .text import quote
from .tracing import leaving

if TYPE_CHECKING:
    from .patching import Patches
    from .tools import Tools


class SaveHooks(OperationHooks):
    """Hooks on the methods that send the save and delete signals."""

    def __init__(self, tools: Tools, patches: Patches) -> None:
        super().__init__(tools, patches)
        self._rows = Rows()
        self._cascades = Cascades()

    def install_model(self, module: Any) -> None:
        """Hook `django.db.models.base`."""
        model_class = module.Model
        self._patches.wrap(model_class, "save_base", self._make_save_base)
        self._wrap(model_class, "delete", self._begin_delete, self._delete_tail)
        self._patches.wrap(model_class, "_save_table", self._make_save_table)

    def install_queryset(self, module: Any) -> None:
        """Hook `django.db.models.query`."""
        self._wrap(module.QuerySet, "delete", self._begin_queryset_delete, self._delete_tail)

    def _make_save_base(self, original: Any) -> Any:
        recorder = self._tools.recorder
        enter, leave = self._enter_save, leaving(recorder, self._save_tail)

        # Django's own parameters, by name: passing *args and **kwargs on takes much longer.
        def save_base(
            self_: Any,
            raw: Any = False,
            force_insert: Any = False,
            force_update: Any = False,
            using: Any = None,
            update_fields: Any = None,
        ) -> Any:
            span = enter(self_, raw, update_fields) if recorder.active else None
            try:
                result = original(self_, raw, force_insert, force_update, using, update_fields)
            except BaseException as error:
                if span is not None:
                    leave(span, None, error)
                strip(error)
                raise
            if span is not None:
                leave(span, result, None)
            return result

        return save_base

    def _enter_save(self, instance: Any, raw: Any, fields: Any) -> Span | None:
        try:
            model = self._tools.describe.model(type(instance))
            if model is None:
                return None
            span = self._tools.recorder.open("save", model.save_text)
            operation = Operation(model, self._tools.sites.find(instance), boolean(raw), None)
            operation.instance = instance
            operation.key = "null" if fields is None else _names(fields)
            span.data = operation
            current.set(span)
        except Exception as error:
            self._tools.recorder.failed(error)
            return None
        return span

    def _save_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        instance, operation.instance = operation.instance, None
        alias = getattr(state(instance).get("_state"), "db", None)
        key = self._tools.describe.key(instance, operation.model)
        using = quote(alias) if type(alias) is str else operation.alias_text()
        return (
            f',"model":{operation.label},"pk":{key},"created":{operation.created},'
            f'"raw":{operation.what},'
            f'"update_fields":{operation.key},"alias":{using},'
            f'"historical":{boolean(operation.model.historical)}{operation.row}'
            f"{operation.place.fields}"
        )

    def _make_save_table(self, original: Any) -> Any:
        written = self._written

        def _save_table(
            self_: Any,
            raw: Any = False,
            cls: Any = None,
            force_insert: Any = False,
            force_update: Any = False,
            using: Any = None,
            update_fields: Any = None,
        ) -> Any:
            try:
                updated = original(
                    self_, raw, cls, force_insert, force_update, using, update_fields
                )
            except BaseException as error:
                strip(error)
                raise
            span = current.get()
            if span is not None and span.kind == "save" and span.data.instance is self_:
                written(self_, cls, span.data, using, update_fields, updated, raw=raw)
            return updated

        return _save_table

    def _written(
        self,
        instance: Any,
        table: Any,
        operation: Operation,
        alias: Any,
        fields: Any,
        updated: Any,
        *,
        raw: Any,
    ) -> None:
        """The `table` of a model or of one of its parents has got a row."""
        try:
            created = updated is not True
            # The last call is for the model's own table, after those of its parents.
            operation.created = "true" if created else "false"
            if table is type(instance)._meta.concrete_model:
                if raw and table._meta.parents:
                    # It wrote this table alone.
                    fields = _own_fields(table, fields)
                operation.row = self._rows.saved(
                    instance, operation.model, alias, fields, created=created
                )
        except Exception as error:
            self._tools.recorder.failed(error)

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
        counts, bypassed = "null", ""
        if type(result) is tuple and len(result) == 2 and isinstance(result[1], dict):
            deleted = {str(label): int(number) for label, number in result[1].items()}
            counts = "{%s}" % ",".join(f"{quote(label)}:{n}" for label, n in deleted.items())
            bypassed = self._bypassed([label for label, number in deleted.items() if number])
        return (
            ',"model":%s,"pk":%s,"operation":"%s","counts":%s,"bypassed":[%s],"alias":%s,'
            '"historical":%s%s'
        ) % (
            operation.label,
            operation.key,
            operation.what,
            counts,
            bypassed,
            operation.alias_text(),
            boolean(operation.model.historical),
            operation.place.fields,
        )

    def _bypassed(self, labels: list[str]) -> str:
        """The receivers of rows that the database deleted with those of these models."""
        models = dict.fromkeys(model for label in labels for model in self._cascades(label))
        return ",".join(
            dict.fromkeys(
                name
                for model in models
                for signal in ("pre_delete", "post_delete")
                for name in self._live(signal, model)
            )
        )


def _names(fields: Any) -> str:
    """Field names given as `update_fields`, sorted; null for anything but plain names."""
    if type(fields) not in (list, tuple, set, frozenset):
        return "null"
    if not all(type(name) is str for name in fields):
        return "null"
    return "[%s]" % ",".join(quote(name) for name in sorted(fields))


def _own_fields(table: Any, fields: Any) -> frozenset[str]:
    """The attributes of the fields in a child's own table, of those that `update_fields` names."""
    names = (field.attname for field in table._meta.local_concrete_fields)
    return frozenset(name for name in names if is_written(name, fields))
