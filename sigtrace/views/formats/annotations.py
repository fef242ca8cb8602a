"""Findings as annotations of a pull request: commands that GitHub reads from a step's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.views.findings import next_command, sentence
from sigtrace.views.text import clean, short

if TYPE_CHECKING:
    from sigtrace.analysis.findings import Finding
    from sigtrace.analysis.report import Report

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def render_annotations(report: Report, command: str, folder: str = "") -> str:
    """One command a line, what matters most first: GitHub shows ten of each level in a step.

    `command` is how to ask for the report again, `folder` the project's within the repository.
    """
    return "".join(_finding(finding, command, folder) + "\n" for finding in report.findings)


def annotation(level: str, title: str, file: str | None, line: int | None, message: str) -> str:
    """One command of GitHub's: `level` is error, warning or notice, `file` as in the repository."""
    shown = {"title": title, "file": file, "line": None if line is None else str(line)}
    properties = ",".join(
        f"{name}={_escape(value, _PROPERTY)}" for name, value in shown.items() if value
    )
    return f"::{level} {properties}::{_escape(message, _DATA)}"


def _finding(finding: Finding, command: str, folder: str) -> str:
    file = finding.file
    if file is not None and file.startswith(("/", "<")):
        # Not of the repository.
        file = None
    lines = [sentence(finding.message, lambda path: clean(short(path)))]
    lines += [sentence(detail, lambda path: clean(short(path))) for detail in finding.details]
    return annotation(
        finding.severity,
        f"{finding.rule.id} {finding.rule.title}",
        None if file is None else clean(f"{folder}/{file}" if folder else file),
        finding.line if file is not None else None,
        "\n".join([*lines, clean(next_command(finding, command))]),
    )


def _escape(value: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(char, char) for char in value)
