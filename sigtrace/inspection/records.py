"""The connections, models and modules of a project that has been set up, as plain records.

Every field stands under its own name in the inspection file. Names are those of a trace: an import
path for signals and receivers, `blog.Article` for models; files are relative to the project where
they can be.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (the reader asks for the types of the fields)
from dataclasses import dataclass, field
from functools import cached_property

from sigtrace.inspection.connections import NOWHERE, Connection, Place, Signal
from sigtrace.inspection.models import Model  # noqa: TC001  (likewise)


@dataclass(frozen=True)
class App:
    """An installed app: name, label and folder; `place.file` is its package's `__init__`."""

    name: str
    label: str
    path: str
    place: Place = NOWHERE


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
