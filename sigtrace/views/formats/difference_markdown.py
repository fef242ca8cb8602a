"""What differs between two runs, as a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.paths import last_part
from sigtrace.views.difference import (
    by_said,
    cautions_said,
    frequency,
    noise_said,
    nothing_differs,
    run_said,
    spread,
)
from sigtrace.views.formats.markup import code, table, text
from sigtrace.views.text import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sigtrace.analysis.changes import Difference, EdgeChange, ReceiverChange

_MOST = 25
"""Rows of a table: GitHub takes 65,536 characters."""

_SQL = 300


def render_markdown(difference: Difference) -> str:
    """The difference as GitHub's Markdown, of a size that a comment can have."""
    head = [
        "## sigtrace: what changed",
        "",
        f"- A: {text(run_said(difference.before))}",
        f"- B: {text(run_said(difference.after))}",
    ]
    cautions = [text(said) for said in cautions_said(difference)]
    blocks = [lines for lines in _tables(difference) if lines] or [[nothing_differs()]]
    blocks = [head, *([said] for said in cautions), *blocks, [text(noise_said(difference))]]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _tables(one: Difference) -> Iterator[list[str]]:
    receivers = ("Receiver", "Signal", "Calls", "At")
    yield _table("New receivers", receivers, [_receiver(c) for c in one.new_receivers])
    yield _table("Gone receivers", receivers, [_receiver(c) for c in one.gone_receivers])
    edges = ("From", "By", "To", "Times")
    yield _table("New edges", edges, [_edge(change) for change in one.new_edges])
    yield _table("Gone edges", edges, [_edge(change) for change in one.gone_edges])
    yield _table(
        "Called more often",
        ("Receiver", "In each", "A", "B", "At"),
        [
            (
                code(change.receiver.name),
                code(change.root),
                *frequency(change),
                text(place(change.calls.file, change.calls.line)),
            )
            for change in one.more_calls
        ],
    )
    yield _table(
        "Slower",
        ("Receiver", "A: median (eight calls in ten)", "B", "B / A", "At"),
        [
            (
                code(change.receiver.name),
                spread(change.before),
                spread(change.after),
                f"{change.ratio:.1f}",
                text(place(change.calls.file, change.calls.line)),
            )
            for change in one.slower
        ],
    )
    for title, statements in (("New SQL", one.sql), ("More SQL", one.more_sql)):
        yield _table(
            title,
            ("In each", "A", "B", "Statement"),
            [
                (
                    code(change.root),
                    *frequency(change),
                    code(change.statement[:_SQL] + "…" * (len(change.statement) > _SQL)),
                )
                for change in statements
            ],
        )


def _receiver(change: ReceiverChange) -> tuple[str, ...]:
    return (
        code(change.receiver.name),
        text(last_part(change.receiver.signal)),
        f"{change.calls.count:,}",
        text(place(change.calls.file, change.calls.line)),
    )


def _edge(change: EdgeChange) -> tuple[str, ...]:
    edge = change.edge
    return (
        code(edge.source.name),
        text(by_said(edge)),
        code(edge.target.name),
        f"{change.count:,}",
    )


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = table(f"{title} ({len(rows):,})", heads, rows[:_MOST])
    if len(rows) > _MOST:
        lines += ["", f"… and {len(rows) - _MOST:,} more"]
    return lines
