"""The chains of the operations on a model: create, update, delete, and its many-to-many fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigtrace.analysis.explaining.deletion import Collector
from sigtrace.analysis.explaining.finding import both_sides, find_fields, find_model
from sigtrace.analysis.explaining.missed import not_called
from sigtrace.analysis.explaining.steps import Chain, Signals, Step, Written, receivers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Inspection, ManyToMany, Model

OPERATIONS = ("create", "update", "delete", "m2m")
_SAVES = {
    "create": ("INSERT", "created", "bulk_create()"),
    "update": ("UPDATE", "updated", "bulk_update() or QuerySet.update()"),
    "": ("INSERT or UPDATE", "created or updated", "bulk_create(), bulk_update() or update()"),
}


@dataclass(frozen=True)
class Explanation:
    """A model, and the chains of the operations that were asked for."""

    inspection: Inspection
    model: Model
    chains: tuple[Chain, ...]


def explain(inspection: Inspection, name: str, operation: str = "", field: str = "") -> Explanation:
    """Explain an operation on the model of that label, class name or import path, or all of them.

    Raises SigtraceError where there is no such model or field.
    """
    model = find_model(inspection, name)
    signals = Signals(inspection)
    chains: list[Chain] = []
    if operation in ("create", "update", ""):
        chains += _made(signals, model)
        chains.append(_save(inspection, signals, model, operation))
    if operation in ("delete", ""):
        chains.append(_delete(inspection, signals, model))
    if operation in ("m2m", ""):
        fields = find_fields(inspection, model, field, needed=operation == "m2m")
        found = [_m2m(inspection, signals, model, one) for one in fields]
        chains += [one for one in found if operation or _is_heard(one)]
    return Explanation(inspection, model, tuple(chains))


def _made(signals: Signals, model: Model) -> Iterator[Chain]:
    """Making an instance, or loading one, is shown where somebody listens to it."""
    steps = tuple(signals.sent(name, model) for name in ("pre_init", "post_init"))
    if any(receivers_of(steps)):
        yield Chain(f"{_name(model)}()  made, or loaded from the database", steps)


def _save(inspection: Inspection, signals: Signals, model: Model, operation: str) -> Chain:
    statement, said, bulk = _SAVES[operation]
    name = f"{_name(model)}.save()  {said}"
    written = [
        *(
            Written(statement, parent, "multi-table parent, unsent")
            for parent in model.parents[::-1]
        ),
        Written(statement, model.concrete),
    ]
    if model.auto_created:
        return Chain(name, tuple(written), unsent=("An auto-created table sends no save signals.",))
    created = {"create": "created=True", "update": "created=False"}.get(operation, "")
    steps: tuple[Step, ...] = (
        signals.sent("pre_save", model),
        *written,
        signals.sent("post_save", model, created),
    )
    return Chain(
        name,
        steps,
        tuple(not_called(inspection, signals, model, ("pre_save", "post_save"))),
        unsent=tuple(_bypassed(f"{bulk} of {model.label}", steps)),
    )


def _delete(inspection: Inspection, signals: Signals, model: Model) -> Chain:
    collector = Collector(inspection, signals)
    found = collector.collect(model)
    steps = tuple(collector.steps(found))
    unsent = [
        f"The rows of {field.through} go without m2m_changed."
        for field in both_sides(inspection, model)
        if field.through in inspection.models_by_label
        and signals.hearing("m2m_changed", inspection.models_by_label[field.through])
    ]
    names = ("pre_delete", "post_delete")
    return Chain(
        f"{_name(model)}.delete()",
        steps,
        tuple(not_called(inspection, signals, model, names, frozenset(found.reached))),
        tuple(found.stops),
        (*unsent, *_by_database(inspection, signals, found.by_database)),
        tuple(collector.unknown(found)),
    )


def _by_database(inspection: Inspection, signals: Signals, written: list[Written]) -> Iterator[str]:
    for label in dict.fromkeys(one.model for one in written if one.statement == "DELETE"):
        model = inspection.models_by_label[label]
        heard = [*signals.hearing("pre_delete", model), *signals.hearing("post_delete", model)]
        if heard:
            names = ", ".join(one.receiver.name for one in heard)
            yield f"The database deletes rows of {label} by itself: not called are {names}."


def _m2m(inspection: Inspection, signals: Signals, model: Model, field: ManyToMany) -> Chain:
    name = f"{_name(model)}.{field.field}.add()"
    through = inspection.models_by_label.get(field.through)
    if through is None:
        return Chain(name, (), unsent=(f"Its table {field.through} was never loaded.",))
    steps = (
        signals.sent("m2m_changed", through, "action=pre_add"),
        Written("INSERT", through.label, "at once: no save signals"),
        signals.sent("m2m_changed", through, "action=post_add"),
    )
    likewise = "remove() and clear() send it likewise, set() as what it removes and adds."
    others = tuple(not_called(inspection, signals, through, ("m2m_changed",)))
    return Chain(name, steps, others, unsent=(likewise,))


def _bypassed(what: str, steps: tuple[Step, ...]) -> Iterator[str]:
    count = len({one.receiver.name for one in receivers_of(steps)})
    if count:
        receivers = "this receiver" if count == 1 else f"these {count} receivers"
        yield f"{what} sends nothing: {receivers} would not be called."


def _is_heard(chain: Chain) -> bool:
    return any(receivers_of(chain.steps)) or bool(chain.not_called)


def _name(model: Model) -> str:
    return model.label.rpartition(".")[2]
