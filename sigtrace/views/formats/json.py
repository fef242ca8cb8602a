"""A report for programs: versioned, and it only grows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sigtrace.views.findings import next_command, sentence

if TYPE_CHECKING:
    from sigtrace.analysis.figures import BulkWrites, ChainFigures, Failure, ReceiverCalls
    from sigtrace.analysis.findings import Finding
    from sigtrace.analysis.report import Report

FORMAT_VERSION = 1


def render_json(report: Report, command: str) -> str:
    """The report as one JSON object in ASCII; times are milliseconds, `time` is Unix ns.

    `command` is how to ask for it again, for the next step of each finding.
    """
    return json.dumps(as_object(report, command), indent=2)


def as_object(report: Report, command: str) -> dict[str, Any]:
    """What `render_json` writes."""
    totals = report.totals
    return {
        "version": FORMAT_VERSION,
        "run": _run(report),
        "totals": {
            "chains": totals.chains,
            "sends": totals.sends,
            "unheard": totals.unheard.total(),
            "receiver_calls": totals.receiver_calls,
            "errors": totals.errors,
            "queries": totals.queries,
            "queries_outside": totals.outside,
            "unfinished": totals.unfinished,
            "dropped": totals.dropped,
            "damaged_lines": report.damage.total,
        },
        "unheard": dict(totals.unheard.most_common()),
        "unseen": dict(totals.unseen.most_common()),
        "coverage": None if report.coverage is None else vars(report.coverage),
        "missing": list(report.missing),
        "receivers": [_receiver(calls) for calls in report.receivers],
        "chains": [_chain(chain) for chain in report.slowest],
        "bulk": [_bulk(writes) for writes in report.bulk],
        "errors": [_failure(failure, count) for failure, count in report.failures],
        "unfinished": [vars(span) for span in report.unfinished],
        "findings": [_finding(finding, command) for finding in report.findings],
        "discarded": [{"name": name, "count": count} for name, count in report.discarded],
        "muted": list(report.muted),
    }


def _run(report: Report) -> dict[str, Any]:
    """What was run; with several runs, the first, and the paths of all."""
    meta = report.runs[0].meta
    process = report.processes[0] if report.processes else {}
    return {
        "paths": [str(run.path) for run in report.runs],
        "argv": meta.get("argv", process.get("argv")),
        "started": meta.get("started", process.get("time")),
        "ended": meta.get("ended"),
        "exit_status": meta.get("exit_status"),
        "processes": len(report.processes),
        **{name: process.get(name) for name in ("python", "django", "settings")},
    }


def _receiver(calls: ReceiverCalls) -> dict[str, Any]:
    return {
        "receiver": calls.receiver,
        "signal": calls.signal,
        "sender": calls.sender,
        "calls": calls.calls,
        "total_ms": _ms(calls.total_ns),
        "self_ms": _ms(calls.self_ns),
        "max_ms": _ms(calls.max_ns),
        "queries": calls.queries,
        "errors": calls.errors,
        "unfinished": calls.unfinished,
        "file": calls.file,
        "line": calls.line,
        "origin": calls.origin,
    }


def _chain(chain: ChainFigures) -> dict[str, Any]:
    return {
        "id": chain.id,
        "kind": chain.kind,
        "name": chain.name,
        "scope": chain.scope,
        "file": chain.file,
        "line": chain.line,
        "time": chain.time,
        "total_ms": _ms(chain.duration_ns),
        "sends": chain.sends,
        "receiver_calls": chain.receiver_calls,
        "queries": chain.queries,
        "errors": chain.errors,
        "slowest_path": list(chain.slowest_path),
    }


def _bulk(writes: BulkWrites) -> dict[str, Any]:
    return {
        "name": writes.name,
        "model": writes.model,
        "calls": writes.calls,
        "rows": writes.rows,
        "bypassed": list(writes.bypassed),
        "file": writes.file,
        "line": writes.line,
    }


def _failure(failure: Failure, count: int) -> dict[str, Any]:
    return {**vars(failure), "not_reached": list(failure.not_reached), "count": count}


def _finding(finding: Finding, command: str) -> dict[str, Any]:
    return {
        "id": finding.rule.id,
        "title": finding.rule.title,
        "level": finding.severity,
        "message": sentence(finding.message),
        "details": [sentence(detail) for detail in finding.details],
        "file": finding.file,
        "line": finding.line,
        "count": finding.count,
        "evidence": list(finding.evidence),
        "next": next_command(finding, command),
    }


def _ms(ns: int) -> float:
    return round(ns / 1e6, 6)
