"""W006: a receiver waits for a sender that never sends that signal."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sigtrace.analysis.paths import last_part
from sigtrace.analysis.rules.context import (
    Context,
    connector_place,
    elsewhere,
    listed,
    own,
    places,
    subjects,
    title,
)
from sigtrace.analysis.rules.finding import RULES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Connection, Inspection, Model, Sender

_MODELS = "django.db.models.signals."
_ROWS = tuple(_MODELS + name for name in ("pre_save", "post_save", "pre_delete", "post_delete"))
_M2M = _MODELS + "m2m_changed"
_OBJECTS = (*_ROWS, _M2M, _MODELS + "pre_init", _MODELS + "post_init")
_MIGRATE = (_MODELS + "pre_migrate", _MODELS + "post_migrate")
_NOT_BY_MODELS = (
    *_MIGRATE,
    "django.core.signals.got_request_exception",
    "django.core.signals.request_finished",
    "django.core.signals.request_started",
    "django.core.signals.setting_changed",
    "django.contrib.auth.signals.user_login_failed",
    "django.db.backends.signals.connection_created",
    "django.test.signals.template_rendered",
)


def senders(context: Context) -> Iterator[Finding]:
    """Own connections whose sender cannot match, with the sender that was probably meant."""
    inspection = context.inspection
    lazy = tuple(one for signal in inspection.signals for one in signal.lazy)
    for connection in own((*inspection.connections, *lazy)):
        reason = _reason(connection, inspection)
        if reason is not None:
            place = connector_place(connection)
            said, hint = reason
            yield Finding(
                RULES["W006"],
                f"{title(connection)} is never called: {said}",
                hint,
                *place,
                elsewhere(connection, place),
                subjects(connection),
                places(connection),
            )


def _reason(connection: Connection, inspection: Inspection) -> tuple[str, str] | None:
    """Why the sender never matches, and what was probably meant; None if it may."""
    sender, signal = connection.sender, connection.signal
    short = last_part(signal)
    label = sender.label or sender.path or "?"
    if sender.kind == "lazy":
        return f"no model {label} was ever loaded", _near(label, inspection)
    if signal in _MIGRATE and sender.kind in ("model", "class", "string"):
        return (
            f"{short} is sent by the AppConfig object of an app",
            "Connect it in AppConfig.ready with sender=self.",
        )
    if sender.kind == "model":
        if signal in _NOT_BY_MODELS:
            return f"{short} is not sent by a model", "Connect it without a sender."
        return _of_model(connection, inspection)
    if signal in _OBJECTS and sender.kind in ("class", "object"):
        return f"{label} is no model", _near(label, inspection)
    return None


def _of_model(connection: Connection, inspection: Inspection) -> tuple[str, str] | None:
    sender, signal = connection.sender, connection.signal
    if sender.historical or not signal.startswith("django."):
        return None
    label = sender.label or "?"
    model = inspection.models_by_label.get(label)
    if sender.abstract:
        return _of_abstract(sender, inspection)
    if model is None:
        return None
    if model.swapped:
        hint = f"Use sender={model.swapped!r}, or the setting that names it."
        return f"{label} is swapped for {model.swapped}", hint
    return _of_through(model, signal, inspection)


def _of_abstract(sender: Sender, inspection: Inspection) -> tuple[str, str]:
    known = (sender.label, sender.path)
    below = [one.label for one in inspection.models if any(base in known for base in one.bases)]
    hint = f"Connect it once for each: {listed(below)}." if below else "Nothing inherits it."
    return f"{sender.label} is abstract, its subclasses are the senders", hint


def _of_through(model: Model, signal: str, inspection: Inspection) -> tuple[str, str] | None:
    if signal == _M2M and not _is_through(model, inspection):
        throughs = list(_throughs(model, inspection))
        fields = listed(throughs) if throughs else "none here"
        return "the sender of m2m_changed is a field's through model", f"Meant: {fields}."
    if signal in _ROWS and model.auto_created:
        hint = "Connect it to m2m_changed with the same sender."
        return f"rows of {model.label} come and go without save and delete signals", hint
    return None


def _is_through(model: Model, inspection: Inspection) -> bool:
    return any(
        field.through == model.label for other in inspection.models for field in other.many_to_many
    )


def _throughs(model: Model, inspection: Inspection) -> Iterator[str]:
    """The through models of a model's many-to-many fields, seen from either side."""
    for other in inspection.models:
        for field in other.many_to_many:
            if model.label in (other.label, field.model):
                yield f"sender={other.label.rpartition('.')[2]}.{field.field}.through"


def _near(label: str, inspection: Inspection) -> str:
    """The model with the nearest name."""
    wanted = label.strip("'\"")
    models = {model.label.lower(): model.label for model in inspection.models}
    close = difflib.get_close_matches(wanted.lower(), models, 1)
    if not close:
        last = wanted.lower().rpartition(".")[2]
        close = [name for name in models if name.rpartition(".")[2] == last]
    return f"Meant: {models[close[0]]}?" if close else "Name a model that is installed."
