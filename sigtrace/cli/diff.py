"""`sigtrace diff`: compare two recorded runs."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sigtrace.cli.display import Printer, display_for
from sigtrace.cli.output import say
from sigtrace.cli.progress import progress
from sigtrace.cli.results import format_option, output_option, stdout, write_atomically

if TYPE_CHECKING:
    from typing import TextIO

    from sigtrace.analysis.changes import Difference
    from sigtrace.analysis.profile import Profile

FORMATS = ("text", "json", "markdown")
CHANGES = {
    "new-receiver": "new_receivers",
    "gone-receiver": "gone_receivers",
    "new-edge": "new_edges",
    "gone-edge": "gone_edges",
    "more-calls": "more_calls",
    "slower": "slower",
    "new-sql": "sql",
    "more-sql": "more_sql",
}
"""What `--fail-on` takes, and where a difference has it."""

CLEAN, FOUND, UNCERTAIN = 0, 1, 2


def _changes(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Read `new-receiver,new-edge`. Raises BadParameter for what is no change."""
    if value is None:
        return ()
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    unknown = [word for word in words if word not in CHANGES]
    if unknown or not words:
        said = f"{', '.join(unknown) or value!r} is no change. There are: {', '.join(CHANGES)}."
        raise click.BadParameter(said, ctx, param)
    return words


@click.command()
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@format_option(FORMATS)
@output_option
@click.option(
    "--fail-on",
    callback=_changes,
    metavar="CHANGE[,CHANGE]",
    help=f"Exit with 1 if there is one of these: {', '.join(CHANGES)}.",
)
@click.pass_context
def diff(
    ctx: click.Context,
    /,
    before: Path,
    after: Path,
    format_: str,
    output: Path | None,
    fail_on: tuple[str, ...],
) -> None:
    """Compare two runs of the same command: what B does that A did not.

    A and B are runs' directories, or their names in .sigtrace. Says which receivers and which
    ways between them are new or gone, what is called more often or takes longer, and which SQL
    is new in a chain.

    \b
    Examples:
      sigtrace diff before after
      sigtrace diff before after --format markdown --output comment.md
      sigtrace diff before after --fail-on new-receiver,new-edge
    """  # noqa: D301
    from sigtrace.analysis.difference import difference
    from sigtrace.analysis.profile import profiles
    from sigtrace.cli.reporting import say_what_goes_on
    from sigtrace.reader import open_run
    from sigtrace.reader.strange import strange_lines_told

    runs = [open_run(path, Path.cwd()) for path in (before, after)]
    with strange_lines_told(runs), progress() as told:
        before_, after_ = profiles(runs, told)
    found = difference(before_, after_)
    if output is None:
        with stdout() as stream:
            _write(found, format_, stream)
    else:
        text = StringIO()
        _write(found, format_, text)
        write_atomically(output, text.getvalue())
    say_what_goes_on(runs)
    if fail_on:
        ctx.exit(_judge(found, fail_on))


def _write(found: Difference, format_: str, stream: TextIO) -> None:
    if format_ == "json":
        from sigtrace.views.formats.difference_json import render_json

        stream.write(render_json(found) + "\n")
    elif format_ == "markdown":
        from sigtrace.views.formats.difference_markdown import render_markdown

        stream.write(render_markdown(found))
    else:
        from sigtrace.views.difference import render_difference

        Printer(stream).print(render_difference(found, display_for({}, stream)))


def _judge(found: Difference, fail_on: tuple[str, ...]) -> int:
    """The exit status: 2, with a sentence, where a run that is not whole hides what changed."""
    doubts = []
    for change in fail_on:
        if not getattr(found, CHANGES[change]):
            continue
        other = {"new": found.before, "gone": found.after}.get(change.partition("-")[0])
        if other is None or not other.is_cut:
            return FOUND
        doubts.append(f"{change}: {_cut_said(other)}, and may only not show it")
    if not doubts:
        doubts = _not_compared(found, fail_on)
        cut = filter(lambda one: one.is_cut, (found.before, found.after))
        doubts += [f"nothing was found, but {_cut_said(one)}" for one in cut]
    for doubt in doubts:
        say(doubt)
    return UNCERTAIN if doubts else CLEAN


def _not_compared(found: Difference, fail_on: tuple[str, ...]) -> list[str]:
    from sigtrace.analysis.difference import FEWEST

    doubts = []
    if "slower" in fail_on and found.untimed and not found.timed:
        doubts.append(f"slower: no receiver has {FEWEST} calls in both runs")
    if {"new-sql", "more-sql"} & {*fail_on} and not found.compares_sql:
        without = next(one for one in (found.before, found.after) if not one.has_sql)
        doubts.append(f"new-sql, more-sql: {without.run.path.name} was recorded without SQL")
    return doubts


def _cut_said(profile: Profile) -> str:
    what = "is still going on" if profile.is_live else "is cut or damaged"
    return f"{profile.run.path.name} {what}"
