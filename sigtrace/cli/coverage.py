"""`sigtrace report --coverage`: which receivers a test suite has called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.coverage import measure
from sigtrace.cli.display import Printer, display_for
from sigtrace.cli.gate import CLEAN, FOUND, UNCERTAIN
from sigtrace.cli.output import say
from sigtrace.cli.progress import progress
from sigtrace.launch.recording import is_live
from sigtrace.reader import project_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sigtrace.analysis.coverage import SignalCoverage
    from sigtrace.cli.reporting import Destination
    from sigtrace.reader import Run


def write_coverage(
    runs: Sequence[Run],
    format_: str,
    options: Mapping[str, Any],
    where: Destination,
    command: str,
) -> int:
    """Write the coverage of the runs together; return the exit status of `--fail-under`."""
    with where.open(pager=format_ == "text") as (stream, write):
        root = project_of(runs[0].folder)
        display = display_for({**options, "root": root}, stream)
        with progress() as told:
            coverage = _with_live(measure(runs, display.selection, told), runs)
        if format_ == "text":
            from sigtrace.views.coverage import render_coverage

            write(Printer(stream).encode(render_coverage(coverage, display)))
        else:
            write(_rendered(coverage, format_, command).encode())
    return _judge(coverage, options["fail_under"])


def _with_live(coverage: SignalCoverage, runs: Sequence[Run]) -> SignalCoverage:
    """The coverage, with a doubt for each run that may still call more."""
    live = [f"{run.path.name} is still going on" for run in runs if is_live(run.folder)]
    return replace(coverage, doubts=(*coverage.doubts, *live))


def _rendered(coverage: SignalCoverage, format_: str, command: str) -> str:
    if format_ == "json":
        from sigtrace.views.formats.coverage_json import render_json

        return render_json(coverage, command) + "\n"
    from sigtrace.views.formats.coverage_markdown import render_markdown

    return render_markdown(coverage)


def _judge(coverage: SignalCoverage, least: float | None) -> int:
    """1 if too few were called, 2 where calls may be missing that would have been enough."""
    if least is None or coverage.reaches(least):
        return CLEAN
    said = f"signal coverage is {coverage.percent:.1f} %, which is less than {least:g} %"
    for doubt in coverage.doubts:
        say(f"{said}, but calls may be missing: {doubt}")
        return UNCERTAIN
    say(said)
    return FOUND
