"""Writes what `sigtrace report` was asked for: a report, trees of chains, or a whole trace."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.choice import Choice, chosen
from sigtrace.analysis.findings import SLOW_MS
from sigtrace.analysis.tally import have_spans
from sigtrace.cli.background import Background, has_two_processors
from sigtrace.cli.display import Printer, display_for
from sigtrace.cli.findings import repository
from sigtrace.cli.output import say
from sigtrace.cli.pager import paged
from sigtrace.cli.progress import progress
from sigtrace.cli.results import whole_file
from sigtrace.launch.recording import is_live
from sigtrace.reader import Damage, merge_events, project_of
from sigtrace.views.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from rich.text import Text

    from sigtrace.analysis.report import Report
    from sigtrace.reader import Run

    Write = Callable[[bytes], object]


@dataclass(frozen=True)
class Destination:
    """A file, or without one stdout; there by a pager, if it is a terminal and that is wanted."""

    output: Path | None
    pager: bool

    @contextmanager
    def open(self, *, pager: bool) -> Iterator[tuple[TextIO, Write]]:
        """Give the stream that decides on width and colours, and the function that writes."""
        if self.output is not None:
            with whole_file(self.output) as file:
                yield file, file.buffer.write
        else:
            with paged(wanted=pager and self.pager) as write:
                yield sys.stdout, write


def write_report(
    runs: Sequence[Run],
    format_: str,
    options: Mapping[str, Any],
    where: Destination,
    command: str,
) -> Report:
    """Read the runs, write the report on them, and return it."""
    from sigtrace.analysis.report import analyse

    with where.open(pager=format_ == "text") as (stream, write):
        display = display_for({**options, "root": _project(runs[0])}, stream)
        slow_ms = SLOW_MS if options["slow_ms"] is None else options["slow_ms"]
        with progress() as told:
            report = analyse(
                runs,
                display.selection,
                slow_ms=slow_ms,
                progress=told,
                in_background=Background if has_two_processors() else None,
            )
        if format_ == "text":
            from sigtrace.views.report import render_report

            write(Printer(stream).encode(render_report(report, display, command)))
        else:
            write(_rendered(report, format_, command).encode())
    say_what_goes_on(runs)
    return report


def _rendered(report: Report, format_: str, command: str) -> str:
    if format_ == "json":
        from sigtrace.views.formats.json import render_json

        return render_json(report, command) + "\n"
    if format_ == "markdown":
        from sigtrace.views.formats.markdown import render_markdown

        return render_markdown(report, command)
    from sigtrace.views.formats.annotations import render_annotations

    return render_annotations(report, command, _folder(Path(_project(report.runs[0]))))


def write_tree(runs: Sequence[Run], options: Mapping[str, Any], where: Destination) -> None:
    """Draw the chains that were asked for."""
    damage, drawn = Damage(), 0
    with where.open(pager=True) as (stream, write):
        printer = Printer(stream)
        for text in _trees(runs, options, stream, damage):
            write(printer.encode(text))
            drawn += 1
    if not drawn:
        from sigtrace.cli.undrawn import why_nothing

        selection = display_for(options, stream).selection
        say(why_nothing(runs, options, _choice(options), selection))
    _say_damage(damage)
    say_what_goes_on(runs)


def write_export(
    runs: Sequence[Run], format_: str, options: Mapping[str, Any], where: Destination
) -> None:
    """Write the chains that were asked for, for another program."""
    from sigtrace.views.formats.exports import Wanted, export

    damage = Damage()
    with where.open(pager=False) as (stream, write), progress() as told:
        selection = display_for(options, stream).selection
        wanted = Wanted(options["values"] or "none", selection, _choice(options))
        for text in export(runs, format_, wanted, damage, told):
            write(text.encode())
    _say_damage(damage)
    say_what_goes_on(runs)


def say_what_goes_on(runs: Iterable[Run]) -> None:
    """Say of which runs there is more to come."""
    for run in runs:
        if is_live(run.folder):
            say(f"{run.path.name} is still going on: this is how far it had got")


def _trees(
    runs: Sequence[Run], options: Mapping[str, Any], stream: TextIO, damage: Damage
) -> Iterator[Text]:
    from sigtrace.views.live import LiveTree

    choice = _choice(options)
    for run in runs:
        display = display_for({**options, "root": _project(run)}, stream)
        if choice.slowest is not None:
            # Each of them was asked for.
            display = replace(display, fold=False)
        view = LiveTree(display, several=have_spans(run.files) > 1)
        events = merge_events(run.files, damage, blocks=True)
        for event in chosen(events, choice, view.shows) if choice.is_made else events:
            yield from view.feed([event])
        yield from view.finish()


def _choice(options: Mapping[str, Any]) -> Choice:
    return Choice(
        root=tuple(options["root"]),
        around=tuple(options["around"]),
        errors=options["errors"],
        unfinished=options["unfinished"],
        slowest=options["slowest"],
    )


def _say_damage(damage: Damage) -> None:
    if damage.total:
        say(f"{plural(damage.total, 'line')} could not be read: {', '.join(damage.lines)}")


def _project(run: Run) -> str:
    return project_of(run.folder)


def _folder(project: Path) -> str:
    """Where in its repository a project is, to which paths in annotations are relative."""
    root = repository(project, os.environ).resolve()
    folder = project.resolve().relative_to(root).as_posix()
    return "" if folder == "." else folder
