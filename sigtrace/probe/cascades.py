"""Whose rows the database deletes by itself when one of a model is deleted."""

from __future__ import annotations

import sys
from typing import Any


class Cascades:
    """Finds the models that a key with `DB_CASCADE` (Django 6.1) binds to another one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, ...]] = {}

    def __call__(self, label: str) -> tuple[Any, ...]:
        """Return the model classes below the one with that label, at any depth."""
        known = self._known.get(label)
        if known is None:
            known = self._known[label] = tuple(self._find(label))
        return known

    def _find(self, label: str) -> list[Any]:
        cascade = getattr(sys.modules.get("django.db.models.deletion"), "DB_CASCADE", None)
        if cascade is None:
            return []
        try:
            todo = [sys.modules["django.apps"].apps.get_model(label)]
        except (KeyError, LookupError, ValueError):
            return []
        found: list[Any] = []
        while todo:
            for relation in todo.pop()._meta.related_objects:
                model = relation.related_model
                if getattr(relation, "on_delete", None) is cascade and model not in found:
                    found.append(model)
                    todo.append(model)
        return found
