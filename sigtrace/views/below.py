"""What stands below a line of the tree: spans, those that fold into one line, who was missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.concurrency import concurrent
from sigtrace.analysis.filters import OPERATIONS, is_silent
from sigtrace.analysis.reentry import Receiver, Reentry, identity, reentry
from sigtrace.analysis.walking import walk
from sigtrace.tree import FINISHED, Span
from sigtrace.views.layout import row, wrapped
from sigtrace.views.text import clean, data, milliseconds, plural, short

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from sigtrace.analysis.folding import Shapes
    from sigtrace.views.display import Display


@dataclass(frozen=True)
class Node:
    """A span on its way to its line: what stands before it and before what is below it.

    `receivers` are those that are being called above and at it. `again`: its own is one of those
    above; `reentry` stands for what is below it then, unless that is drawn.
    """

    span: Span
    above: Span | None
    first: str
    rest: str
    level: int
    receivers: AbstractSet[Receiver] = frozenset()
    again: bool = False
    reentry: Reentry | None = None
    concurrent: bool = False


def below(node: Node, shapes: Shapes | None, display: Display) -> list[Node | Text]:
    """The lines below a span: its children, then the receivers that were not reached.

    Of children of one shape in a row, the first stands for all; without shapes, each is drawn.
    """
    span, glyphs = node.span, display.glyphs
    if is_summed_up(span, display) or node.reentry is not None:
        return []
    children = [child for child in span.children if child.kind != "transaction"]
    unreached = span.texts("not_reached")
    if display.depth is not None and node.level >= display.depth and (children or unreached):
        hidden = sum(lower.kind != "transaction" for lower in walk(span)) - 1 + len(unreached)
        cut = Text(end="").append(node.rest + glyphs.last, "dim")
        return [cut.append(f"{glyphs.more} {plural(hidden, 'line')} below")]
    together = concurrent(children)
    runs = ([child] for child in children) if shapes is None else shapes.runs(children)
    items: list[Span | list[Span] | str] = []
    for run in runs:
        items += [run[0], run[1:]] if len(run) > 1 else run
    items += unreached
    lines: list[Node | Text] = []
    for number, item in enumerate(items, start=1):
        first = node.rest + (glyphs.last if number == len(items) else glyphs.branch)
        rest = node.rest + (glyphs.space if number == len(items) else glyphs.bar)
        if isinstance(item, Span):
            lines.append(_child(node, item, first, rest, item.id in together, display))
        elif isinstance(item, list):
            lines.append(_more(item, first, display))
        else:
            lines += _not_reached(item, span, first, rest, display)
    return lines


def is_summed_up(span: Span, display: Display) -> bool:
    """Whether an operation that no receiver heard is one line.

    Not where short ones are hidden: there may have been a receiver.
    """
    if display.all or display.min_ms or span.kind not in OPERATIONS:
        return False
    return span.state == FINISHED and is_silent(span)


def _child(
    node: Node, span: Span, first: str, rest: str, is_concurrent: bool, display: Display
) -> Node:
    receivers, again, led_to = node.receivers, False, None
    if span.kind == "receiver":
        receiver = identity(span, node.span, node.above)
        again = receiver in receivers
        receivers = receivers | {receiver}
        led_to = reentry(span, receiver) if again and display.folds else None
    return Node(
        span=span,
        above=node.span,
        first=first,
        rest=rest,
        level=node.level + 1,
        receivers=receivers,
        again=again,
        reentry=led_to,
        concurrent=is_concurrent,
    )


def _more(spans: list[Span], first: str, display: Display) -> Text:
    what = Text(end="").append(first, "dim")
    what.append(f"{display.glyphs.times}{len(spans):,} more", "dim")
    took = milliseconds(sum(span.duration_ns for span in spans)) if display.durations else ""
    return row(what, "", Text(took), display)


def _not_reached(path: str, send: Span, first: str, rest: str, display: Display) -> list[Text]:
    method = clean(send.text("method")) or "send"
    said = f"not reached: {method}() stopped at the error"
    if send.exception is None:
        said = f"not called: its signal's own {method}() left it out"
    words = [data(short(path) + " ", "green dim"), *(data(word, "red") for word in said.split())]
    return wrapped(first, rest + "  ", words, display)
