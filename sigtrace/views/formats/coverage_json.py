"""Signal coverage for programs: JSON, versioned, fields are only added."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigtrace.analysis.coverage import Row, SignalCoverage

# 1: the first.
SCHEMA = 1


def render_json(coverage: SignalCoverage, command: str) -> str:
    """The coverage as a JSON object; `command` is how to ask for it again."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "command": command,
            "runs": [str(run.path) for run in coverage.runs],
            "percent": coverage.percent,
            "connected": coverage.connected,
            "called": coverage.called,
            "muted": coverage.muted,
            "in_tests": coverage.in_tests,
            "doubts": list(coverage.doubts),
            "apps": [
                {
                    "app": app.name,
                    "percent": app.percent,
                    "connected": len(app.rows),
                    "called": app.called,
                }
                for app in coverage.apps
            ],
            "receivers": [_row(row) for row in coverage.rows],
            "late": [asdict(one) for one in coverage.late],
        },
        indent=2,
    )


def _row(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "app": row.app,
        "receiver": row.receiver,
        "signal": row.signal,
        "sender": row.sender,
        "file": row.file,
        "line": row.line,
        "calls": row.calls,
        "test": row.test,
    }
    if row.sender is None:
        found["senders"] = [{"sender": sender, "calls": calls} for sender, calls in row.senders]
    return found
