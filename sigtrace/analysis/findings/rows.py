"""Which rows a chain saves, and who heard it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.events import HIDDEN

if TYPE_CHECKING:
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span

Row = tuple[object, ...]


def row_of(span: Span) -> Row | None:
    """What tells the row of a save from others of its process: its model comes first."""
    event = span.event
    row, key = event.get("row"), event.get("pk")
    if isinstance(row, int):
        return (event.get("model"), event.get("pid"), row)
    if key is None or key == HIDDEN:
        return None
    return (event.get("model"), event.get("alias"), str(key))


def heard_saves(chain: Unfolded) -> dict[int, list[str]]:
    """The saves that receivers heard, Django's own left out, and which."""
    heard: dict[int, list[str]] = {}
    spans, above = chain.spans, chain.above
    for receiver in chain.of["receiver"]:
        operation = above[above[receiver]] if above[receiver] >= 0 else -1
        if operation < 0 or spans[operation].event["kind"] != "save":
            continue
        event = spans[receiver].event
        if event.get("origin") != "django":
            heard.setdefault(operation, []).append(str(event.get("receiver") or event.get("name")))
    return heard
