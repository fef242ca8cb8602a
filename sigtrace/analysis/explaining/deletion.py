"""What a deletion reaches, by the rules of Django's Collector, as if every table had rows.

The order is Django's too: what depends on a row goes first, pre_delete is sent for all models
before the first row is deleted, post_delete after the rows of its model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from sigtrace.analysis.explaining.steps import Sent, Signals, Step, Unknown, Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Inspection, Model, Relation

T = TypeVar("T")

_LEFT = ("DO_NOTHING",)
_UPDATES = ("SET", "SET_NULL", "SET_DEFAULT")


@dataclass
class Collected:
    """Models by label: `reached` are deleted row by row, with the reason for each."""

    reached: dict[str, str] = field(default_factory=dict)
    depends: dict[str, set[str]] = field(default_factory=dict)
    at_once: list[Written] = field(default_factory=list)
    updates: list[Written] = field(default_factory=list)
    by_database: list[Written] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    unknown: dict[str, Relation] = field(default_factory=dict)


class Collector:
    """Follows the relations from one model; with `at_most` all those that may cascade."""

    def __init__(self, inspection: Inspection, signals: Signals, *, at_most: bool = False) -> None:
        self._inspection = inspection
        self._models = inspection.models_by_label
        self._at_most = at_most
        self._signals = signals
        self._found = Collected()
        self._followed: set[str] = set()

    def collect(self, model: Model) -> Collected:
        """Return all that deleting an instance of `model` reaches."""
        self._collect(model, "")
        return self._found

    def steps(self, found: Collected) -> Iterator[Step]:
        """Say what happens, in the order in which it happens."""
        models = [self._models[label] for label in self._sorted(found)]
        for model in models:
            if model.auto_created is None:
                yield self._signals.sent("pre_delete", model, found.reached[model.label])
        yield from found.at_once
        yield from found.updates
        for model in models:
            sends = model.auto_created is None
            said = (found.reached[model.label], "" if sends else "a table without signals")
            yield Written("DELETE", model.label, ": ".join(filter(None, said)))
            if sends:
                yield self._signals.sent("post_delete", model)
        yield from found.by_database

    def unknown(self, found: Collected) -> Iterator[Unknown]:
        """Say which relations do nobody knows what, and who is called if they cascade."""
        for name, relation in found.unknown.items():
            beyond = Collector(self._inspection, self._signals, at_most=True)
            steps = beyond.steps(beyond.collect(self._models[relation.model]))
            possible = [
                step
                for step in steps
                if isinstance(step, Sent) and step.receivers and step.sender not in found.reached
            ]
            yield Unknown(name, relation.on_delete, tuple(possible))

    def _collect(
        self,
        model: Model,
        why: str,
        source: str | None = None,
        *,
        is_parent: bool = False,
    ) -> None:
        is_new = model.label not in self._found.reached
        self._found.reached.setdefault(model.label, why)
        if source is not None:
            before, after = (source, model.label) if is_parent else (model.label, source)
            self._depend(after, before)
        for parent in self._direct_parents(model) if is_new else ():
            self._collect(parent, "multi-table parent", model.label, is_parent=True)
        if is_parent or model.label in self._followed:
            return
        self._followed.add(model.label)
        # A parent's relations are among those of its child.
        for relation in model.relations:
            self._follow(model, relation)

    def _follow(self, model: Model, relation: Relation) -> None:
        found, held = self._found, self._models.get(relation.model)
        name = f"{relation.model}.{relation.field}"
        if held is None or relation.on_delete in _LEFT:
            return
        if relation.database:
            self._leave_to_database(held, relation)
        elif relation.on_delete in _UPDATES:
            why = f"{relation.on_delete}: {name}, no signals"
            _add(found.updates, Written("UPDATE", held.label, why))
        elif relation.on_delete in ("PROTECT", "RESTRICT"):
            unless = ", unless they go too" if relation.on_delete == "RESTRICT" else ""
            _add(found.stops, f"{relation.on_delete}: rows of {name} forbid it{unless}")
            if relation.on_delete == "RESTRICT":
                self._depend(relation.to, held.label)
        elif relation.on_delete == "CASCADE" or self._at_most:
            if self._goes_at_once(held, relation):
                written = Written("DELETE", held.label, f"at once, nobody listens: {name}")
                _add(found.at_once, written)
                return
            source = None if relation.null else relation.to
            kind = "generic relation" if relation.kind == "generic" else "cascade"
            self._collect(held, f"{kind} by {name}", source)
        else:
            found.unknown[name] = relation

    def _leave_to_database(self, held: Model, relation: Relation) -> None:
        """Add what the database does by itself, and what follows from it there."""
        statement = "DELETE" if relation.on_delete == "DB_CASCADE" else "UPDATE"
        why = f"{relation.on_delete} of {relation.model}.{relation.field}: by the database, unsent"
        written = Written(statement, held.label, why)
        if not _add(self._found.by_database, written):
            return
        if statement == "DELETE":
            for further in held.relations:
                if further.database and further.model in self._models:
                    self._leave_to_database(self._models[further.model], further)

    def _goes_at_once(self, model: Model, relation: Relation) -> bool:
        """Whether the rows are deleted by one statement: nobody listens, nothing follows."""
        if any(self._signals.hearing(name, model) for name in ("pre_delete", "post_delete")):
            return False
        links = {relation.to} if relation.parent_link else set()
        parents = {parent.label for parent in self._direct_parents(model)}
        return parents <= links and all(
            further.database or further.on_delete in _LEFT for further in model.relations
        )

    def _direct_parents(self, model: Model) -> list[Model]:
        parents = [self._models[label] for label in model.parents if label in self._models]
        return [one for one in parents if not any(one.label in other.parents for other in parents)]

    def _depend(self, after: str, before: str) -> None:
        """Note that rows of `before` are deleted before those of `after`; by their tables."""
        self._found.depends.setdefault(self._concrete(after), set()).add(self._concrete(before))

    def _concrete(self, label: str) -> str:
        return self._models[label].concrete if label in self._models else label

    def _sorted(self, found: Collected) -> list[str]:
        done: list[str] = []
        tables: set[str] = set()
        all_tables = {self._concrete(label) for label in found.reached}
        while len(done) < len(found.reached):
            before = len(done)
            for label in found.reached:
                table = self._concrete(label)
                needed = found.depends.get(table, set()) & all_tables
                if label not in done and needed <= tables:
                    done.append(label)
                    tables.add(table)
            if len(done) == before:
                return list(found.reached)  # a circle: Django leaves the order as it is
        return done


def _add(found: list[T], one: T) -> bool:
    """Add what is new; a table may be reached in several ways."""
    if one in found:
        return False
    found.append(one)
    return True
