"""What is connected, for a pull request or an agent: a table for each signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.registry import sender_name
from sigtrace.views.connections import badges, head_words, how, package
from sigtrace.views.display import UNICODE
from sigtrace.views.formats.markup import code, table, text
from sigtrace.views.text import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.registry import Listed, Registry, Row

_HEADS = ("Sender", "Receiver", "At", "Whose", "Connected", "Notes")


def render_markdown(found: Registry) -> str:
    """The receivers as GitHub's Markdown."""
    blocks = [["## sigtrace receivers", "", text(" · ".join(head_words(found)))]]
    blocks += map(_signal, found.shown)
    if not found.listed:
        blocks.append(list(_nothing(found)))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _signal(listed: Listed) -> list[str]:
    rows = [_cells(row) for group in listed.groups for row in group.rows]
    title = text(listed.signal.name)
    return table(title, _HEADS, rows) or [f"### {title}", "", "no receivers"]


def _cells(row: Row) -> tuple[str, ...]:
    one = row.connection
    sender = sender_name(one.sender)
    return (
        sender if one.sender.kind == "any" else code(sender),
        code(one.receiver.name),
        text(place(one.receiver.place.file, one.receiver.place.line)),
        text(package(one.receiver) or "own"),
        text(how(one)),
        text("; ".join(badges(row, UNICODE))),
    )


def _nothing(found: Registry) -> Iterator[str]:
    yield f"Nothing connected matches {code(found.pattern)}."
    if found.nearest:
        yield f"Nearest: {', '.join(map(code, found.nearest))}"
