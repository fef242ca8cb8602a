"""Signal coverage for a pull request: Markdown tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.paths import last_part
from sigtrace.views.formats.markup import code, table, text
from sigtrace.views.text import place, plural

if TYPE_CHECKING:
    from sigtrace.analysis.coverage import Late, Row, SignalCoverage


def render_markdown(coverage: SignalCoverage) -> str:
    """The coverage as GitHub's Markdown."""
    whose = "receivers" if coverage.everyone else "own receivers"
    called = f"{coverage.called:,} of {coverage.connected:,} {whose} called"
    head = ["## sigtrace: signal coverage", "", f"**{coverage.percent:.1f} %** · {called}"]
    if coverage.in_tests:
        head.append(f"- {plural(coverage.in_tests, 'receiver')} in test files not counted")
    head += [f"- calls may be missing: {text(doubt)}" for doubt in coverage.doubts]
    never = [row for row in coverage.rows if not row.calls]
    ever = [row for row in coverage.rows if row.calls]
    blocks = [
        head,
        table(
            "Apps",
            ("App", "Receivers", "Called", "%"),
            [
                (text(app.name), f"{len(app.rows):,}", f"{app.called:,}", f"{app.percent:.1f}")
                for app in coverage.apps
            ],
        ),
        table("Never called", ("Receiver", "Signal", "Sender", "Where"), list(map(_row, never))),
        table(
            "Called, but connected after django.setup(): not counted",
            ("Receiver", "Signal", "Where", "Calls"),
            [
                (*_heard(one), text(place(one.file, one.line)), f"{one.calls:,}")
                for one in coverage.late
            ],
        ),
        table(
            "First called by",
            ("Receiver", "Signal", "Sender", "Where", "Calls", "Test"),
            [(*_row(row), f"{row.calls:,}", _test(row)) for row in ever],
        ),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _row(row: Row) -> tuple[str, ...]:
    sender = code(row.sender) if row.sender else "any"
    if row.senders:
        sender += ": " + ", ".join(
            f"{code(name or 'none')} {calls:,}" for name, calls in row.senders
        )
    return (*_heard(row), sender, text(place(row.file, row.line)))


def _heard(one: Row | Late) -> tuple[str, str]:
    return code(one.receiver), code(last_part(one.signal))


def _test(row: Row) -> str:
    return "outside of tests" if row.test is None else code(row.test)
