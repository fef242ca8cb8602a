"""What there is to say of a connection and of an inspected project, in words for every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.registry import COLLECTED, LAZY
from sigtrace.inspection import DJANGO, OWN, THIRD_PARTY
from sigtrace.views.text import clean, place, plural

if TYPE_CHECKING:
    from sigtrace.analysis.registry import Registry, Row
    from sigtrace.inspection import Connection, Receiver, Uid
    from sigtrace.views.display import Glyphs

_KINDS = {
    "class": "class",
    "instance": "callable instance",
    "method": "method",
    "partial": "partial",
}
_HOW = {"receiver": "@receiver", "connect": ".connect()"}
_STATES = {
    LAZY: "not connected: its model was never loaded",
    COLLECTED: "never called: connected weakly, and garbage since",
}


def head_words(found: Registry) -> list[str]:
    """What was inspected: how many signals and receivers, under which settings; not cleaned."""
    inspection, origins = found.inspection, found.origins
    silent = sum(not signal.connections for signal in inspection.signals)
    each = ", ".join(f"{name} {origins[name]}" for name in (OWN, THIRD_PARTY, DJANGO))
    settings = inspection.settings
    said = [
        plural(len(inspection.signals), "signal") + f" ({silent} without receivers)",
        plural(len(inspection.connections), "receiver") + f" ({each})",
        f"settings {settings.module} ({settings.source})",
    ]
    return [*said, *(f"imported {name}" for name in inspection.imports)]


def badges(row: Row, glyphs: Glyphs) -> list[str]:
    """What is remarkable about a connection; cleaned."""
    one, receiver = row.connection, row.connection.receiver
    said = [
        _KINDS.get(receiver.kind, ""),
        "async" if one.is_async else "",
        "lambda" if receiver.is_lambda else "local function" if receiver.is_local else "",
        "" if one.dispatch_uid is None else f"uid={_uid(one.dispatch_uid)}",
        f"{glyphs.times}{row.times}: connected {row.times} times" if row.times > 1 else "",
        "takes no **kwargs" if receiver.accepts_kwargs is False else "",
        _STATES.get(row.state, ""),
        _connected_in(one),
    ]
    return [clean(words) for words in said if words]


def how(one: Connection) -> str:
    """By which means it was connected, and whether weakly."""
    means = _HOW.get(one.connected_at.how, "") if one.connected_at else ""
    return " ".join(filter(None, (means, "weak" if one.weak else "")))


def package(receiver: Receiver) -> str:
    """Whose a receiver is, nothing for the project's own."""
    place = receiver.place
    if place.package:
        return f"{place.package} {place.version}"
    return place.origin if place.origin not in (OWN, None) else ""


def _uid(uid: Uid) -> str:
    """A text in quotes; what stands for an object of another type without."""
    return str(uid) if isinstance(uid, str) and uid.startswith("<") else repr(uid)


def _connected_in(one: Connection) -> str:
    """Where it was connected, if that is not beside the receiver itself."""
    at = one.connected_at
    if at is None or at.file is None:
        return ""
    beside = at.how == "receiver" and at.file == one.receiver.place.file
    ready = f", in ready() of {at.ready}" if at.ready else ""
    return "" if beside else f"connected in {place(at.file, at.line)}{ready}"
