"""R011: receivers that were connected to what this run worked with, and that it never called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.filters import OPERATIONS, bypassed, is_connected_to
from sigtrace.analysis.findings.finding import Name, Place, finding
from sigtrace.analysis.findings.historical import Historical
from sigtrace.analysis.paths import last_part
from sigtrace.events import sender_kind
from sigtrace.tree import FINISHED

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from sigtrace.analysis.connected import Connection, Registry
    from sigtrace.analysis.filters import Selection
    from sigtrace.analysis.findings.finding import Finding
    from sigtrace.analysis.unfolded import Unfolded

_MODELS = "django.db.models.signals."
_OF_MODELS = tuple(
    _MODELS + name for name in ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
)


class Uncalled:
    """Connections for the models of this run that it had no use for.

    Receivers of any sender count where they listen to models. What was bypassed or not reached
    has a finding of its own, and so has what a migration wrote, whose models are other classes;
    receivers of muted signals are muted, not uncalled.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._historical = Historical(registry)
        self._models: set[str] = set()
        self._told: set[str] = set()

    def chain(self, chain: Unfolded) -> None:
        """Take a chain."""
        for kind in OPERATIONS:
            for place in chain.of[kind]:
                span = chain.spans[place]
                if span.event.get("historical"):
                    self._told.update(self._historical.missed(span))
                else:
                    self._models.add(span.text("model"))
                if not chain.is_djangos(place):
                    self._told.update(bypassed(span))
        root = chain.spans[0]
        if chain.failed or root.state != FINISHED:
            for place in chain.of["send"]:
                span = chain.spans[place]
                self._told.update(span.texts("not_reached"))
                if span.state != FINISHED:
                    # Of what never ended only names are known, and that it was called.
                    self._told.update(child.name for child in span.children)
        elif root.event["kind"] == "send":
            self._models.add(root.event.get("sender") or "")

    def absorb(self, later: Uncalled) -> None:
        """Add what was seen in a later part of the run."""
        self._models |= later._models
        self._told |= later._told

    def findings(
        self, called: Container[tuple[str, str]], unseen: Container[str], selection: Selection
    ) -> Iterator[Finding]:
        """What was found: `called` are signals and receivers; `unseen` signals are left out, and
        so are connections that are not selected.
        """
        for one in dict.fromkeys(self._registry.audible()):
            if one.signal in unseen or not is_connected_to(one, selection):
                continue
            if (one.signal, one.receiver) not in called and self._is_uncalled(one):
                signal = last_part(one.signal)
                sender = sender_kind(one.sender) if one.sender else "any sender"
                at = ("connected at ", Place(one.at_file, one.at_line))
                yield finding(
                    "R011",
                    (
                        *(Name(one.receiver), f" was connected to {signal} of "),
                        f"{sender} and was never called",
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
        if one.sender is None:
            return one.signal in _OF_MODELS and bool(self._models - {""})
        return one.sender in self._models
