"""What the rules look at, and how they say where something is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sigtrace.analysis.baseline import entry_of, origin
from sigtrace.inspection.records import OWN

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
        return {
            place.package: place.version for place in places if place.package and place.version
        }


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


def said_connected(connection: Connection) -> str:
    """The line of details that says where a receiver is and what connected it."""
    file, line = receiver_place(connection)
    said = f"{file}:{line}" if file else "written in C"
    at = connection.connected_at
    if at is not None and at.file is not None:
        if (at.file, at.line) != (file, line):
            said += f", connected in {at.file}:{at.line}"
        if at.ready:
            said += f" (when {at.ready} was ready)"
    return said


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"
