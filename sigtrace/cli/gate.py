"""Whether a report passes: the exit status of `--fail-on`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sigtrace.analysis.report import Report

CLEAN, FOUND, UNCERTAIN = 0, 1, 2


def judge(report: Report, numbers: Sequence[str], command: str) -> int:
    """The exit status: 1 with a finding of these rules, 2 if it cannot be told, with a sentence.

    `command` is how to ask for the report again.
    """
    found = {one.rule.number for one in report.findings} & set(numbers)
    if found:
        return FOUND
    for reason, hint in _doubts(report, numbers, command):
        say(reason, hint)
        return UNCERTAIN
    return CLEAN


def _doubts(report: Report, numbers: Sequence[str], command: str) -> Iterator[tuple[str, str]]:
    """Why a report without findings may have missed some."""
    totals = report.totals
    if report.damage.total:
        files = ", ".join(report.damage.lines)
        yield f"nothing was found, but lines could not be read: {files}", "Record the run again."
    if not totals.chains and (totals.sends or totals.receiver_calls or totals.queries):
        yield (
            "nothing was found, but no line of the trace begins a chain: it is a part, or damaged",
            "Name the whole run.",
        )
    if totals.dropped:
        yield (
            f"nothing was found, but {totals.dropped:,} spans were not written: the run was full",
            "Raise max-bytes in [tool.sigtrace].",
        )
    for name in report.live:
        yield f"nothing was found, but {name} is still going on", "Wait for its end."
    if report.unfinished:
        yield (
            "nothing was found, but chains never ended: their process was killed, or the trace cut",
            f"See which: {command} --tree --unfinished",
        )
    if "R010" in numbers and not all(run.meta.get("effects") for run in report.runs):
        yield (
            "side effects were not recorded, so nothing can be said of R010",
            "Record them: sigtrace run --effects …",
        )
    if "R011" in numbers and report.missing:
        yield (
            f"nothing can be said of R011: {', '.join(report.missing)}",
            "Record the run again, to its end.",
        )
    if "R011" in numbers and report.coverage is None:
        yield (
            "receivers.json is missing, so nothing can be said of R011",
            "It is written when django.setup() ends; did the command get so far?",
        )
