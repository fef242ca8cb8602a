"""Hears of every signal that is made and of every `connect`, and writes down what is left."""

from __future__ import annotations

import gc
import json
import os
import sys
import weakref
from typing import TYPE_CHECKING, Any

from ..naming import Signals
from ..places import OWN, Places
from ..signals import make_init
from ..text import type_path
from .connecting import Notes
from .facts import Facts
from .models import Models

if TYPE_CHECKING:
    from ..patching import Patches

Record = dict[str, Any]


class Inspector:
    """Hooks Django's signals as soon as they are loaded, and describes them at the end."""

    def __init__(self, project: str, patches: Patches) -> None:
        self._project = project
        self._patches = patches
        self._made: dict[int, tuple[weakref.ref[Any], str, int]] = {}

    def loaded(self, module_name: str) -> None:
        """Hook a module of Django's that has just been executed."""
        module = sys.modules[module_name]
        if module_name == "django.dispatch.dispatcher":
            # Not before: a file is Django's by the folder of Django.
            places = Places(self._project)
            self._facts = Facts(places, self._project)
            self._signals = Signals(places)
            self._notes = Notes(self._facts, places)
            self._patches.wrap(module.Signal, "__init__", make_init(self._signal_made))
            self._patches.wrap(module.Signal, "connect", self._notes.make_connect)
        elif module_name == "django.db.models.signals":
            self._patches.wrap(module.ModelSignal, "connect", self._notes.make_lazy_connect)

    @property
    def warnings(self) -> list[str]:
        """What could not be described."""
        return self._notes.warnings

    def found(self) -> Record:
        """Describe the signals, models, apps and own modules of this process."""
        # What only a cycle keeps alive is as good as dead, and would come and go from run to run.
        gc.collect()
        return {
            "signals": self._all_signals(),
            "models": Models(self._facts.place).all(),
            "apps": self._apps(),
            "modules": self._modules(),
        }

    def file_of(self, module_name: str) -> str | None:
        """Return the file of a module that is loaded, None if there is none."""
        file: str | None = self._place_of(module_name)["file"]
        return file

    def _signal_made(self, signal: Any, module: str, filename: str, line: int) -> None:
        self._signals.made(signal, module, filename, line)
        self._notes.made(signal)
        self._made[id(signal)] = (weakref.ref(signal), filename, line)

    def _all_signals(self) -> list[Record]:
        made = (reference() for reference, _, _ in list(self._made.values()))
        base = sys.modules["django.dispatch.dispatcher"].Signal
        # A copy was never made, nor was what came before us: both are objects all the same.
        # By the type, since `isinstance` would evaluate lazy ones.
        all_objects = (one for one in gc.get_objects() if issubclass(type(one), base))
        signals = {id(one): one for one in (*made, *all_objects) if one is not None}
        found = [self._signal(signal) for signal in signals.values()]
        return sorted(found, key=lambda one: (one["name"], str(one["place"])))

    def _signal(self, signal: Any) -> Record:
        name = json.loads(self._signals(signal).path)
        notes = self._notes
        reference, filename, line = self._made.get(id(signal), (None, "", 0))
        known = reference is not None and reference() is signal
        return {
            "name": name,
            "type": type_path(type(signal)),
            "place": self._facts.place(filename, line) if known else {},
            "connects": notes.calls(signal),
            "connections": [{"signal": name, **one} for one in notes.connections(signal)],
            "collected": [{"signal": name, **one} for one in notes.collected(signal)],
            "lazy": [{"signal": name, **one} for one in notes.lazy(signal)],
        }

    def _apps(self) -> list[Record]:
        from django.apps import apps

        return [
            {
                "name": config.name,
                "label": config.label,
                "path": config.path,
                "place": self._facts.place(os.path.join(config.path, "__init__.py"), None),
            }
            for config in apps.get_app_configs()
        ]

    def _modules(self) -> dict[str, str]:
        places = {name: self._place_of(name) for name in sorted(sys.modules)}
        return {name: place["file"] for name, place in places.items() if place["origin"] == OWN}

    def _place_of(self, name: str) -> Record:
        file = getattr(sys.modules.get(name), "__file__", None)
        if type(file) is not str:
            return {"file": None, "origin": None}
        return self._facts.place(file, None)
