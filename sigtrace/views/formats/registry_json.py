"""What is connected, for programs: versioned, and it only grows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sigtrace.inspection import DJANGO, OWN, THIRD_PARTY

if TYPE_CHECKING:
    from sigtrace.analysis.registry import Listed, Registry, Row
    from sigtrace.inspection import Connection, Inspection

FORMAT_VERSION = 1


def render_json(found: Registry) -> str:
    """The receivers as one JSON object in ASCII."""
    return json.dumps(as_object(found), indent=2)


def as_object(found: Registry) -> dict[str, Any]:
    """What `render_json` writes: signals by name, their receivers by sender and in call order."""
    inspection, origins = found.inspection, found.origins
    return {
        "version": FORMAT_VERSION,
        **project(inspection),
        "pattern": found.pattern or None,
        "totals": {
            "signals": len(inspection.signals),
            "without_receivers": sum(not one.connections for one in inspection.signals),
            "receivers": len(inspection.connections),
            "own": origins[OWN],
            "third_party": origins[THIRD_PARTY],
            "django": origins[DJANGO],
        },
        "signals": [_signal(listed) for listed in found.listed],
        "nearest": list(found.nearest),
    }


def project(inspection: Inspection) -> dict[str, Any]:
    """Which project was inspected, and how it was set up."""
    return {
        "settings": asdict(inspection.settings),
        "imports": list(inspection.imports),
        "python": inspection.python,
        "django": inspection.django,
    }


def _signal(listed: Listed) -> dict[str, Any]:
    signal = listed.signal
    return {
        "signal": signal.name,
        "type": signal.type,
        "file": signal.place.file,
        "line": signal.place.line,
        "origin": signal.place.origin,
        "receivers": [_row(row) for group in listed.groups for row in group.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {**receiver(row.connection), "times": row.times, "state": row.state}


def receiver(one: Connection) -> dict[str, Any]:
    """Describe a connection; `sender` is null for any sender."""
    return {
        "receiver": one.receiver.name,
        **asdict(one.receiver.place),
        "sender": one.sender.label,
        "sender_kind": one.sender.kind,
        "kind": one.receiver.kind,
        "lambda": one.receiver.is_lambda,
        "local": one.receiver.is_local,
        "accepts_kwargs": one.receiver.accepts_kwargs,
        "async": one.is_async,
        "weak": one.weak,
        "dispatch_uid": one.dispatch_uid,
        "connected_at": None if one.connected_at is None else asdict(one.connected_at),
    }
