"""What the rules look at, and how they say where something is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sigtrace.analysis.baseline import entry_of, origin
from sigtrace.inspection import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sigtrace.analysis.baseline import Baseline, Comparison, Connected
    from sigtrace.analysis.source import Sources
    from sigtrace.inspection import Connection, Inspection, Place

FAIL, WARN, OFF = "fail", "warn", "off"

_LISTED = 5

Where = tuple[str | None, int | None]


@dataclass(frozen=True)
class Options:
    """What the project has set: `third_party` is fail, warn or off; `order` that it matters."""

    third_party: str = FAIL
    order: bool = False


@dataclass(frozen=True)
class File:
    """The baseline's file: its `name` in messages, its `path` as findings say where, and how to
    `update` it.
    """

    name: str
    path: str
    update: str

    @property
    def intended(self) -> str:
        """The hint of a difference."""
        return f"Intended? {self.update}, and commit {self.name}"


@dataclass(frozen=True)
class Context:
    """A project as it is, beside what its baseline says."""

    inspection: Inspection
    baseline: Baseline
    comparison: Comparison
    connected: tuple[Connected, ...]
    sources: Sources
    file: File
    options: Options

    @cached_property
    def own(self) -> tuple[Connection, ...]:
        """The connections of the project's own receivers."""
        return own(self.inspection.connections)

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The versions of the packages that something was found of."""
        places: list[Place] = [app.place for app in self.inspection.apps]
        places += [one.receiver.place for one in self.inspection.connections]
        return {place.package: place.version for place in places if place.package and place.version}


def own(connections: tuple[Connection, ...]) -> tuple[Connection, ...]:
    """Those whose receivers are the project's own."""
    return tuple(one for one in connections if origin(one) == OWN)


def title(connection: Connection) -> str:
    """A connection for people: `post_save blog.Article → blog.signals.notify`."""
    return entry_of(connection).title


def subjects(connection: Connection) -> tuple[str, ...]:
    """The names by which a connection can be ignored."""
    entry = entry_of(connection)
    return tuple(filter(None, (entry.receiver, entry.signal, entry.sender, entry.package)))


def receiver_place(connection: Connection) -> Where:
    """Where the receiver is defined; what is written in C, where it was connected."""
    place = connection.receiver.place
    if place.file is None:
        return connector_place(connection)
    return place.file, place.line


def connector_place(connection: Connection) -> Where:
    """Where it was connected, if that is known and the project's own, else the receiver's place."""
    at = connection.connected_at
    if at is not None and at.file is not None and at.origin == OWN:
        return at.file, at.line
    place = connection.receiver.place
    return place.file, place.line


def places(connection: Connection) -> tuple[tuple[str, int], ...]:
    """The lines on which a comment may stand that ignores a finding about the connection."""
    candidates = (receiver_place(connection), connector_place(connection))
    return tuple((file, line) for file, line in candidates if file and line)


def elsewhere(connection: Connection, place: Where) -> tuple[str, ...]:
    """What there is to say of the places of a connection besides the one of a finding."""
    said = []
    receiver = connection.receiver.place
    if receiver.file is not None and (receiver.file, receiver.line) != place:
        said.append(f"the receiver is in {receiver.file}:{receiver.line}")
    at = connection.connected_at
    if at is not None and at.file is not None and (at.file, at.line) != place:
        ready = f", in ready() of {at.ready}" if at.ready else ""
        said.append(f"connected in {at.file}:{at.line}{ready}")
    return tuple(said)


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"
