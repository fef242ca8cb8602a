"""Data in GitHub's Markdown: tables, code and text in which nothing of the data is markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sigtrace.views.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table below its heading, of cells that are Markdown; no lines without rows."""
    if not rows:
        return []
    numbers = ("Calls", "Total", "Self", "Max", "Queries", "Errors", "Time", "Times", "Rows")
    rule = ["---:" if head in (*numbers, "Receiver calls") else "---" for head in heads]
    return [f"### {title}", "", *(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))]


def text(value: str) -> str:
    """Plain text, with every mark escaped."""
    return _MARKS.sub(r"\\\1", clean(value))


def code(value: str) -> str:
    """Code in a table cell: a fence longer than any run of backticks in it; pipes escaped."""
    inner = clean(value).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", inner)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {inner} {fence}" if longest else f"{fence}{inner}{fence}"
