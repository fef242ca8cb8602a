"""Finds the model and the many-to-many field that a user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.registry import nearest_names
from sigtrace.errors import SigtraceError
from sigtrace.inspection import ManyToMany

if TYPE_CHECKING:
    from sigtrace.inspection import Inspection, Model


def find_model(inspection: Inspection, name: str) -> Model:
    """Return the model of that label, class name or import path, whatever the case.

    Raises SigtraceError where there is none, more than one, or one that is never saved.
    """
    wanted = name.lower()
    found = [m for m in inspection.models if wanted in (m.label.lower(), m.path.lower())]
    found = found or [m for m in inspection.models if _last(m.label) == wanted]
    if len(found) > 1:
        labels = ", ".join(model.label for model in found)
        raise SigtraceError(f"{name} may be any of {labels}.", "Name it with its app.")
    if not found:
        raise _unknown(inspection, name)
    (model,) = found
    if model.swapped:
        raise SigtraceError(
            f"{model.label} is swapped out: it is never saved.",
            f"Try: sigtrace explain {model.swapped}",
        )
    return model


def find_fields(
    inspection: Inspection, model: Model, name: str, *, needed: bool
) -> list[ManyToMany]:
    """Return the many-to-many field of that name, or all of the model's.

    Raises SigtraceError where one is `needed` and there is none.
    """
    fields = both_sides(inspection, model)
    found = [field for field in fields if name in ("", field.field)]
    if found or not needed:
        return found
    if not fields:
        raise SigtraceError(f"{model.label} has no many-to-many field.")
    names = ", ".join(field.field for field in fields)
    raise SigtraceError(f"{model.label} has no many-to-many field {name}.", f"It has {names}.")


def both_sides(inspection: Inspection, model: Model) -> list[ManyToMany]:
    """Return a model's fields, and those of others under the names by which it sees them."""
    seen = [
        ManyToMany(field.accessor, other.label, field.through, field.auto_created)
        for other in inspection.models
        for field in other.many_to_many
        if field.model == model.label and field.accessor and not other.proxy
    ]
    return [*model.many_to_many, *seen]


def _unknown(inspection: Inspection, name: str) -> SigtraceError:
    wanted = name.lower()
    heirs = [
        model.label
        for model in inspection.models
        if any(wanted in (base.lower(), _last(base)) for base in model.bases)
    ]
    if heirs:
        return SigtraceError(
            f"{name} is abstract: it is never saved.",
            f"Name a model that inherits from it: {', '.join(heirs)}.",
        )
    near = nearest_names(name, inspection.models_by_label)
    hint = f"Nearest: {', '.join(near)}." if near else "Models are named as blog.Article."
    return SigtraceError(f"There is no model {name}.", hint)


def _last(path: str) -> str:
    return path.lower().rpartition(".")[2]
