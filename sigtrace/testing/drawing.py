"""The chains of a block as lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.text import Text

from sigtrace.testing.ordering import in_order
from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType

Event = dict[str, Any]


def draw(
    events: Sequence[Event],
    *,
    durations: bool = True,
    values: bool = True,
    marks: Mapping[str, str] | None = None,
) -> Text:
    """Draw what happened; without `durations` nothing in it differs from run to run.

    `marks` are words for the lines of spans, each of which is drawn then.
    """
    display = Display(
        durations=durations,
        line_numbers=durations,
        values=values,
        marks=marks or {},
        fold=not marks,
    )
    return drawn(events, display)


def drawn(events: Sequence[Event], display: Display) -> Text:
    """All lines of a block as one text, its chains in the order of their start."""
    view = LiveTree(display)
    texts = [*view.feed(in_order(events)), *view.finish()]
    lines = Text("\n", end="").join(texts).split("\n", allow_blank=True)
    for line in lines:
        line.rstrip()
    return Text("\n", end="").join(lines)


@dataclass(frozen=True)
class Drawing:
    """The same for rich, as wide as its console is."""

    events: Sequence[Event] = field(repr=False)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        display = Display(width=options.max_width, crop=True, ascii=options.ascii_only)
        text = drawn(self.events, display)
        text.end = "\n"
        yield text
