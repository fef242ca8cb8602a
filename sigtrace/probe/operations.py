"""What the hooks on saves, deletes, bulk and many-to-many writes have in common."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .rows import UNKNOWN
from .spans import current
from .text import quote
from .tracing import traced

if TYPE_CHECKING:
    from .models import Model
    from .patching import Patches
    from .places import Place
    from .tools import Tools
    from .tracing import Begin, Tail

# What Django itself calls inside these is part of them, not an operation of its own.
_ENCLOSING = ("bulk", "delete", "m2m")


class Operation:
    """What an operation's line says that is known when it begins."""

    __slots__ = (
        "alias",
        "bypassed",
        "created",
        "instance",
        "key",
        "label",
        "model",
        "place",
        "row",
        "what",
    )

    bypassed: list[str]

    def __init__(self, model: Model, place: Place, what: str, alias: Any) -> None:
        self.model = model
        self.label = model.label_text
        self.place = place
        self.what = what
        self.alias = alias if type(alias) is str else None
        self.created = "null"
        self.instance: Any = None
        self.key = "null"
        self.row = UNKNOWN

    def alias_text(self) -> str:
        """The database alias as JSON text."""
        return "null" if self.alias is None else quote(self.alias)


class OperationHooks:
    """Replaces methods of Django's by ones that run under a span."""

    def __init__(self, tools: Tools, patches: Patches) -> None:
        self._tools = tools
        self._patches = patches

    def _wrap(self, owner: Any, name: str, begin: Begin, tail: Tail) -> None:
        recorder = self._tools.recorder
        self._patches.wrap(owner, name, lambda original: traced(recorder, original, begin, tail))

    def _live(self, signal_name: str, sender: Any) -> list[str]:
        """The receivers that would hear one of Django's model signals, as JSON text."""
        signal = getattr(sys.modules["django.db.models.signals"], signal_name)
        if not signal.receivers:
            return []
        live = signal._live_receivers(sender)
        everyone = [*live[0], *live[1]] if type(live) is tuple else live
        return [self._tools.receivers(receiver).name for receiver in everyone]


def enclosed() -> bool:
    """Whether an operation is going on of which the next one is a part."""
    span = current.get()
    return span is not None and span.kind in _ENCLOSING


def boolean(value: Any) -> str:
    """Write what is exactly True as such, and all else as false."""
    return "true" if value is True else "false"
