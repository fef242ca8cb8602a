"""Receivers that one might expect to be called for a model, and why they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.explaining.steps import NotCalled, Signals, hears

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Inspection, Model, Sender


def not_called(
    inspection: Inspection,
    signals: Signals,
    model: Model,
    names: tuple[str, ...],
    reached: frozenset[str] = frozenset(),
) -> Iterator[NotCalled]:
    """Find the receivers of these signals whose sender is close to the model, but not it.

    `reached` are the labels of models that send these signals in the same chain.
    """
    for name in names:
        for one in signals.connections(name):
            if one.sender.label not in reached and not hears(one, model):
                why = _why(inspection, model, one.sender, name)
                if why:
                    yield NotCalled(one, why)
        for one in signals.collected(name):
            if hears(one, model):
                yield NotCalled(one, "it was connected weakly, and nobody kept it alive")


def _why(inspection: Inspection, model: Model, sender: Sender, signal: str) -> str:
    """Say why a connection does not hear the model; nothing if nobody would think it does."""
    label = sender.label
    if sender.kind != "model" or label is None:
        return ""
    if sender.historical:
        return "its sender is a model of a migration" if label == model.label else ""
    if signal == "m2m_changed":
        sends = label in _ends(inspection, model)
        return f"{label} never sends it, {model.label} does" if sends else ""
    if sender.abstract:
        is_base = label in model.bases or sender.path in model.bases
        return f"{label} is abstract and never sends it" if is_base else ""
    other = inspection.models_by_label.get(label)
    return "" if other is None else _why_not(other, model)


def _why_not(other: Model, model: Model) -> str:
    """Say how another model is near to this one and yet sends signals of its own, or none."""
    near = {
        f"{other.label} is a multi-table parent: its row is saved without signals": (
            other.label in model.parents
        ),
        f"{other.label} is a multi-table child: it sends its own": model.label in other.parents,
        f"{other.label} is swapped out for {model.label}": other.swapped == model.label,
        f"{other.label} is another class for the same table: it sends its own": (
            other.concrete == model.concrete
        ),
        f"{other.label} is an auto-created table and never sends it": (
            other.auto_created == model.label
        ),
    }
    return next((why for why, holds in near.items() if holds), "")


def _ends(inspection: Inspection, through: Model) -> set[str]:
    """The models on both sides of a many-to-many table."""
    return {
        label
        for model in inspection.models
        for field in model.many_to_many
        if field.through == through.label
        for label in (model.label, field.model)
    }
