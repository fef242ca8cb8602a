"""A chain as a tree of lines: what, where, time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.filters import OPERATIONS, visible
from sigtrace.analysis.folding import Shapes
from sigtrace.analysis.walking import walk
from sigtrace.tree import innermost
from sigtrace.views import labels
from sigtrace.views.below import Node, below, is_summed_up
from sigtrace.views.layout import row, wrapped
from sigtrace.views.links import file_link
from sigtrace.views.reentry import summed_up
from sigtrace.views.text import clean, place, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.tree import Chain, Event
    from sigtrace.views.display import Display


def render_chain(chain: Chain, display: Display) -> Text:
    """Draw what the display options leave of a chain; an empty text if that is nothing."""
    shown = visible(chain, display.selection)
    return Text(end="") if shown is None else draw_chain(shown, display)


def draw_chain(chain: Chain, display: Display) -> Text:
    """Draw all that there is of a chain, each line behind the guides of those above it."""
    return Text("\n", end="").join(_lines(chain, display))


def _lines(chain: Chain, display: Display) -> Iterator[Text]:
    inner = {span.id: span.event for span in walk(chain.root) if span.kind == "transaction"}
    blocks = {**chain.around, **inner}
    shapes = Shapes(chain.root) if display.folds else None
    todo: list[Node | Text] = [Node(chain.root, None, "", "", 1)]
    while todo:
        node = todo.pop()
        if isinstance(node, Text):
            yield node
            continue
        lower = below(node, shapes, display)
        yield _line(node, chain, blocks, display)
        indent = node.rest + (display.glyphs.bar if lower else "" if node.rest else "  ")
        for words in labels.details(node.span, node.above, display):
            yield from wrapped(indent, indent + "  ", words, display)
        if node.reentry is not None:
            for words in summed_up(node.reentry, display):
                yield from wrapped(indent, indent + "  ", words, display)
        todo += reversed(lower)


def _line(node: Node, chain: Chain, blocks: dict[str, Event], display: Display) -> Text:
    glyphs, span = display.glyphs, node.span
    is_root = node.above is None
    what = Text(end="").append(node.first, "dim")
    if is_root:
        what.append(f"{glyphs.root} ", "bold")
    what.append_text(labels.name(span, display))
    remarks = labels.remarks(span, node.above, display)
    if is_summed_up(span, display):
        remarks += labels.summed_up(span)
    if node.concurrent:
        remarks.append(f"{glyphs.concurrent} concurrent")
    if node.again and node.reentry is None:
        remarks.append(f"{glyphs.again} same receiver")
    if is_root and chain.registered_by:
        remarks.append(f"registered by {clean(short(chain.registered_by))}")
    if is_root and (chain.continues is not None or span.resumed):
        remarks.append(f"continued {clean(short(chain.continues or ''))}".rstrip())
    remarks += _transaction(node, chain, blocks, display)
    if span.id in display.marks:
        remarks.append(display.marks[span.id])
    if remarks:
        what.append("  " + f" {glyphs.dot} ".join(remarks), "" if is_root else "dim")
    file, line = span.event.get("file"), span.event.get("line")
    if span.kind == "send" and node.above is not None and node.above.kind in OPERATIONS:
        # Django's send, from the place of the operation.
        file = None
    link = file_link(file, line, display)
    where = place(file, line if display.line_numbers else None)
    return row(what, where, labels.time(span, display), display, link)


def _transaction(node: Node, chain: Chain, blocks: dict[str, Event], display: Display) -> list[str]:
    """Whether an atomic block of the project begins around this span, and was rolled back."""
    above, span = node.above, node.span
    if span.transaction is None or span.kind in ("query", "on_commit"):
        return []
    within = None if above is None else above.transaction
    block_id = innermost(span.transaction, span.text("alias"), blocks, within)
    if block_id is None:
        return []
    block = None if block_id in chain.around else blocks.get(block_id)
    if block is not None and above is not None and above.kind in OPERATIONS and not display.all:
        # Django's own, around the work of that operation.
        return []
    name = "atomic" if block is None else clean(str(block.get("name") or ""))
    said = [f"{display.glyphs.atomic} {name}"]
    if block is not None and block.get("outcome") == "rolled back":
        said.append(f"{display.glyphs.rolled_back} rolled back")
    return said
