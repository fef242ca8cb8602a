"""How chains are shown: what the user chose, and what the place they are shown in can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.filters import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 96
"""Columns where there is no terminal to ask."""

_WIDEST = 132


@dataclass(frozen=True)
class Glyphs:
    """The signs of the tree. Each says what a word or its place says too."""

    root: str = "●"
    branch: str = "├─ "
    last: str = "└─ "
    bar: str = "│  "
    space: str = "   "
    failed: str = "✗"
    warning: str = "!"
    changed: str = "~"
    arrow: str = "→"
    atomic: str = "⎇"
    deferred: str = "⧗"
    rolled_back: str = "↺"
    again: str = "↻"
    concurrent: str = "∥"
    times: str = "×"  # noqa: RUF001
    dot: str = "·"
    more: str = "…"
    scope: str = "▸"
    minus: str = "–"  # noqa: RUF001


UNICODE = Glyphs()
ASCII = Glyphs(
    root="*",
    branch="|- ",
    last="`- ",
    bar="|  ",
    failed="x",
    arrow="->",
    atomic="@",
    deferred="+",
    rolled_back="<-",
    again="^",
    concurrent="||",
    times="x",
    dot="-",
    more="...",
    scope=">",
    minus="-",
)


def can_draw(encoding: str | None) -> bool:
    """Whether a stream of that encoding takes the signs that are not ASCII."""
    try:
        "".join(vars(UNICODE).values()).encode(encoding or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True


@dataclass(frozen=True)
class Display:
    """The display options of `run` and `report`, and the columns there are.

    `signal`, `sender` and `receiver` are globs, `min_ms` milliseconds, `depth` the levels drawn
    below which chains are cut. Without `fold`, what looks alike is drawn each time. `crop` cuts
    lines to `width`: in a terminal, not in a file. With `links`, places lead to their files;
    `root` is the absolute folder that paths are relative to. Without `durations`, `line_numbers`
    and `values`, two runs of the same code look the same. `marks` are words to put on the lines of
    spans, by id.
    """

    signal: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()
    min_ms: float = 0.0
    depth: int | None = None
    args: bool = False
    all: bool = False
    fold: bool = True
    width: int = WIDTH
    crop: bool = False
    ascii: bool = False
    links: bool = False
    root: str = ""
    durations: bool = True
    line_numbers: bool = True
    values: bool = True
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def selection(self) -> Selection:
        return Selection(self.signal, self.sender, self.receiver, self.min_ms, self.all)

    @property
    def folds(self) -> bool:
        """Whether of what looks alike only the first is drawn."""
        return self.fold and not self.all

    @property
    def glyphs(self) -> Glyphs:
        return ASCII if self.ascii else UNICODE

    @property
    def columns(self) -> int:
        """The columns that are used: eyes do not follow a line across a very wide terminal."""
        return min(self.width, _WIDEST)
