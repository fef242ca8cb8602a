"""Whom the models of migrations did not call: they are other classes than the real ones."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sigtrace.analysis.filters import wrote_nothing
from sigtrace.events import M2M_CHANGED

if TYPE_CHECKING:
    from sigtrace.analysis.connected import Registry
    from sigtrace.tree import Span

_MODELS = "django.db.models.signals."
_SAVE = (_MODELS + "pre_save", _MODELS + "post_save")
_DELETE = (_MODELS + "pre_delete", _MODELS + "post_delete")


class Historical:
    """The receivers connected to one model; those of any sender hear a migration's model too."""

    def __init__(self, registry: Registry) -> None:
        # By signal and sender.
        self._connected: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for one in registry.audible():
            if one.sender is not None and one.origin != "django":
                self._connected[one.signal, one.sender].append(one.receiver)

    def missed(self, span: Span) -> list[str]:
        """Who would have heard of a write, had its model been the real one; else nobody."""
        if not span.event.get("historical") or wrote_nothing(span):
            return []
        kind, sender = span.kind, span.text("model")
        signals: tuple[str, ...] = _SAVE
        if kind == "m2m":
            if not _sends(span):
                return []
            sender, signals = span.text("through"), (M2M_CHANGED,)
        elif kind == "delete" or span.text("operation") == "raw_delete":
            signals = _DELETE
        return [name for signal in signals for name in self._connected.get((signal, sender), ())]


def _sends(m2m: Span) -> bool:
    """Whether a many-to-many manager had something to do, which is when it sends its signal."""
    if m2m.text("action") != "set":
        return m2m.event.get("count") != 0
    queries = [child.name for child in m2m.children if child.kind == "query"]
    return not queries or not all(name.startswith("SELECT") for name in queries)
