"""Lines that stand for chains which are not drawn, or say what became of those that were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.views import labels
from sigtrace.views.layout import alone, row
from sigtrace.views.links import file_link
from sigtrace.views.text import clean, data, milliseconds, place, plural, short

if TYPE_CHECKING:
    from collections import Counter

    from sigtrace.tree import Span
    from sigtrace.views.display import Display
    from sigtrace.views.repeats import Fold

_NAMES = 3


def folded(fold: Fold, display: Display) -> Text:
    """How often it came again, what it was, where it was called, and what that took in all."""
    roots = [chain.root for chain in fold.chains]
    # The number first: what stands behind may be cut.
    what = Text(f"  {display.glyphs.times}{fold.times:,} more  ", end="")
    what.append_text(Text(", ", end="").join(labels.name(root, display) for root in roots))
    time = Text(milliseconds(fold.total_ns) if display.durations else "", end="")
    if len(roots) > 1:
        return row(what, "", time, display)
    file, line = roots[0].event.get("file"), roots[0].event.get("line")
    where = place(file, line if display.line_numbers else None)
    return row(what, where, time, display, file_link(file, line, display))


def name(root: Span) -> str:
    """What a chain is called where chains are counted."""
    return short(root.name) if root.kind == "on_commit" else root.name


def skipped(names: Counter[str], display: Display) -> Text:
    """`… 812 more chains in this second: 500 Article.save(), 312 Comment.save()`."""
    more = display.glyphs.more
    said = f"{more} {plural(names.total(), 'more chain')} in this second: "
    said += ", ".join(f"{count:,} {clean(name)}" for name, count in names.most_common(_NAMES))
    if len(names) > _NAMES:
        said += f", {more}"
    return alone(Text(said, "dim", end=""), display)


def rolled_back(count: int, whose: str, display: Display) -> Text:
    """`↺ 3 chains rolled back · request POST articles/`."""
    return _outcome(f"{display.glyphs.rolled_back} ", count, "rolled back", whose, display)


def never_ended(count: int, whose: str, display: Display) -> Text:
    """`⎇ 3 chains in a transaction that never ended · command demo`."""
    said = "in a transaction that never ended"
    return _outcome(f"{display.glyphs.atomic} ", count, said, whose, display)


def _outcome(sign: str, count: int, said: str, whose: str, display: Display) -> Text:
    what = Text(f"{sign}{plural(count, 'chain')} {said}", "bold yellow", end="")
    text = Text(end="").append_text(what)
    if whose:
        text.append(f" {display.glyphs.dot} ").append_text(data(whose))
    return alone(text, display)
