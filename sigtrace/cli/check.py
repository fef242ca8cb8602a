"""`sigtrace check`: fail where the receivers are not those that were agreed to."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sigtrace.cli.output import say
from sigtrace.cli.project import Agreed, ProjectCommand, inspect_project, project_options
from sigtrace.cli.results import output_option, stdout
from sigtrace.cli.settings import setting, was_typed
from sigtrace.errors import SigtraceError
from sigtrace.launch.environment import in_ci

if TYPE_CHECKING:
    from sigtrace.analysis.baseline import Baseline
    from sigtrace.analysis.check import Check, Result
    from sigtrace.analysis.rules.ignores import Glob
    from sigtrace.cli.baselines import BaselineFile

FORMATS = ("text", "json", "github", "sarif", "markdown")
CLEAN, FINDINGS = 0, 1

_REPORTING = ("format_", "output", "strict")
_WITHOUT = (
    ("update", _REPORTING, "writes the baseline and no report"),
    ("diff", _REPORTING, "writes a diff and no report"),
    (
        "trace",
        ("settings", "python", "pythonpath", "import"),
        "reads a run and sets no project up",
    ),
)


@click.command(cls=ProjectCommand)
@click.option("--update", is_flag=True, help="Write the baseline: all of it is intended.")
@click.option("--diff", is_flag=True, help="Show what --update would write.")
@click.option("--force", is_flag=True, help="Write it where CI is set, too.")
@click.option(
    "--baseline",
    metavar="FILE",
    help="The baseline; else sigtrace.baseline beside pyproject.toml or manage.py.",
)
@click.option("--trace", metavar="RUN", help="Check what a recorded run called instead.")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="What to write: text, on GitHub with annotations, unless you say.",
)
@output_option
@project_options
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:
    """Compare what is connected with the baseline that was committed, and look for mistakes.

    The settings and imports are those that the baseline names, unless --settings says otherwise.
    Exits with 0 if nothing was found, with 1 if something was, with 2 if it could not tell.

    \b
    Examples:
      sigtrace check
      sigtrace check --update
      sigtrace check --strict --format sarif --output sigtrace.sarif
    """  # noqa: D301
    _refuse(ctx, options)
    try:
        status = _run(ctx, options)
    except (SigtraceError, click.ClickException):
        raise
    except Exception as error:
        # Python would exit with 1, which says that something was found.
        raise SigtraceError(
            f"The check failed, which is a mistake in sigtrace: {type(error).__name__}: {error}.",
            "Please report it, with what sigtrace receivers --format json says.",
        ) from error
    ctx.exit(status)


def _refuse(ctx: click.Context, options: dict[str, Any]) -> None:
    if options["update"] and options["diff"]:
        raise click.UsageError("--diff shows what --update would write: name one of them.")
    if options["force"] and not options["update"]:
        raise click.UsageError("--force goes with --update.")
    if options["trace"] is not None and (options["update"] or options["diff"]):
        raise click.UsageError(
            "A run tells what was called, not what is connected: --trace goes without"
            " --update and --diff."
        )
    for mode, others, why in _WITHOUT:
        # What is set for all checks, by a variable or a file, is no request to this one.
        typed = [f"--{name.rstrip('_')}" for name in others if was_typed(ctx, name)]
        if options[mode] and typed:
            raise click.UsageError(f"--{mode} {why}: it goes without {' and '.join(typed)}.")


def _run(ctx: click.Context, options: dict[str, Any]) -> int:
    from sigtrace.cli.baselines import find_baseline

    file = find_baseline(options["baseline"])
    if options["update"] and in_ci(os.environ) and not options["force"]:
        raise SigtraceError(
            f"{file.name} is not written where CI is set: it would agree to whatever is there.",
            f"Run it on your machine and commit the file: {file.update}",
        )
    globs = _globs(ctx)
    if options["trace"] is not None:
        return _report(_check_run(ctx, file, globs, options["trace"]), options)
    checked, old = _check(ctx, file, globs, options)
    if options["update"]:
        return _update(checked, old, file)
    if options["diff"]:
        return _diff(checked, file)
    return _report(checked.result(), options)


def _check(
    ctx: click.Context, file: BaselineFile, globs: tuple[Glob, ...], options: dict[str, Any]
) -> tuple[Check, Baseline]:
    from sigtrace.analysis.baseline import Baseline
    from sigtrace.analysis.check import Check
    from sigtrace.analysis.rules import FAIL, Options
    from sigtrace.inspection import MissingSettingsError

    old = file.read()
    if old is None and not (options["update"] or options["diff"]):
        raise file.missing()
    baseline = old or Baseline()
    agreed = Agreed(baseline.settings, baseline.imports, file.name)
    try:
        inspection = inspect_project(ctx, options, agreed)
    except MissingSettingsError as error:
        raise file.renamed(error, baseline.imports) from error
    booted = inspection.settings.module
    if baseline.settings not in ("", booted) and not options["update"]:
        say(f"{file.name} was written for {baseline.settings}, and this is {booted}")
    rules = Options(setting(ctx, "third-party", FAIL), setting(ctx, "order", False))
    checked = Check(inspection, baseline, file.relative_to(inspection.project), rules, globs)
    return checked, baseline


def _check_run(
    ctx: click.Context, file: BaselineFile, globs: tuple[Glob, ...], name: str
) -> Result:
    from sigtrace.analysis.check import check_called
    from sigtrace.analysis.rules import FAIL
    from sigtrace.folders import project_root
    from sigtrace.reader import Damage, open_run, read_events

    baseline = file.read()
    if baseline is None:
        raise file.missing()
    run = open_run(Path(name), Path.cwd())
    damage = Damage()
    project = str(project_root(run.path))
    result = check_called(
        run.path.name,
        project,
        read_events(run.files, damage),
        baseline,
        file.relative_to(project),
        setting(ctx, "third-party", FAIL),
        globs,
    )
    if damage.total:
        say(f"{damage.total} lines of {run.path.name} could not be read and were left out")
    return result


def _globs(ctx: click.Context) -> tuple[Glob, ...]:
    from sigtrace.analysis.rules.ignores import read_glob

    found = ctx.obj.get("ignore")
    return tuple(read_glob(text, found.source) for text in found.value) if found else ()


def _update(checked: Check, old: Baseline, file: BaselineFile) -> int:
    new = checked.updated()
    before = {str(line.entry) for line in old.lines}
    after = {str(line.entry) for line in new.lines}
    file.write(new)
    added, removed = len(after - before), len(before - after)
    say(f"{file.name}: +{added} −{removed}, {len(after)} receivers")  # noqa: RUF001
    return CLEAN


def _diff(checked: Check, file: BaselineFile) -> int:
    from sigtrace.analysis.baseline import render
    from sigtrace.views.text import clean

    lines = list(
        difflib.unified_diff(
            file.text().splitlines(keepends=True),
            render(checked.updated()).splitlines(keepends=True),
            file.name,
            f"{file.name} (updated)",
        )
    )
    with stdout() as stream:
        stream.writelines(clean(line.removesuffix("\n")) + "\n" for line in lines)
    return FINDINGS if lines else CLEAN


def _report(result: Result, options: dict[str, Any]) -> int:
    from sigtrace.cli.findings import write

    write(result, options["format_"], options["output"], os.environ, strict=options["strict"])
    return FINDINGS if result.errors or (options["strict"] and result.warnings) else CLEAN
