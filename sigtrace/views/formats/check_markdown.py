"""What a check found, for a pull request or the summary of a CI step: a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.views.check import head_words, summary
from sigtrace.views.formats.markup import code, table, text
from sigtrace.views.text import place

if TYPE_CHECKING:
    from sigtrace.analysis.check import Result


def render_markdown(result: Result) -> str:
    """The result as GitHub's Markdown."""
    rows = [
        (
            code(finding.rule.full_id),
            text(finding.message),
            code(place(finding.file, finding.line)) if finding.file else "",
            text(finding.hint),
        )
        for finding in result.findings
    ]
    blocks = [
        ["## sigtrace check"],
        [text(" · ".join(head_words(result)))],
        table(summary(result), ("Rule", "Finding", "At", "Next"), rows),
        [] if rows else [text(f"All as {result.file.name} has it: {summary(result)}.")],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
