"""Which receiver, signal or sender a test means: the object itself, or its name or a part of it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sigtrace.testing.identity import is_it
from sigtrace.testing.probing import receiver_name, sender_name, signal_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from weakref import ref

    from sigtrace.testing.identity import Target


def is_receiver(receiver: Any) -> Callable[[str, Target], bool]:
    """Return what says whether a receiver, its name and what it is, is the one that is meant.

    What it is decides if it is known, and if an object is meant and no name. Raises TypeError for
    what can be no receiver.
    """
    if not isinstance(receiver, str) and not callable(receiver):
        said = f"A receiver is a function or its name, not of type {type(receiver).__name__}."
        raise TypeError(said)
    asked = _asked(receiver, receiver_name)
    if isinstance(receiver, str):
        return lambda name, _: asked(name)
    return lambda name, target: is_it(receiver, target) if target else asked(name)


def is_signal(signal: Any) -> Callable[[str, ref[Any] | None], bool]:
    """Return what says whether a signal, its name and what it is, is the one that is meant.

    Raises TypeError for what is no signal.
    """
    from django.dispatch import Signal

    if not isinstance(signal, str | Signal):
        raise TypeError(f"A signal or its name is expected, not of type {type(signal).__name__}.")
    asked = _asked(signal, signal_name)
    if isinstance(signal, str):
        return lambda name, _: asked(name)
    return lambda name, known: asked(name) if known is None else known() is signal


def is_sender(sender: Any) -> Callable[[str | None], bool]:
    """Return what says whether a sender of a trace is the one that is meant; None means no one."""
    if sender is None:
        return lambda name: name is None
    asked = _asked(sender, lambda thing: sender_name(thing) or "")
    # A text that was sent as the sender is quoted in a trace.
    quoted = f"'{str.__str__(sender)}'" if isinstance(sender, str) else None
    return lambda name: name is not None and (asked(name) or name == quoted)


def text_of(thing: Any, name: Callable[[Any], str | None]) -> str:
    """What was meant, for a message."""
    return thing if isinstance(thing, str) else name(thing) or "None"


def ends_with(path: str, wanted: str) -> bool:
    """Whether a path is `wanted` or ends with it, whole names only; globs work."""
    return fnmatchcase(path, wanted) or fnmatchcase(path, f"*.{wanted}")


def _asked(thing: Any, name: Callable[[Any], str]) -> Callable[[str], bool]:
    if isinstance(thing, str):
        return lambda path: ends_with(path, thing)
    exact = name(thing)
    return lambda path: path == exact
