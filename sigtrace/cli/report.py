"""`sigtrace report`: explain recorded runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from sigtrace.cli.display import display_options
from sigtrace.cli.results import format_option, output_option
from sigtrace.options import VALUES

REPORTS = ("text", "json", "markdown", "github")
COVERAGE = ("text", "json", "markdown")
EXPORTS = ("perfetto", "otlp", "mermaid")

_CHAINS = ("root", "around", "errors", "unfinished")
_DRAWN = ("slowest", "no_fold")


def _numbers(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Read `R001,sigtrace.R006`. Raises BadParameter for what names no rule."""
    if value is None:
        return None
    from sigtrace.analysis.findings.finding import PREFIX, RULES

    words = [word.strip() for word in value.split(",")]
    numbers = tuple(word.removeprefix(PREFIX).upper() for word in words if word)
    unknown = [number for number in numbers if number not in RULES]
    if unknown or not numbers:
        known = ", ".join(f"{rule.number} {rule.title}" for rule in RULES.values())
        said = f"{', '.join(unknown) or value!r} names no finding. There are: {known}."
        raise click.BadParameter(said, ctx, param)
    return numbers


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
@format_option((*REPORTS, *EXPORTS))
@output_option
@click.option(
    "--fail-on",
    callback=_numbers,
    metavar="ID[,ID]",
    help="Exit with 1 if there is a finding of these: R001,R006.",
)
@click.option(
    "--slow-ms",
    type=click.FloatRange(min=0),
    metavar="MS",
    help="From here on a receiver is slow.  [default: 10]",
)
@click.option(
    "--values",
    type=click.Choice(VALUES),
    help="Values in what is exported: none, all but secrets, or all that were recorded.  "
    "[default: none]",
)
@click.option(
    "--coverage",
    is_flag=True,
    help="Which connected receivers these runs (of a test suite) called, and which never.",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="With --coverage: exit with 1 if fewer receivers were called.",
)
@click.option("--no-pager", is_flag=True, help="Write to the terminal without a pager.")
@click.option("--tree", is_flag=True, help="Draw the chains, as `run` does while they happen.")
@click.option(
    "--root",
    multiple=True,
    metavar="GLOB",
    help="Only chains that begin so: 'Article.save*', blog.Article, or with that span's id.",
)
@click.option(
    "--around",
    multiple=True,
    metavar="RECEIVER",
    help="Only chains in which that receiver or callback ran, but all of them.",
)
@click.option("--errors", is_flag=True, help="Only chains with an exception in them.")
@click.option("--unfinished", is_flag=True, help="Only chains that never ended.")
@click.option(
    "--slowest", type=click.IntRange(min=1), metavar="N", help="Draw the slowest chains first."
)
@click.option(
    "--no-fold", is_flag=True, help="Draw each chain and each line, also if they look alike."
)
@display_options
@click.pass_context
def report(
    ctx: click.Context,
    /,
    runs: tuple[Path, ...],
    tree: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Explain a recorded run: receivers, slow chains, and what is worth a look.

    RUN is a run's directory, its name in .sigtrace, or process files (.jsonl); without one, the
    newest run is read. The formats perfetto (for ui.perfetto.dev), otlp (OpenTelemetry, a JSON
    object a line) and mermaid (a graph for a pull request) hold all chains.

    \b
    Examples:
      sigtrace report
      sigtrace report --tree --receiver generate_slug
      sigtrace report --fail-on R001,R006,R008
      sigtrace report --coverage --fail-under 90
      sigtrace report --format perfetto --output trace.json
    """  # noqa: D301
    coverage = options["coverage"]
    _check(tree, format_, options)
    from sigtrace.cli import reporting  # `--help` does without
    from sigtrace.reader import open_runs
    from sigtrace.reader.strange import strange_lines_told

    found = open_runs(runs, Path.cwd())
    options["fold"] = not options["no_fold"]
    where = reporting.Destination(output, pager=not options["no_pager"])
    with strange_lines_told(found):
        if coverage:
            from sigtrace.cli.coverage import write_coverage

            command = shlex.join(["sigtrace", "report", "--coverage", *map(str, runs)])
            ctx.exit(write_coverage(found, format_, options, where, command))
        elif tree:
            reporting.write_tree(found, options, where)
        elif format_ in EXPORTS:
            reporting.write_export(found, format_, options, where)
        else:
            command = shlex.join(["sigtrace", "report", *map(str, runs)])
            analysed = reporting.write_report(found, format_, options, where, command)
            if options["fail_on"]:
                from sigtrace.cli.gate import judge

                ctx.exit(judge(analysed, options["fail_on"], command))


def _check(tree: bool, format_: str, options: dict[str, Any]) -> None:
    """Raise UsageError for options that do not go together."""
    if options["coverage"]:
        _check_coverage(tree, format_, options)
    elif options["fail_under"] is not None:
        raise click.UsageError("--fail-under is about signal coverage: add --coverage.")
    if tree and format_ != "text":
        raise click.UsageError(f"--tree draws text; it does not go with --format {format_}.")
    for name in _CHAINS + _DRAWN:
        if options[name] and not tree and (name in _DRAWN or format_ not in EXPORTS):
            option = name.replace("_", "-")
            what = "is about how chains are drawn" if name in _DRAWN else "chooses chains"
            raise click.UsageError(f"--{option} {what}: add --tree.")
    what = "--tree" if tree else f"--format {format_}"
    for name in ("fail_on", "slow_ms"):
        if options[name] is not None and (tree or format_ in EXPORTS):
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} is about findings; {what} shows none.")
    if options["values"] is not None and format_ not in EXPORTS:
        raise click.UsageError(
            f"--values is about what is exported: add --format {', '.join(EXPORTS[:-1])} "
            f"or {EXPORTS[-1]}."
        )


def _check_coverage(tree: bool, format_: str, options: dict[str, Any]) -> None:
    if tree or options["fail_on"]:
        what = "--tree" if tree else "--fail-on"
        raise click.UsageError(f"--coverage is a report of its own; it does not go with {what}.")
    if format_ not in COVERAGE:
        raise click.UsageError(f"--coverage is written as {', '.join(COVERAGE)}, not as {format_}.")
    if options["slow_ms"] is not None:
        raise click.UsageError("--slow-ms is about findings; --coverage shows none.")
