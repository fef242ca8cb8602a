"""From the lines of a block to its events: only those of what began in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigtrace.events import SCOPE_KINDS
from sigtrace.reader.lines import checked, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

Event = dict[str, Any]

_SPANS = ("begin", "registered", "end")
_SCOPES = frozenset(SCOPE_KINDS) - {"test"}
_MEMORY = Path("memory.jsonl")


def events_of(lines: Sequence[str], since: int) -> list[Event]:
    """The events of what began `since` then (Unix nanoseconds), as if nothing had been around it.

    Spans that were open already, atomic blocks (a TestCase has two) and the test itself are left
    out, and what is below them refers to them no more.
    """
    events = [
        event
        for value in decoded("".join(lines).encode("ascii"))
        if (event := checked(value, _MEMORY)) is not None
    ]
    ended = {
        event["id"]
        for event in events
        if event["event"] == "end" and event.get("outcome") != "test"
    }
    known = {
        event["id"]
        for event in events
        if _began_inside(event, since)
        # What has not ended is mostly a TestCase's, and nothing can be said of its outcome.
        and (event["kind"] != "transaction" or event["id"] in ended)
    }
    found = []
    for event in events:
        if event["event"] in (*_SPANS, "scope") and event["id"] not in known:
            continue
        changed = {
            name: None
            for name in ("parent", "transaction", "scope")
            if event.get(name) is not None and event[name] not in known
        }
        found.append(event | changed if changed else event)
    return found


def _began_inside(event: Event, since: int) -> bool:
    what = event["event"]
    if what == "scope":
        return event.get("kind") in _SCOPES and int(event.get("time") or 0) >= since
    return what in _SPANS and int(event["time"]) >= since
