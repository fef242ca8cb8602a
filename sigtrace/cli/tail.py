"""`sigtrace tail`: show in a second terminal what a run sets off, while it goes on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sigtrace.cli.display import display_options
from sigtrace.cli.settings import ConfiguredCommand, setting
from sigtrace.errors import SigtraceError


# It takes what is set for `run`, so that both show the same.
@click.command(cls=ConfiguredCommand)
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--from-start",
    is_flag=True,
    help="Show what came before, too, of a run that has been going on for a while.",
)
@click.option(
    "--format",
    type=click.Choice(("tree", "json")),
    default="tree",
    help="How to show chains: as trees, or as the lines of the trace.",
)
@display_options
@click.pass_context
def tail(ctx: click.Context, /, run: Path | None, **options: Any) -> None:
    """Follow a run in a second terminal, as `run` shows it with --live.

    RUN is a run's directory or its name in .sigtrace; without one, the newest run that is going on
    is followed, or else the next one to start. A run that has just started is shown whole, one that
    has been going on for a while from now on. Ends when the run ends; Ctrl-C ends it before that.

    \b
    Examples:
      sigtrace tail
      sigtrace tail --receiver 'search.*' --min-ms 10
      sigtrace tail --format json | jq -r 'select(.exception) | .name'
    """  # noqa: D301
    if sys.platform == "win32":
        raise SigtraceError(
            "sigtrace tail follows runs on Linux and macOS, where sigtrace run works.",
            "Run both in WSL.",
        )
    if sys.stdout is None:
        raise SigtraceError("stdout, on which the run would be shown, is closed.")
    from sigtrace.cli.following import follow, named_run, next_run  # `--help` does without

    if run is None:
        folder, waited = next_run(setting(ctx, "trace-dir", None))
    else:
        folder, waited = named_run(run), False
    if folder is not None:
        follow(folder, options, whole=waited or options["from_start"])
