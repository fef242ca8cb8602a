"""What a check found as SARIF 2.1.0, which code scanning takes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sigtrace import __version__
from sigtrace.analysis.rules import RULES
from sigtrace.views.formats.locations import location
from sigtrace.views.text import shortened

if TYPE_CHECKING:
    from pathlib import Path

    from sigtrace.analysis.check import Result
    from sigtrace.analysis.rules import Finding, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "SRCROOT"


def render_sarif(result: Result, root: Path) -> str:
    """The result as one SARIF log in ASCII; paths are relative to `root`, the repository."""
    return json.dumps(as_object(result, root), indent=2)


def as_object(result: Result, root: Path) -> dict[str, Any]:
    """What `render_sarif` writes."""
    seen: Counter[str] = Counter()
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "sigtrace",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in RULES.values()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The root of the repository."}}
                },
                "results": [_result(one, result, root, seen) for one in result.findings],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.full_id,
        "name": "".join(word.capitalize() for word in rule.title.split() if word.isalpha()),
        "shortDescription": {"text": rule.description},
        "fullDescription": {"text": rule.description},
        "help": {"text": "Each finding says what to do next."},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(finding: Finding, result: Result, root: Path, seen: Counter[str]) -> dict[str, Any]:
    file, line = location(finding, result, root)
    said = (finding.message, *map(shortened, finding.details), finding.hint)
    return {
        "ruleId": finding.rule.full_id,
        "ruleIndex": list(RULES).index(finding.rule.id),
        "level": finding.severity,
        "message": {"text": "\n".join(said)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(file), "uriBaseId": _ROOT},
                    "region": {"startLine": line},
                }
            }
        ],
        "partialFingerprints": {"sigtraceFinding/v1": _fingerprint(finding, seen)},
    }


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """What stays the same while lines move; equal ones are told apart by a number."""
    text = f"{finding.rule.id} {finding.message}"
    seen[text] += 1
    return f"{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}:{seen[text]}"
