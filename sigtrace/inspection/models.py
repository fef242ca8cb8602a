"""A model, and what happens to the rows that point to it."""

from __future__ import annotations

from dataclasses import dataclass

from sigtrace.inspection.connections import NOWHERE, Place


@dataclass(frozen=True)
class Relation:
    """What `model.field` does when the row of `to` that it points to is deleted.

    `on_delete` is Django's name (CASCADE, DB_CASCADE, SET …), an import path for a project's own;
    `kind` is foreign_key, one_to_one or generic.
    """

    model: str
    field: str
    on_delete: str
    to: str = ""
    kind: str = "foreign_key"
    null: bool = False
    parent_link: bool = False
    database: bool = False


@dataclass(frozen=True)
class ManyToMany:
    """A many-to-many field of a model; `through` sends its m2m_changed."""

    field: str
    model: str
    through: str
    auto_created: bool = True
    accessor: str | None = None
    """The name under which the other model sees it; None if it does not."""


@dataclass(frozen=True)
class Model:
    """A model that is installed, swapped out, or the auto-created table of a many-to-many field.

    `bases` are the labels of all models that it inherits from, nearest first (an abstract one
    without an app: its import path); `parents` those whose rows are a part of its own, `concrete`
    is its own label but for a proxy. `auto_created` is the label of the model whose field made it.
    `relations` point to it, in the order in which a deletion follows them.
    """

    label: str
    path: str
    place: Place = NOWHERE
    app: str = ""
    bases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    concrete: str = ""
    proxy: bool = False
    managed: bool = True
    swapped: str | None = None
    auto_created: str | None = None
    relations: tuple[Relation, ...] = ()
    many_to_many: tuple[ManyToMany, ...] = ()
