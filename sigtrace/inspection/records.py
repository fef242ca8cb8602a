"""The connections, models and modules of a project that has been set up, as plain records.

Every field stands under its own name in the inspection file. Names are those of a trace: an import
path for signals and receivers, `blog.Article` for models; files are relative to the project where
they can be.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (the reader asks for the types of the fields)
from dataclasses import dataclass, field
from functools import cached_property

OWN, THIRD_PARTY, DJANGO = "own", "third-party", "django"
"""Whose code something is: not installed in the environment, installed, or Django's."""

Uid = str | int | float | bool | None
"""A `dispatch_uid`: a string or number as it is; anything else as a text in angle brackets."""


@dataclass(frozen=True)
class Place:
    """Where code stands and whose it is; `package` and `version` only where it is third-party."""

    file: str | None = None
    line: int | None = None
    origin: str | None = None
    package: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Receiver:
    """A receiver by what runs: a partial or a callable instance has the name of what it wraps.

    `kind` is function, method, partial, instance, class, or builtin; `accepts_kwargs` is None
    where the signature is not known. Receivers of equal `number` are one and the same object.
    """

    name: str
    kind: str
    place: Place = Place()
    accepts_kwargs: bool | None = None
    number: int = 0

    @property
    def is_lambda(self) -> bool:
        return "<lambda>" in self.name

    @property
    def is_local(self) -> bool:
        """Whether it was defined within a function."""
        return "<locals>" in self.name

    def repeats(self, other: Receiver) -> bool:
        """Whether it is the same function, or the same source imported once more.

        What a function makes anew at each call, partials and lambdas are functions of their own.
        """
        if self.number == other.number:
            return True
        plain = self.kind == "function" and not self.is_local and not self.is_lambda
        return plain and self.place.file is not None and self.place == other.place


@dataclass(frozen=True)
class Sender:
    """Whom a connection listens to.

    `kind` is any; model; class; string (the string itself is the sender); lazy (a string for a
    model that was never loaded: the connection was never made); object; unknown. `label` is what a
    trace says, so a string stands in quotes; `path` is the import path of a class.
    """

    kind: str
    label: str | None = None
    path: str | None = None
    abstract: bool = False
    historical: bool = False


@dataclass(frozen=True)
class Connector:
    """The line that connected: `how` is receiver (the decorator) or connect (the method).

    `ready` is the label of the app within whose `AppConfig.ready` it happened.
    """

    file: str | None
    line: int | None
    origin: str | None
    how: str
    ready: str | None = None


@dataclass(frozen=True)
class Connection:
    """A receiver on a signal; `connects` counts the calls of `connect` that asked for this one.

    Django makes one connection of them. Zero: the signal's list was changed by other means.
    """

    signal: str
    receiver: Receiver
    sender: Sender
    dispatch_uid: Uid = None
    weak: bool = False
    is_async: bool = False
    connected_at: Connector | None = None
    connects: int = 1


@dataclass(frozen=True)
class Signal:
    """A signal and what is connected to it, in Django's order.

    `collected` are the weak connections whose receiver was garbage before anything was sent,
    `lazy` those that wait for a model that was never loaded. `type` is the import path of its
    class, `connects` counts the calls of `connect` on it.
    """

    name: str
    type: str
    place: Place = Place()
    connects: int = 0
    connections: tuple[Connection, ...] = ()
    collected: tuple[Connection, ...] = ()
    lazy: tuple[Connection, ...] = ()


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
    without an app: its import path); `parents` those whose row it has as well, `concrete` is its
    own label but for a proxy. `auto_created` is the label of the model whose field made it.
    `relations` point to it, in the order in which a deletion follows them.
    """

    label: str
    path: str
    place: Place = Place()
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


@dataclass(frozen=True)
class App:
    """An installed app: name, label and folder; `place.file` is its package's `__init__`."""

    name: str
    label: str
    path: str
    place: Place = Place()


@dataclass(frozen=True)
class Settings:
    """The settings module, and what named it: an option, a variable, or a file."""

    module: str
    source: str
    file: str | None = None


@dataclass(frozen=True)
class Inspection:
    """All that was found; `project` is absolute, `modules` maps own modules to their files.

    `imports` are the modules that were loaded after `django.setup()` because they were asked for,
    `warnings` sentences for the user.
    """

    project: str
    settings: Settings
    python: str
    django: str
    executable: str = ""
    imports: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    apps: tuple[App, ...] = ()
    signals: tuple[Signal, ...] = ()
    models: tuple[Model, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """What would be called now, in the order of the signals."""
        return tuple(one for signal in self.signals for one in signal.connections)

    @cached_property
    def models_by_label(self) -> Mapping[str, Model]:
        return {model.label: model for model in self.models}
