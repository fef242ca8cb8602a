"""Which receivers are connected in this process, to tell who can be called from who was not."""

from __future__ import annotations

import gc
import sys
import weakref
from types import MethodType
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.paths import last_part
from sigtrace.analysis.registry import nearest_names
from sigtrace.events import MUTED_SIGNALS
from sigtrace.testing.errors import TraceError
from sigtrace.testing.identity import held, is_it
from sigtrace.testing.names import is_receiver, text_of
from sigtrace.testing.probing import IN_PROCESS, is_djangos, receiver_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__unittest = True

_signals: weakref.WeakSet[Any] = weakref.WeakSet()


def check_receiver(receiver: Callable[..., Any] | str) -> None:
    """Raise TraceError for a receiver of which no call can be seen: not whether it was called.

    That is one whose name no connected receiver has, a class whose instances listen in its place,
    and one that listens to muted signals only.
    """
    __tracebackhide__ = True
    if isinstance(receiver, str):
        _check_name(receiver)
    elif isinstance(receiver, type):
        _check_class(receiver)
    muted_for(receiver)


def muted_for(receiver: Callable[..., Any] | str) -> str:
    """Say which signals a receiver listens to that are not recorded; empty if there are none.

    Raises TraceError if it listens to no others.
    """
    __tracebackhide__ = True
    muted = {} if IN_PROCESS.probe.options.all_signals else dict(_muted())
    names = [name for name, signal in muted.items() if _listens(receiver, [signal])]
    if not names:
        return ""
    is_not = "is not" if len(names) == 1 else "are not"
    said = (
        f"{text_of(receiver, receiver_name)} listens to {', '.join(names)}, which {is_not} recorded"
    )
    if not _is_found(lambda signals: _listens(receiver, signals - {*muted.values()})):
        raise TraceError(f"{said}: its calls are not seen.", "Assert on what it does.")
    return said


def check_signal(name: str) -> None:
    """Raise TraceError for a signal of which no send can be seen: one that is not recorded."""
    __tracebackhide__ = True
    if IN_PROCESS.probe.options.all_signals:
        return
    if any(f".{path}".endswith(f".{name}") for path in MUTED_SIGNALS):
        raise TraceError(
            f"{last_part(name)} is not recorded: its sends are not seen.",
            "Assert on what its receivers do.",
        )


def signals_of_all() -> set[Any]:
    """All signals of this process."""
    from django.dispatch import Signal

    _signals.update(each for each in gc.get_objects() if issubclass(type(each), Signal))
    return set(_signals)


def connections(signals: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """The receivers that are connected, each with Django's key of its sender."""
    for signal in list(signals):
        for entry in list(signal.__dict__.get("receivers", ())):
            receiver = entry[1]
            if issubclass(type(receiver), weakref.ReferenceType):
                receiver = receiver()
            if receiver is not None:
                yield receiver, entry[0][1]


def _check_name(name: str) -> None:
    __tracebackhide__ = True
    if _is_found(lambda signals: _listens(name, signals)):
        return
    # What is meant may be disconnected just now: only what is surely misspelt is another one.
    names = {receiver_name(each) for each, _ in connections(_signals) if not is_djangos(each)}
    near = nearest_names(name, names, 0.75)
    raise TraceError(
        f"No receiver of that name is connected: {name!r}."
        + (f" Did you mean {near[0]}?" if near else ""),
        "Or it is disconnected or muted just now: pass the function itself if that is meant.",
    )


def _check_class(receiver: type) -> None:
    __tracebackhide__ = True
    listening = [each for each, _ in connections(signals_of_all())]
    if any(is_it(receiver, held(each)) for each in listening):
        return
    if any(_belongs_to(receiver, each) for each in listening):
        raise TraceError(
            f"{receiver_name(receiver)} is a class, of which an instance or its method listens.",
            "Pass that, or a name: 'Class.method', 'Class.*'.",
        )


def _belongs_to(cls: type, receiver: Any) -> bool:
    one = receiver.__self__ if type(receiver) is MethodType else receiver
    return any(base is cls for base in type.mro(type(one)))


def _is_found(listens: Callable[[set[Any]], bool]) -> bool:
    """Ask of the signals that are known, and only then of all: most are made at import."""
    return listens(set(_signals)) or listens(signals_of_all())


def _listens(receiver: Callable[..., Any] | str, signals: Iterable[Any]) -> bool:
    asked = is_receiver(receiver)
    return any(asked(receiver_name(each), held(each)) for each, _ in connections(signals))


def _muted() -> Iterator[tuple[str, Any]]:
    for path in MUTED_SIGNALS:
        module, _, name = path.rpartition(".")
        signal = getattr(sys.modules.get(module), name, None)
        if signal is not None:
            yield name, signal
