"""The parts of an explained chain, and which connections hear a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigtrace.analysis.registry import called_in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Connection, Inspection, Model, Signal

SIGNALS = "django.db.models.signals."


@dataclass(frozen=True)
class Sent:
    """A signal that is sent by `sender`, with the receivers in the order of their calls."""

    signal: str
    sender: str
    receivers: tuple[Connection, ...]
    why: str = ""


@dataclass(frozen=True)
class Written:
    """What is written to the database between signals: `INSERT` into the table of `model`."""

    statement: str
    model: str
    why: str = ""


Step = Sent | Written


@dataclass(frozen=True)
class NotCalled:
    """A receiver that one might expect, and why it is not called."""

    connection: Connection
    why: str


@dataclass(frozen=True)
class Unknown:
    """A relation, `blog.Comment.article`, whose `on_delete` is none of Django's.

    `possible` are the signals that somebody hears if it deletes what refers to a deleted row.
    """

    relation: str
    on_delete: str
    possible: tuple[Sent, ...]


@dataclass(frozen=True)
class Chain:
    """An operation and what happens in it, in this order.

    `stops` are sentences on what may raise before anything is sent, `unsent` on writes of the same
    rows that send nothing; what `unknown` relations do is not among the steps.
    """

    name: str
    steps: tuple[Step, ...]
    not_called: tuple[NotCalled, ...] = ()
    stops: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()


class Signals:
    """Django's model signals of a project, by their short names."""

    def __init__(self, inspection: Inspection) -> None:
        self._by_name: dict[str, Signal] = {signal.name: signal for signal in inspection.signals}

    def sent(self, name: str, model: Model, why: str = "") -> Sent:
        """The signal as that model sends it."""
        return Sent(name, model.label, tuple(self.hearing(name, model)), why)

    def hearing(self, name: str, model: Model) -> list[Connection]:
        """Who hears a signal of that model, in the order of their calls."""
        return called_in_order(one for one in self.connections(name) if hears(one, model))

    def connections(self, name: str) -> tuple[Connection, ...]:
        """All that is connected to a signal."""
        signal = self._by_name.get(SIGNALS + name)
        return signal.connections if signal is not None else ()

    def collected(self, name: str) -> tuple[Connection, ...]:
        """What was connected to a signal weakly and is gone."""
        signal = self._by_name.get(SIGNALS + name)
        return signal.collected if signal is not None else ()


def hears(connection: Connection, model: Model) -> bool:
    """Whether a connection's sender is that model, or any."""
    sender = connection.sender
    return sender.kind == "any" or (
        sender.kind == "model" and sender.label == model.label and not sender.historical
    )


def receivers_of(steps: tuple[Step, ...]) -> Iterator[Connection]:
    """All receivers of the signals in these steps."""
    for step in steps:
        if isinstance(step, Sent):
            yield from step.receivers
