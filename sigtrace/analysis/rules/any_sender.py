"""W008: a receiver of a model signal that listens to every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.rules.context import (
    Context,
    connector_place,
    elsewhere,
    listed,
    places,
    subjects,
    title,
)
from sigtrace.analysis.rules.finding import RULES, Finding
from sigtrace.inspection import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Connection, Inspection, Model

_MODELS = "django.db.models.signals."
_DELETES = (_MODELS + "pre_delete", _MODELS + "post_delete")
_EVERY_MODEL = (
    *_DELETES,
    *(_MODELS + name for name in ("pre_init", "post_init", "pre_save", "post_save")),
)
_M2M = _MODELS + "m2m_changed"


def any_sender(context: Context) -> Iterator[Finding]:
    """Own receivers without a sender; those of deletions also say what they slow down."""
    for connection in context.own:
        if connection.sender.kind != "any" or connection.signal not in (*_EVERY_MODEL, _M2M):
            continue
        what = "many-to-many field" if connection.signal == _M2M else "model"
        said = f"{title(connection)} is called for every {what} of every app"
        place = connector_place(connection)
        details = list(elsewhere(connection, place))
        if connection.signal in _DELETES:
            slowed = no_longer_fast(context.inspection)
            if slowed:
                said += ", and disables fast deletes"
                details.append(f"deleted row by row because of it: {listed(slowed)}")
        yield Finding(
            RULES["W008"],
            said,
            "Name the sender, or several: @receiver once for each.",
            *place,
            tuple(details),
            subjects(connection),
            places(connection),
        )


def no_longer_fast(inspection: Inspection) -> list[str]:
    """The models that Django could delete in one statement, were it not for any-sender receivers.

    As `Collector.can_fast_delete` has it: no listener, no parent, nothing that cascades from it.
    The project's own come first.
    """
    heard = {one.sender.label for one in inspection.connections if _is_delete_of_one_model(one)}
    fast = [
        model
        for model in inspection.models
        if model.label not in heard
        and not (model.proxy or model.swapped or model.parents)
        and all(link.on_delete == "DO_NOTHING" or link.database for link in model.relations)
    ]
    fast.sort(key=lambda model: (not _is_own(model, inspection), model.label))
    return [model.label for model in fast]


def _is_own(model: Model, inspection: Inspection) -> bool:
    """A table that Django has made for a many-to-many field is whose the field is."""
    owner = inspection.models_by_label.get(model.auto_created or "", model)
    return owner.place.origin == OWN


def _is_delete_of_one_model(connection: Connection) -> bool:
    return connection.signal in _DELETES and connection.sender.kind == "model"
