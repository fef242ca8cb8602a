"""Hooks on many-to-many managers."""

from __future__ import annotations

import functools
from typing import Any

from .operations import Operation, OperationHooks, enclosed
from .spans import Span
from .text import quote


class RelationHooks(OperationHooks):
    """Hooks on the managers that Django makes for both ends of a many-to-many relation."""

    def install(self, module: Any) -> None:
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
                    # Fixtures of 6.1 go past `set` to what it calls.
                    base = f"{action}_base"
                    name = base if base in vars(manager_class) else action
                    self._wrap(manager_class, name, begin, self._m2m_tail)
            except Exception as error:
                self._tools.recorder.failed(error)
            return manager_class

        return create_forward_many_to_many_manager

    def _begin_m2m(
        self, field: str, action: str, manager: Any, args: Any, kwargs: Any
    ) -> Span | None:
        instance = manager.instance
        model = self._tools.describe.model(type(instance))
        if model is None or enclosed():
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
        # What it writes in bulk adds to it.
        operation.bypassed = []
        span.data = operation
        return span

    def _m2m_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        return (
            ',"model":%s,"pk":%s,"field":%s,"action":"%s","count":%s,"bypassed":[%s],"alias":%s%s'
        ) % (
            operation.label,
            operation.key,
            quote(operation.instance),
            operation.what,
            operation.created,
            ",".join(dict.fromkeys(operation.bypassed)),
            operation.alias_text(),
            operation.place.fields,
        )
