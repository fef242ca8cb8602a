"""Annotations of a pull request: commands that GitHub reads from the output of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.views.formats.locations import location
from sigtrace.views.text import clean, shortened

if TYPE_CHECKING:
    from pathlib import Path

    from sigtrace.analysis.check import Result
    from sigtrace.analysis.rules import Finding

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def render_github(result: Result, root: Path) -> str:
    """One command a line, the most important first: GitHub shows ten of each level in a step."""
    return "".join(f"{_command(finding, result, root)}\n" for finding in result.findings)


def _command(finding: Finding, result: Result, root: Path) -> str:
    file, line = location(finding, result, root)
    rule = finding.rule
    properties = {"title": f"{rule.full_id} {rule.title}", "file": file, "line": str(line)}
    details = map(shortened, finding.details)
    said = "\n".join(map(clean, (finding.message, *details, finding.hint)))
    shown = ",".join(f"{name}={_escape(value, _PROPERTY)}" for name, value in properties.items())
    return f"::{finding.severity} {shown}::{_escape(said, _DATA)}"


def _escape(value: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(char, char) for char in value)
