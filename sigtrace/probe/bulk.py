"""Hooks on bulk writes, which bypass the receivers of the save and delete signals."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .models import state
from .operations import Operation, OperationHooks, boolean, enclosed
from .spans import Span, current
from .text import quote

if TYPE_CHECKING:
    from .models import Model

_BYPASSED = {
    "bulk_create": ("pre_save", "post_save"),
    "bulk_update": ("pre_save", "post_save"),
    "update": ("pre_save", "post_save"),
    "raw_delete": ("pre_delete", "post_delete"),
}


class BulkHooks(OperationHooks):
    """Hooks on `bulk_create`, `bulk_update`, `update` and `_raw_delete` of query sets."""

    def install(self, module: Any) -> None:
        """Hook `django.db.models.query`."""
        for name in ("bulk_create", "bulk_update", "update", "_raw_delete"):
            begin = functools.partial(self._begin_bulk, name.lstrip("_"))
            self._wrap(module.QuerySet, name, begin, self._bulk_tail)

    def _begin_bulk(self, name: str, queryset: Any, args: Any, kwargs: Any) -> Span | None:
        model_class = state(queryset).get("model")
        model = self._tools.describe.model(model_class)
        if model is None:
            return None
        if enclosed():
            up = current.get()
            rows = args[0] if args and name == "bulk_create" else None
            if up is not None and up.kind == "m2m" and type(rows) is list and rows:
                up.data.bypassed += self._passed_by(name, model, model_class)
            return None
        span = self._tools.recorder.open("bulk", quote(f"QuerySet.{name}({model.name})"))
        operation = Operation(model, self._tools.sites.find(), name, state(queryset).get("_db"))
        operation.instance = model_class
        span.data = operation
        return span

    def _bulk_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        rows = result if type(result) is int else len(result) if type(result) is list else None
        bypassed = self._passed_by(operation.what, operation.model, operation.instance)
        return (
            ',"operation":"%s","model":%s,"rows":%s,"bypassed":[%s],"alias":%s,"historical":%s%s'
        ) % (
            operation.what,
            operation.label,
            "null" if rows is None else rows,
            ",".join(dict.fromkeys(bypassed)),
            operation.alias_text(),
            boolean(operation.model.historical),
            operation.place.fields,
        )

    def _passed_by(self, name: str, model: Model, model_class: Any) -> list[str]:
        if model.auto_created:
            return []
        return [
            receiver for signal in _BYPASSED[name] for receiver in self._live(signal, model_class)
        ]
