"""The totals of a run at its end, without decoding every line: the user waits for the prompt."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sigtrace.analysis.summary import Totals

_STARTS = {b'{"event":"end","kind":"': "end", b'{"event":"begin","kind":"': "begin"}


def tally(paths: Iterable[Path]) -> Totals:
    """Count the spans in process files; what cannot be read is passed over."""
    summary = Summary()
    for path in paths:
        for event in _events(path):
            summary.feed(event)
    return summary.totals()


def have_spans(paths: Iterable[Path]) -> int:
    """Count the process files that hold any span; of the others few lines are to be read."""
    return sum(any(event["event"] in ("begin", "end") for event in _events(path)) for path in paths)


def skim(line: bytes) -> dict[str, Any] | None:
    """Return what `Summary` asks of a span's line; None for a line that has to be decoded.

    Relies on how the recorder writes: the common fields come first and in their order. A quote in
    a JSON string is escaped, so what is looked for cannot be found within a value.
    """
    for start, what in _STARTS.items():
        if line.startswith(start) and line.endswith(b"}\n"):
            kind, _, rest = line[len(start) :].partition(b'","id":"')
            span_id, mark, rest = rest.partition(b'","parent":')
            parent, comma, rest = rest.partition(b",")
            failed = not rest.partition(b'"exception":')[2].startswith(b"null")
            if not (mark and comma) or kind == b"on_commit" or (what == "end" and failed):
                return None
            return {
                "event": what,
                "kind": kind.decode(),
                "id": span_id.decode(),
                "parent": None if parent == b"null" else parent[1:-1].decode(),
            }
    return None


def _events(path: Path) -> Iterator[dict[str, Any]]:
    with suppress(OSError), path.open("rb") as lines:
        for line in lines:
            event = skim(line) or _decode(line, path.stem)
            if event is not None:
                yield event


def _decode(line: bytes, process: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    spans = ("end", "begin", "registered")
    if event["event"] in spans and not ("id" in event and "kind" in event):
        return None
    return {**event, "process": process}
