"""What a check found, for programs: versioned, and it only grows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigtrace.analysis.check import Result
    from sigtrace.analysis.rules import Finding

FORMAT_VERSION = 1


def render_json(result: Result) -> str:
    """The result as one JSON object in ASCII."""
    return json.dumps(as_object(result), indent=2)


def as_object(result: Result) -> dict[str, Any]:
    """What `render_json` writes; files are relative to `project` where they can be."""
    return {
        "version": FORMAT_VERSION,
        "baseline": result.file.path,
        "project": result.project,
        "settings": None if result.settings is None else asdict(result.settings),
        "imports": list(result.imports),
        "run": result.run,
        "totals": {
            "receivers": result.receivers,
            "baseline": result.known,
            "unchanged": result.unchanged,
            "errors": result.errors,
            "warnings": result.warnings,
            "ignored": result.ignored,
        },
        "findings": [_finding(finding) for finding in result.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.rule.full_id,
        "level": finding.severity,
        "title": finding.rule.title,
        "message": finding.message,
        "file": finding.file,
        "line": finding.line,
        "hint": finding.hint,
        "details": list(finding.details),
        "names": list(finding.subjects),
    }
