"""Writes down the models of a project that is set up: what they are and what points to them."""

from __future__ import annotations

import ast
import os
import sys
from typing import TYPE_CHECKING, Any

from ..text import type_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Record = dict[str, Any]


class Models:
    """Describes model classes; `place` writes a file and line as a record."""

    def __init__(self, place: Callable[[str, int | None], Record]) -> None:
        self._place = place
        self._lines: dict[str, dict[str, int]] = {}

    def all(self) -> list[Record]:
        """Describe every model of the registry, also swapped and auto-created ones, by label."""
        from django.apps import apps

        models = apps.get_models(include_auto_created=True, include_swapped=True)
        return sorted((self._describe(model) for model in models), key=lambda one: one["label"])

    def _describe(self, model: Any) -> Record:
        meta = model._meta
        return {
            "label": meta.label,
            "path": type_path(model),
            "place": self._where(model),
            "app": meta.app_label,
            "bases": [_label(base) for base in model.__mro__[1:] if hasattr(base, "_meta")],
            "parents": list(dict.fromkeys(_parents(meta.concrete_model))),
            "concrete": meta.concrete_model._meta.label,
            "proxy": bool(meta.proxy),
            "managed": bool(meta.managed),
            "swapped": meta.swapped or None,
            "auto_created": meta.auto_created._meta.label if meta.auto_created else None,
            "relations": list(_relations(meta)),
            "many_to_many": [
                _many_to_many(field) for field in meta.many_to_many if field.remote_field.through
            ],
        }

    def _where(self, model: Any) -> Record:
        file = getattr(sys.modules.get(model.__module__), "__file__", None)
        if not file:
            return {}
        if file not in self._lines:
            self._lines[file] = _class_lines(file)
        return self._place(os.path.abspath(file), self._lines[file].get(model.__qualname__))


def _label(model: Any) -> str:
    """An abstract model outside of all apps has no app label; a missing one is but its name."""
    if isinstance(model, str):
        return model
    meta = model._meta
    return str(meta.label) if meta.app_label else type_path(model)


def _parents(model: Any) -> Iterator[str]:
    """The models whose rows are a part of this one's, nearest first."""
    linked = [parent for parent, link in model._meta.parents.items() if link is not None]
    yield from map(_label, linked)
    for parent in linked:
        yield from _parents(parent)


def _relations(meta: Any) -> Iterator[Record]:
    from django.db.models import deletion

    candidates: Iterable[Any] = deletion.get_candidate_relations_to_delete(meta)
    for related in candidates:
        field = related.field
        on_delete = field.remote_field.on_delete
        yield {
            "model": _label(related.related_model),
            "field": field.name,
            "on_delete": _name_of(on_delete),
            "to": _label(field.remote_field.model),
            "kind": "one_to_one" if related.one_to_one else "foreign_key",
            "null": bool(field.null),
            "parent_link": bool(field.remote_field.parent_link),
            "database": hasattr(on_delete, "on_delete_sql"),
        }
    for field in meta.private_fields:
        if hasattr(field, "bulk_related_objects"):
            yield {
                "model": _label(field.related_model),
                "field": field.object_id_field_name,
                "on_delete": "CASCADE",
                "to": meta.label,
                "kind": "generic",
                "null": True,
            }


def _name_of(on_delete: Any) -> str:
    """Django's own by their names, without a module; `SET(…)` makes a function of its own.

    What is no function goes by its type.
    """
    name = getattr(on_delete, "__qualname__", None) or getattr(on_delete, "__name__", None)
    if type(name) is not str:
        return type_path(type(on_delete))
    module = getattr(on_delete, "__module__", "?")
    if module == "django.db.models.deletion":
        return "SET" if name.startswith("SET.") else name
    return f"{module}.{name}"


def _many_to_many(field: Any) -> Record:
    relation = field.remote_field
    meta = getattr(relation.through, "_meta", None)
    return {
        "field": field.name,
        "model": _label(field.related_model),
        "through": _label(relation.through),
        "auto_created": bool(meta is not None and meta.auto_created),
        "accessor": relation.get_accessor_name(),
    }


def _class_lines(file: str) -> dict[str, int]:
    """The lines of the classes of a source file by their qualified names; none if unreadable."""
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, int] = {}

    def visit(node: ast.AST, path: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found[path + child.name] = child.lineno
                visit(child, f"{path}{child.name}.")
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                visit(child, f"{path}{child.name}.<locals>.")
            else:
                visit(child, path)

    visit(tree, "")
    return found
