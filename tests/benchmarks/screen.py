"""Where the tables are printed: the user's terminal, or text of a fixed width."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 165


def console() -> Console:
    """Standard output: as wide as the terminal, or else wide enough for every table."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)


def as_text(renderable: RenderableType) -> str:
    """What a table looks like without colours."""
    plain = Console(width=WIDTH, color_system=None)
    with plain.capture() as captured:
        plain.print(renderable)
    return captured.get()
