"""The findings of several runs: what was found in more than one of them is said once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sigtrace.analysis.findings.finding import Finding


def together(found: Sequence[tuple[str, Iterable[Finding]]]) -> list[Finding]:
    """The findings of runs, each with the run's name; of several runs each says where it was.

    Those of the same words are one, whose count is that of all; evidence is of the first run, for
    ids are unique within one only.
    """
    if len(found) == 1:
        return list(found[0][1])
    merged: dict[str, tuple[Finding, list[str]]] = {}
    for run, findings in found:
        for one in findings:
            # What a trace says of files and lines need not be of a form that can be a key.
            key = repr((one.rule, one.level, one.message, one.details, one.file, one.line))
            first, runs = merged.get(key, (None, []))
            if first is not None:
                one = replace(  # noqa: PLW2901
                    first, count=first.count + one.count, weight=first.weight + one.weight
                )
            merged[key] = (one, [*runs, run])
    return [replace(one, details=(*one.details, (_where(runs),))) for one, runs in merged.values()]


def _where(runs: list[str]) -> str:
    return f"in run {runs[0]}" if len(runs) == 1 else f"in each of {len(runs):,} runs"
