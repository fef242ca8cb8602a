"""`sigtrace run`: execute a command with the probe in every Python below it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sigtrace.cli.display import display_options, is_terminal
from sigtrace.cli.output import say
from sigtrace.cli.plan import Plan
from sigtrace.cli.settings import blame_setting, read_settings, setting, was_typed
from sigtrace.errors import SigtraceError
from sigtrace.folders import KEEP_BYTES, KEEP_RUNS, project_root
from sigtrace.launch.command import (
    Command,
    interpreter,
    is_quiet_by_default,
    resolve,
    start_folder,
)
from sigtrace.launch.environment import check_boot, outer_run, traced, values_by_default
from sigtrace.launch.spawn import replace
from sigtrace.options import MAX_BYTES, VALUES, RecordOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunCommand(click.Command):
    """Takes its own options up to the first word that is none; the rest is the target, verbatim."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, target = self._split(ctx, args)
        read_settings(ctx, Path(start_folder(target)))
        try:
            return super().parse_args(ctx, [*own, "--", *target] if target else own)
        except click.BadParameter as error:
            raise blame_setting(ctx, error) or error from None

    def _split(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
        takes_value = {
            word
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and not param.is_flag
            for word in param.opts
        }
        position = 0
        while position < len(args) and args[position].startswith("--"):
            if args[position] == "--":
                return args[:position], args[position + 1 :]
            # An unknown option is left to click, which says what may have been meant.
            position += 2 if args[position] in takes_value else 1
        return args[:position], args[position:]


@click.command(cls=RunCommand, context_settings={"help_option_names": ["--help"]})
@click.option(
    "--values",
    type=click.Choice(VALUES),
    help="Record no values, all but secrets (the default), or all. Where CI is set: none.",
)
@click.option("--sql/--no-sql", default=True, help="Record the SQL statements within chains.")
@click.option(
    "--effects/--no-effects",
    default=False,
    help="Record mail, queued tasks, network and programs within chains, too.",
)
@click.option("--trace-dir", metavar="DIR", help="Record this run in DIR.")
@click.option("--python", metavar="PATH", help="The interpreter for scripts, -m and -c.")
@click.option(
    "--exec",
    is_flag=True,
    help="Become the target instead of staying beside it: no live view, no last line.",
)
@click.option(
    "--live/--no-live",
    default=None,
    help="Show chains as they happen: the default where stderr is a terminal, "
    "but for test runs, migrations and worker servers.",
)
@click.option(
    "--format",
    type=click.Choice(("tree", "json")),
    default="tree",
    help="How to show them: as trees, or as the lines of the trace.",
)
@click.option("--live-to", metavar="FILE", help="Show them there instead of on stderr.")
@click.option("--quiet", is_flag=True, help="Write nothing to stderr.")
@display_options
@click.argument(
    "target", nargs=-1, required=True, type=click.UNPROCESSED, metavar="TARGET [ARGS]..."
)
@click.pass_context
def run(ctx: click.Context, /, target: tuple[str, ...], **options: Any) -> None:
    """Run a command of a Django project and record what its signals set off.

    TARGET is a script (manage.py), -m MODULE, -c CODE, or a command on PATH; all that follows it is
    passed on as it stands. Exits as the target does, with 126 or 127 if it cannot be started.

    \b
    Examples:
      sigtrace run manage.py shell
      sigtrace run --live -m pytest -x
      sigtrace run --exec gunicorn config.wsgi
    """  # noqa: D301
    if sys.platform == "win32":
        raise SigtraceError(
            "sigtrace run works on Linux and macOS, not on Windows.",
            "Run it in WSL; the other commands work here.",
            126,
        )
    environ = os.environ
    command = _resolve(ctx, target, environ, options["python"])
    check_boot()
    outer = outer_run(environ)
    if outer is not None:
        if not options["quiet"]:
            say(f"already within a traced run, recording into {outer.run_dir}")
        replace(command, traced(environ, outer))

    from sigtrace.cli.session import execute  # brings the reader, which `--help` does without

    execute(_plan(ctx, target, environ, options), command, environ)


def _resolve(
    ctx: click.Context, target: tuple[str, ...], environ: Mapping[str, str], python: str | None
) -> Command:
    command = resolve(target, environ, python)
    if python is not None and not command.interpreted and was_typed(ctx, "python"):
        raise SigtraceError(
            f"--python does not apply to {target[0]}, which names its own interpreter.",
            f"Try: sigtrace run {interpreter(environ, python)} {target[0]}",
        )
    return command


def _plan(
    ctx: click.Context,
    target: tuple[str, ...],
    environ: Mapping[str, str],
    options: Mapping[str, Any],
) -> Plan:
    project = project_root(Path(start_folder(target)))
    record = RecordOptions(
        run_dir="",
        project=str(project),
        values=options["values"] or values_by_default(environ),
        sql=options["sql"],
        effects=options["effects"],
        all_signals=options["all"],
        max_bytes=setting(ctx, "max-bytes", MAX_BYTES),
        redact=setting(ctx, "redact", ()),
        show=setting(ctx, "show", ()),
    )
    return Plan(
        target=target,
        record=record,
        trace_dir=options["trace_dir"],
        in_place=options["exec"],
        live=_is_live(ctx, target, options),
        live_to=options["live_to"],
        as_json=options["format"] == "json",
        quiet=options["quiet"],
        keep_runs=setting(ctx, "keep-runs", KEEP_RUNS),
        keep_bytes=setting(ctx, "keep-bytes", KEEP_BYTES),
        display={**options, "root": record.project},
    )


def _is_live(ctx: click.Context, target: tuple[str, ...], options: Mapping[str, Any]) -> bool:
    live: bool | None = options["live"]
    if live is not None and was_typed(ctx, "live"):
        return live
    if options["live_to"] is not None or options["format"] == "json":
        return True
    if live is not None:
        return live
    return is_terminal(sys.stderr) and not options["quiet"] and not is_quiet_by_default(target)
