"""Hooks on saves and deletes, of instances and of query sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cascades import Cascades
from .failures import strip
from .models import state
from .operations import Operation, OperationHooks, boolean, enclosed
from .rows import Rows
from .spans import Span, current
from .text import quote

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
        span = self._tools.recorder.open("save", model.save_text)
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
        using = quote(alias) if type(alias) is str else operation.alias_text()
        return (
            f',"model":{operation.label},"pk":{self._tools.describe.key(instance, operation.model)},'
            f'"created":{operation.created},"raw":{operation.what},'
            f'"update_fields":{operation.key},"alias":{using},'
            f'"historical":{boolean(operation.model.historical)}{operation.row}'
            f"{operation.place.fields}"
        )

    def _make_save_table(self, original: Any) -> Any:
        def _save_table(self_: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                updated = original(self_, *args, **kwargs)
            except BaseException as error:
                strip(error)
                raise
            span = current.get()
            if span is not None and span.kind == "save" and span.data.instance is self_:
                # The last call is for the model's own table, after those of its parents.
                span.data.created = "false" if updated is True else "true"
                self._written(self_, span.data, args)
            return updated

        return _save_table

    def _written(self, instance: Any, operation: Operation, args: tuple[Any, ...]) -> None:
        """A table has got its row; `args` are those that Django gives to `_save_table`."""
        try:
            if len(args) == 6 and args[1] is type(instance)._meta.concrete_model:
                alias, fields = args[4:]
                created = operation.created == "true"
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
