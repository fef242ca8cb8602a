"""What is recorded of a span, under the names of OpenTelemetry's semantic conventions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.tree import Span

Event = dict[str, Any]
Attributes = list[Event]

_OURS = "django.signal."
_SYSTEMS = {"oracle": "oracle.db"}
_NAMES = {
    "file": "code.file.path",
    "line": "code.line.number",
    "sql": "db.query.text",
    "receiver": "code.function.name",
    "signal": _OURS + "name",
    "not_reached": _OURS + "receivers.not_reached",
    "changes": _OURS + "changed_fields",
    "alias": _OURS + "database",
    "exception_message": "exception.message",
}
"""Those fields that are not called `django.signal.` and their name."""


def attributes(span: Span, facts: Event) -> Attributes:
    """The attributes of a span, of which `facts` may be told."""
    return [value_of(name, value) for name, value in _pairs(span, facts)]


def resource(service: str, process: Event) -> Attributes:
    """The attributes of the process whose spans they are; `service` is the project's name."""
    known = {
        "service.name": service,
        "process.pid": process.get("pid"),
        "process.runtime.name": "cpython" if process.get("python") else None,
        "process.runtime.version": process.get("python"),
        _OURS + "django_version": process.get("django"),
    }
    return [value_of(name, value) for name, value in known.items() if value is not None]


def value_of(name: str, value: Any) -> Event:
    """An attribute; whole numbers are decimal text, as the JSON mapping of protobuf has them."""
    return {"key": name, "value": _value(value)}


def _pairs(span: Span, facts: Event) -> Iterator[tuple[str, Any]]:
    yield _OURS + "kind", span.kind
    if span.kind == "query":
        vendor = facts.pop("vendor", "other_sql")
        yield "db.system.name", _SYSTEMS.get(vendor, vendor)
        yield "db.query.summary", span.name
    elif span.kind == "on_commit":
        yield "code.function.name", span.name
    known = {
        "error.type": span.exception,
        _OURS + "transaction": span.transaction,
        "thread.name": span.event.get("thread"),
    }
    yield from ((name, value) for name, value in known.items() if value is not None)
    yield from _details("arguments", facts.pop("arguments", {}))
    if "changes" in facts:
        yield from _details("changes", facts["changes"])
        facts["changes"] = list(facts["changes"])
    for name, value in facts.items():
        yield _NAMES.get(name, _OURS + name), value


def _details(what: str, values: Event) -> Iterator[tuple[str, Any]]:
    """Values that were asked for, each under the name under which it stood."""
    for name, value in values.items():
        if value is not None:
            yield f"{_OURS}{what}.{name}", value


def _value(value: Any) -> Event:  # noqa: PLR0911  (a table)
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if value is None:
        return {}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    if isinstance(value, dict):
        pairs = [value_of(str(name), item) for name, item in value.items()]
        return {"kvlistValue": {"values": pairs}}
    return {"stringValue": json.dumps(value)}
