"""What is said of a run when it is over."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from sigtrace.folders import runs_directory
from sigtrace.reader import recorded_runs

if TYPE_CHECKING:
    from sigtrace.analysis.summary import Totals


def last_line(totals: Totals, report: str, processes: int) -> str:
    """Return what a run says at its end; `report` is the command that tells more."""
    if not processes:
        return "no signals were seen: no traced process imported Django"
    unheard = sum(totals.unheard.values())
    if not totals.chains and not totals.sends and not unheard:
        return f"no signals were seen · {report}"
    counts = [
        _count(totals.chains, "chain"),
        _count(totals.sends, "send"),
        _count(totals.receiver_calls, "receiver call"),
        _count(totals.errors, "error"),
    ]
    if not totals.sends and unheard:
        counts.append(f"{_count(unheard, 'send')} without receivers")
    if totals.dropped:
        counts.append(f"{_count(totals.dropped, 'span')} beyond the size limit")
    return " · ".join([*counts, report])


def report_command(run: Path) -> str:
    """Return the command that reports on a run, as short as it can be typed here."""
    runs = runs_directory(Path.cwd())
    if run.parent != runs:
        path = os.path.relpath(run)
        return f"sigtrace report {shlex.quote(str(run) if path.startswith('..') else path)}"
    if run in recorded_runs(runs)[:1]:
        return "sigtrace report"
    return f"sigtrace report {run.name}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
