"""Which senders there are, to tell one that nobody is from one for which nobody was called."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.registry import nearest_names
from sigtrace.testing.connected import connections, signals_of_all
from sigtrace.testing.errors import TraceError
from sigtrace.testing.names import is_sender
from sigtrace.testing.probing import IN_PROCESS, sender_name

if TYPE_CHECKING:
    from collections.abc import Iterable

__unittest = True

_COLLECTIONS = (list, tuple, set, frozenset, dict)


def check_sender(sender: Any, sent: Iterable[str | None]) -> None:
    """Raise TraceError for a sender that is none, and surely was meant to be another.

    That is a text which is neither the label of a model nor the name of a sender that was `sent` or
    that some receiver is connected to; and a collection, an instance of a model, a manager, a query
    set or a lazy object that is not.
    """
    __tracebackhide__ = True
    if sender is None or issubclass(type(sender), type):
        return
    known = {*filter(None, sent)}
    if isinstance(sender, str):
        known |= _labels()
    if any(map(is_sender(sender), known)):
        return
    connected = {key for _, key in connections(signals_of_all())}
    # Django compares senders by what they are, texts too.
    if id(sender) in connected:
        return
    if isinstance(sender, str):
        names = {sender_name(each) or "" for each in gc.get_objects() if id(each) in connected}
        _check_name(sender, known | names)
    _check_object(sender)


def _labels() -> set[str]:
    from django.apps import apps

    models = apps.get_models(True, True) if apps.models_ready else ()
    return {model._meta.label for model in models}


def _check_name(name: str, known: set[str]) -> None:
    __tracebackhide__ = True
    if any(map(is_sender(name), known)):
        return
    last = name.rpartition(".")[2].lower()
    alike = sorted(each for each in known if each.rpartition(".")[2].lower() == last)
    near = alike or nearest_names(name, known)
    raise TraceError(
        f"No sender of that name is known: {name!r}."
        + (f" Did you mean {near[0]}?" if near else ""),
        "Pass the class itself if it is no model.",
    )


def _check_object(sender: Any) -> None:
    __tracebackhide__ = True
    from django.db.models import QuerySet
    from django.db.models.manager import BaseManager
    from django.utils.functional import LazyObject, Promise

    if issubclass(type(sender), LazyObject | Promise):
        raise TraceError(
            f"A sender is the object itself, not one that is lazy: {sender_name(sender)}.",
            "Pass what it stands for.",
        )
    if issubclass(type(sender), _COLLECTIONS):
        raise TraceError(
            f"A sender is one object, not several of them: {sender_name(sender)}.",
            "Assert for each of them.",
        )
    if issubclass(type(sender), BaseManager | QuerySet):
        raise TraceError(
            f"A model's signals are sent by its class, not by what asks for its rows: "
            f"{sender_name(sender)}.",
            "Pass the class itself, or its label.",
        )
    model = IN_PROCESS.probe.tools.describe.model(type(sender))
    if model is not None:
        raise TraceError(
            f"A model's signals are sent by its class, not by an instance: {sender_name(sender)}.",
            f"Pass the class, or {model.label!r}.",
        )
