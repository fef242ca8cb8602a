"""Which receivers are connected in this process, to tell a misspelt name from one not called."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.registry import nearest_names
from sigtrace.testing.errors import TraceError
from sigtrace.testing.names import is_receiver
from sigtrace.testing.probing import receiver_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__unittest = True

_signals: weakref.WeakSet[Any] = weakref.WeakSet()


def check_connected(name: str) -> None:
    """Raise TraceError if no receiver that is connected has that name."""
    __tracebackhide__ = True
    asked = is_receiver(name)
    # Signals are made at import: it is worth looking for new ones only if the name is unknown.
    if any(asked(known, ()) for known in _names(_signals)):
        return
    _signals.update(_find())
    names = set(_names(_signals))
    if any(asked(known, ()) for known in names):
        return
    near = nearest_names(name, names)
    raise TraceError(
        f"No receiver of that name is connected: {name!r}."
        + (f" Did you mean {near[0]}?" if near else ""),
        "Pass the function itself if it is meant not to be connected.",
    )


def check_sender(name: str) -> None:
    """Raise TraceError for the label of a model that its app does not have."""
    __tracebackhide__ = True
    from django.apps import apps

    label, _, model = name.partition(".")
    if not model.isidentifier() or label not in apps.app_configs:
        return
    known = [model._meta.label for model in apps.get_app_config(label).get_models(True, True)]
    if name not in known:
        near = nearest_names(name, known)
        raise TraceError(
            f"There is no model {name}." + (f" Did you mean {near[0]}?" if near else ""),
            "Pass the class itself if it is no model.",
        )


def _find() -> Iterator[Any]:
    from django.dispatch import Signal

    return (thing for thing in gc.get_objects() if issubclass(type(thing), Signal))


def _names(signals: Iterable[Any]) -> Iterator[str]:
    for signal in list(signals):
        for entry in list(signal.__dict__.get("receivers", ())):
            receiver = entry[1]
            if issubclass(type(receiver), weakref.ReferenceType):
                receiver = receiver()
            if receiver is not None:
                yield receiver_name(receiver)
