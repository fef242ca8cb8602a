"""R011: receivers that were connected to what this run worked with, and that it never called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.filters import OPERATIONS
from sigtrace.analysis.findings.finding import Name, Place, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.connected import Connection, Registry
    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.unfolded import Unfolded

_MODELS = "django.db.models.signals."
_OF_MODELS = tuple(
    _MODELS + name for name in ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
)


class Uncalled:
    """Connections for the models of this run that it had no use for.

    Receivers of any sender count where they listen to models. What was bypassed or not reached
    has a finding of its own; receivers of muted signals are muted, not uncalled.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._models: set[str] = set()
        self._called: set[tuple[str, str]] = set()
        self._sends: set[tuple[object, ...]] = set()
        self._told: set[str] = set()

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for kind in OPERATIONS:
            for place in chain.of[kind]:
                event = chain.spans[place].event
                self._models.add(event.get("model") or "")
                if event.get("bypassed"):
                    self._told.update(event["bypassed"])
        for place in chain.of["send"]:
            span = chain.spans[place]
            event = span.event
            signal, receivers = event.get("signal"), event.get("receivers")
            if not isinstance(signal, str) or not isinstance(receivers, list):
                # It never ended: only names are known, and that they were called.
                self._told.update(child.name for child in span.children)
                continue
            send = (signal, event.get("sender"), *receivers)
            if send not in self._sends:
                self._sends.add(send)
                self._models.add(event.get("sender") or "")
                self._called.update((signal, name) for name in receivers)
            if event.get("not_reached"):
                self._told.update(event["not_reached"])

    def findings(self) -> Iterator[Finding]:
        """What was found."""
        for one in dict.fromkeys(self._registry.audible()):
            if self._is_uncalled(one):
                signal = one.signal.rpartition(".")[2]
                at = ("connected at ", Place(one.at_file, one.at_line))
                yield finding(
                    "R011",
                    (
                        *(Name(one.receiver), f" is connected to {signal} of "),
                        f"{one.sender or 'any sender'} and was never called",
                    ),
                    details=(at,) * (one.at_file is not None),
                    file=one.file,
                    line=one.line,
                    count=0,
                    show=(one.receiver,),
                    command="receivers",
                )

    def _is_uncalled(self, one: Connection) -> bool:
        if one.origin == "django" or one.receiver in self._told:
            return False
        if (one.signal, one.receiver) in self._called:
            return False
        if one.sender is None:
            return one.signal in _OF_MODELS and bool(self._models - {""})
        return one.sender in self._models
