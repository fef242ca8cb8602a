"""Hooks on many-to-many managers."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .models import state
from .operations import Operation, OperationHooks, boolean, enclosed
from .spans import Span
from .text import quote

if TYPE_CHECKING:
    from collections.abc import Iterator


class RelationHooks(OperationHooks):
    """Hooks on the managers that Django makes for both ends of a many-to-many relation."""

    def install(self, module: Any) -> None:
        """Hook `django.db.models.fields.related_descriptors`, and the managers that there are.

        A relation keeps the class of its manager from its first use on.
        """
        self._patches.wrap(
            module, "create_forward_many_to_many_manager", self._make_manager_factory
        )
        for manager_class, rel, reverse in _made_by(module):
            self._hook(manager_class, rel, reverse)

    def _make_manager_factory(self, original: Any) -> Any:
        def create_forward_many_to_many_manager(superclass: Any, rel: Any, reverse: Any) -> Any:
            manager_class = original(superclass, rel, reverse)
            try:
                self._hook(manager_class, rel, reverse)
            except Exception as error:
                self._tools.recorder.failed(error)
            return manager_class

        return create_forward_many_to_many_manager

    def _hook(self, manager_class: Any, rel: Any, reverse: Any) -> None:
        field = rel.get_accessor_name() if reverse else rel.field.name
        for action in ("add", "remove", "set", "clear"):
            begin = functools.partial(self._begin_m2m, str(field), action)
            # Fixtures of 6.1 go past `set` to what it calls.
            base = f"{action}_base"
            name = base if base in vars(manager_class) else action
            self._wrap(manager_class, name, begin, self._m2m_tail)

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
        through = self._tools.describe.model(state(manager).get("through"))
        operation.row = "null" if through is None else through.label_text
        # What it writes in bulk adds to it.
        operation.bypassed = []
        span.data = operation
        return span

    def _m2m_tail(self, span: Span, result: Any) -> str:
        operation: Operation = span.data
        return (
            ',"model":%s,"pk":%s,"field":%s,"through":%s,"action":"%s","count":%s,"bypassed":[%s],'
            '"alias":%s,"historical":%s%s'
        ) % (
            operation.label,
            operation.key,
            quote(operation.instance),
            operation.row,
            operation.what,
            operation.created,
            ",".join(dict.fromkeys(operation.bypassed)),
            operation.alias_text(),
            boolean(operation.model.historical),
            operation.place.fields,
        )


def _made_by(module: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The classes that the factory of that module has made, with its `rel` and `reverse`.

    They are found as subclasses: no registry has the models of migrations, and no relation the
    classes made for another of its model's managers.
    """
    for cls in type.__subclasses__(module.AltersData):
        init = vars(cls).get("__init__")
        if vars(cls).get("__module__") != module.__name__ or type(init) is not FunctionType:
            continue
        cells = dict(zip(init.__code__.co_freevars, init.__closure__ or (), strict=True))
        if "rel" in cells and "reverse" in cells:
            yield cls, cells["rel"].cell_contents, cells["reverse"].cell_contents
