"""Annotations of a pull request: commands that GitHub reads from the output of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.views.formats.annotations import annotation
from sigtrace.views.formats.locations import location
from sigtrace.views.text import clean, shortened

if TYPE_CHECKING:
    from pathlib import Path

    from sigtrace.analysis.check import Result
    from sigtrace.analysis.rules import Finding


def render_github(result: Result, root: Path) -> str:
    """One command a line, the most important first: GitHub shows ten of each level in a step."""
    return "".join(f"{_command(finding, result, root)}\n" for finding in result.findings)


def _command(finding: Finding, result: Result, root: Path) -> str:
    file, line = location(finding, result, root)
    rule = finding.rule
    details = map(shortened, finding.details)
    said = "\n".join(map(clean, (finding.message, *details, finding.hint)))
    return annotation(finding.severity, f"{rule.full_id} {rule.title}", file, line, said)
