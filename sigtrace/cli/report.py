"""`sigtrace report`: explain recorded runs."""

from __future__ import annotations

import shlex
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from sigtrace.cli.display import Printer, display_for, display_options
from sigtrace.cli.results import stdout, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from sigtrace.reader import Run

FORMATS = ("text", "json", "markdown")


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
@click.option("--tree", is_flag=True, help="Draw the chains, as `run` does while they happen.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout.",
)
@display_options
def report(
    runs: tuple[Path, ...], tree: bool, format_: str, output: Path | None, **display: Any
) -> None:
    """Explain a recorded run: receivers, slow chains, errors, what was bypassed.

    RUN is a run's directory, its name in .sigtrace, or process files (.jsonl); without one, the
    newest run is read.

    \b
    Examples:
      sigtrace report
      sigtrace report --tree --receiver generate_slug
      sigtrace report --format json --output report.json
    """  # noqa: D301
    if tree and format_ != "text":
        raise click.UsageError(f"--tree draws text; it does not go with --format {format_}.")
    from sigtrace.reader import open_runs

    found = open_runs(runs, Path.cwd())
    what = "tree" if tree else format_
    command = shlex.join(["sigtrace", "report", *map(str, runs)])
    if output is None:
        with stdout() as stream:
            _write(found, what, display, stream, command)
        return
    text = StringIO()
    _write(found, what, display, text, command)
    write_atomically(output, text.getvalue())


def _write(
    found: list[Run],
    what: str,
    options: dict[str, Any],
    stream: IO[str],
    command: str,
) -> None:
    if what == "tree":
        _write_tree(found, options, stream)
        return
    from sigtrace.analysis.report import analyse

    selected = display_for(options, stream)
    report = analyse(found, selected.selection)
    if what == "json":
        from sigtrace.views.formats.json import render_json

        stream.write(render_json(report) + "\n")
    elif what == "markdown":
        from sigtrace.views.formats.markdown import render_markdown

        stream.write(render_markdown(report))
    else:
        from sigtrace.views.report import render_report

        text = render_report(report, selected, command)
        Printer(stream).print(text)


def _write_tree(found: list[Run], options: dict[str, Any], stream: IO[str]) -> None:
    from sigtrace.reader import Damage
    from sigtrace.views.text import plural

    printer, damage, drawn = Printer(stream), Damage(), 0
    for text in _chains(found, options, stream, damage):
        printer.print(text)
        drawn += 1
    if not drawn:
        click.echo("sigtrace: no chain to draw; --all shows what is hidden", err=True)
    if damage.total:
        said = plural(damage.total, "line") + " could not be read"
        click.echo(f"sigtrace: {said}: {', '.join(damage.lines)}", err=True)


def _chains(
    found: list[Run], options: dict[str, Any], stream: IO[str], damage: Any
) -> Iterator[Text]:
    from sigtrace.reader import project_of, read_events
    from sigtrace.views.live import LiveTree

    for run in found:
        display = display_for({**options, "root": project_of(run.folder)}, stream)
        view = LiveTree(display)
        for event in read_events(run.files, damage):
            yield from view.feed([event])
        yield from view.finish()
