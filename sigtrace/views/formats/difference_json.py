"""What differs between two runs, for programs: versioned, and it only grows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigtrace.analysis.changes import Difference, EdgeChange, Frequency, Slower, Spread
    from sigtrace.analysis.profile import Calls, Profile, Receiver

FORMAT_VERSION = 1


def render_json(difference: Difference) -> str:
    """The difference as one JSON object in ASCII; times are milliseconds."""
    one = difference
    return json.dumps(
        {
            "version": FORMAT_VERSION,
            "before": _run(one.before),
            "after": _run(one.after),
            "new_receivers": [_receiver(c.receiver, c.calls) for c in one.new_receivers],
            "gone_receivers": [_receiver(c.receiver, c.calls) for c in one.gone_receivers],
            "new_edges": [_edge(change) for change in one.new_edges],
            "gone_edges": [_edge(change) for change in one.gone_edges],
            "more_calls": [
                {**_receiver(c.receiver, c.calls), **_frequency(c)} for c in one.more_calls
            ],
            "slower": [_slower(change) for change in one.slower],
            "sql": [{"statement": c.statement, **_frequency(c)} for c in one.sql],
            "more_sql": [{"statement": c.statement, **_frequency(c)} for c in one.more_sql],
            "same_command": one.is_of_one_command,
            "sql_compared": one.compares_sql,
            "timed_receivers": one.timed,
            "untimed_receivers": one.untimed,
            "noise": None if one.noise is None else vars(one.noise),
        },
        indent=2,
    )


def _run(profile: Profile) -> dict[str, Any]:
    totals = profile.totals
    return {
        "path": str(profile.run.path),
        "argv": profile.run.meta.get("argv"),
        "chains": totals.chains,
        "sends": totals.sends,
        "receiver_calls": totals.receiver_calls,
        "queries": totals.queries,
        "dropped": totals.dropped,
        "damaged_lines": profile.damage.total,
        "unfinished_chains": profile.unfinished,
        "signal": profile.killed_by,
        "live": profile.is_live,
        "cut": profile.is_cut,
    }


def _receiver(receiver: Receiver, calls: Calls) -> dict[str, Any]:
    return {
        "receiver": receiver.name,
        "signal": receiver.signal,
        "calls": calls.count,
        "file": calls.file,
        "line": calls.line,
    }


def _edge(change: EdgeChange) -> dict[str, Any]:
    edge = change.edge
    return {
        "source": edge.source.name,
        "by": edge.by or None,
        "target": edge.target.name,
        "count": change.count,
    }


def _frequency(change: Frequency) -> dict[str, Any]:
    return {
        "root": change.root,
        "before_a_chain": round(change.before, 9),
        "after_a_chain": round(change.after, 9),
    }


def _slower(change: Slower) -> dict[str, Any]:
    return {
        **_receiver(change.receiver, change.calls),
        "ratio": round(change.ratio, 3),
        "before": _spread(change.before),
        "after": _spread(change.after),
    }


def _spread(times: Spread) -> dict[str, float]:
    return {f"{name}_ms": round(ns / 1e6, 6) for name, ns in vars(times).items()}
