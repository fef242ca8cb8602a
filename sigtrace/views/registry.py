"""What is connected, for people: by signal and sender, in the order in which it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.registry import CONNECTED, sender_name
from sigtrace.inspection import OWN
from sigtrace.views.connections import badges, head_words, how, package
from sigtrace.views.layout import alone, wrapped
from sigtrace.views.layout import row as columns
from sigtrace.views.links import file_link
from sigtrace.views.text import data, place, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.registry import Group, Listed, Registry, Row
    from sigtrace.views.display import Display

_INDENT = " " * 6


def render_registry(found: Registry, display: Display) -> Text:
    """The receivers that a pattern matches, below a line that says what there is at all."""
    blocks = [_paragraph(f" {display.glyphs.dot} ".join(head_words(found)), display)]
    blocks += (list(_signal(listed, display)) for listed in found.shown)
    blocks.append(_end(found, display))
    blank = Text(end="")
    lines = [line for block in blocks if block for line in (*block, blank)]
    return Text("\n", end="").join(lines[:-1])


def _signal(listed: Listed, display: Display) -> Iterator[Text]:
    yield alone(data(listed.signal.name, "bold magenta"), display)
    if not listed.groups:
        yield Text("  no receivers", "dim", end="")
    any_sender = [group.rows for group in listed.groups if group.sender.kind == "any"]
    others = sum(row.state == CONNECTED for rows in any_sender for row in rows)
    for group in listed.groups:
        yield _sender(group, others, display)
        number = 0
        for shown in group.rows:
            number += shown.state == CONNECTED
            yield from _row(shown, str(number) if shown.state == CONNECTED else "-", display)


def _sender(group: Group, others: int, display: Display) -> Text:
    sender = group.sender
    notes = [
        "abstract" if sender.abstract else "",
        "historical model" if sender.historical else "",
        f"and {plural(others, 'receiver')} of any sender" if others and sender.label else "",
    ]
    line = Text("  ", end="").append_text(data(sender_name(sender), "bold"))
    said = f" {display.glyphs.dot} ".join(filter(None, notes))
    return alone(line.append(f"  {said}", "dim") if said else line, display)


def _row(shown: Row, number: str, display: Display) -> Iterator[Text]:
    receiver = shown.connection.receiver
    own = receiver.place.origin in (OWN, None)
    what = Text(f"{number:>5} ", "dim", end="")
    what.append_text(data(receiver.name, "green" if own else "green dim"))
    side = " ".join(filter(None, (package(receiver), how(shown.connection))))
    at = receiver.place
    link = file_link(at.file, at.line, display)
    yield columns(what, place(at.file, at.line), data(side, "dim"), display, link)
    said = f" {display.glyphs.dot} ".join(badges(shown, display.glyphs))
    if said:
        words = [Text(word, "dim", end="") for word in said.split(" ")]
        yield from wrapped(_INDENT, _INDENT, words, display)


def _paragraph(said: str, display: Display, style: str = "") -> list[Text]:
    return wrapped("", "  ", [data(word, style) for word in said.split(" ")], display)


def _end(found: Registry, display: Display) -> list[Text]:
    if not found.listed:
        nearest = f" Nearest: {', '.join(found.nearest)}" if found.nearest else ""
        return _paragraph(f"Nothing connected matches {found.pattern!r}.{nearest}", display)
    if not found.pattern:
        return []
    said = f"{len(found.listed)} of {plural(len(found.inspection.signals), 'signal')}"
    return _paragraph(f"{said} match {found.pattern!r}", display, "dim")
