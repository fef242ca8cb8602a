"""A chain as a tree of lines: what, where, time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.filters import OPERATIONS, is_silent, visible
from sigtrace.analysis.folding import Shapes
from sigtrace.analysis.walking import walk
from sigtrace.tree import FINISHED, Chain, Span
from sigtrace.views import labels
from sigtrace.views.layout import row, wrapped
from sigtrace.views.text import clean, data, milliseconds, place, plural, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.views.display import Display


def render_chain(chain: Chain, display: Display) -> Text:
    """Draw what the display options leave of a chain; an empty text if that is nothing."""
    shown = visible(chain, display.selection)
    if shown is None:
        return Text(end="")
    return Text("\n", end="").join(_lines(shown, display))


@dataclass(frozen=True)
class _Node:
    """A span on its way to its line: what stands before it and before what is below it."""

    span: Span
    above: Span | None
    first: str
    rest: str
    level: int


def _lines(chain: Chain, display: Display) -> Iterator[Text]:
    blocks = {span.id: span for span in walk(chain.root) if span.kind == "transaction"}
    shapes = None if display.all else Shapes(chain.root)
    todo: list[_Node | Text] = [_Node(chain.root, None, "", "", 1)]
    while todo:
        node = todo.pop()
        if isinstance(node, Text):
            yield node
            continue
        below = _below(node, shapes, display)
        yield _line(node, chain, blocks, display)
        indent = node.rest + (display.glyphs.bar if below else "" if node.rest else "  ")
        for words in labels.details(node.span, node.above, display):
            yield from wrapped(indent, indent + "  ", words, display)
        todo += reversed(below)


def _line(node: _Node, chain: Chain, blocks: dict[str, Span], display: Display) -> Text:
    glyphs, span = display.glyphs, node.span
    is_root = node.above is None
    what = Text(end="").append(node.first, "dim")
    if is_root:
        what.append(f"{glyphs.root} ", "bold")
    what.append_text(labels.name(span, display))
    remarks = labels.remarks(span, node.above, display)
    if _is_summed_up(span, display):
        remarks += labels.summed_up(span)
    if is_root and chain.registered_by:
        remarks.append(f"registered by {clean(short(chain.registered_by))}")
    if is_root and chain.continues is not None:
        remarks.append(f"continued {clean(short(chain.continues))}".rstrip())
    remarks += _transaction(node, blocks, display)
    if remarks:
        what.append("  " + f" {glyphs.dot} ".join(remarks), "" if is_root else "dim")
    where = place(span.event.get("file"), span.event.get("line"))
    if span.kind == "send" and node.above is not None and node.above.kind in OPERATIONS:
        # Django's send, from the place of the operation.
        where = ""
    return row(what, where, labels.time(span, display), display)


def _transaction(node: _Node, blocks: dict[str, Span], display: Display) -> list[str]:
    """Whether an atomic block of the project begins around this span, and was rolled back."""
    above, block_id = node.above, node.span.transaction
    if block_id is None or node.span.kind in ("query", "on_commit"):
        return []
    if above is not None and above.transaction == block_id:
        return []
    block = blocks.get(block_id)
    if block is not None and above is not None and above.kind in OPERATIONS and not display.all:
        # Django's own, around the work of that operation.
        return []
    said = [f"{display.glyphs.atomic} {'atomic' if block is None else clean(block.name)}"]
    if block is not None and block.text("outcome") == "rolled back":
        said.append(f"{display.glyphs.rolled_back} rolled back")
    return said


def _below(node: _Node, shapes: Shapes | None, display: Display) -> list[_Node | Text]:
    """The lines below a span: its children, then the receivers that were not reached.

    Of children of one shape in a row, the first stands for all.
    """
    span, glyphs = node.span, display.glyphs
    if _is_summed_up(span, display):
        return []
    children = [child for child in span.children if child.kind != "transaction"]
    unreached = span.texts("not_reached")
    if display.depth is not None and node.level >= display.depth and (children or unreached):
        hidden = sum(below.kind != "transaction" for below in walk(span)) - 1 + len(unreached)
        cut = Text(end="").append(node.rest + glyphs.last, "dim")
        return [cut.append(f"{glyphs.more} {plural(hidden, 'line')} below")]
    lines: list[_Node | Text] = []
    runs = ([child] for child in children) if shapes is None else shapes.runs(children)
    items: list[Span | list[Span] | str] = []
    for run in runs:
        items += [run[0], run[1:]] if len(run) > 1 else run
    items += unreached
    for number, item in enumerate(items, start=1):
        first = node.rest + (glyphs.last if number == len(items) else glyphs.branch)
        rest = node.rest + (glyphs.space if number == len(items) else glyphs.bar)
        if isinstance(item, Span):
            lines.append(_Node(item, span, first, rest, node.level + 1))
        elif isinstance(item, list):
            lines.append(_more(item, first, display))
        else:
            lines += _not_reached(item, first, rest, display)
    return lines


def _more(spans: list[Span], first: str, display: Display) -> Text:
    what = Text(end="").append(first, "dim")
    what.append(f"{display.glyphs.times}{len(spans):,} more", "dim")
    return row(what, "", Text(milliseconds(sum(span.duration_ns for span in spans))), display)


def _not_reached(path: str, first: str, rest: str, display: Display) -> list[Text]:
    said = "not reached: send() stopped at the error"
    words = [data(short(path) + " ", "green dim"), *(data(word, "red") for word in said.split())]
    return wrapped(first, rest + "  ", words, display)


def _is_summed_up(span: Span, display: Display) -> bool:
    """Whether an operation that no receiver heard is one line."""
    return (
        not display.all and span.kind in OPERATIONS and span.state == FINISHED and is_silent(span)
    )
