"""The command `sigtrace`: its subcommands, loaded when asked for, and how errors are said."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Any

import click

from sigtrace import __version__
from sigtrace.cli.display import is_terminal
from sigtrace.cli.output import say
from sigtrace.errors import SigtraceError

COMMANDS = {
    "run": "sigtrace.cli.run:run",
    "tail": "sigtrace.cli.tail:tail",
    "report": "sigtrace.cli.report:report",
    "diff": "sigtrace.cli.diff:diff",
    "check": "sigtrace.cli.check:check",
    "receivers": "sigtrace.cli.receivers:receivers",
    "explain": "sigtrace.cli.explain:explain",
}


class Group(click.Group):
    """A group whose commands are imported by name, so that `run` does not pay for `report`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SigtraceError as error:
            say(error.message, error.hint)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            if is_terminal(sys.stderr):
                # The terminal has written ^C: the shell's prompt goes below.
                click.echo(err=True)
            ctx.exit(128 + signal.SIGINT)


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExamples:\n  sigtrace run manage.py shell\n  sigtrace tail\n"
    "  sigtrace report --tree\n  sigtrace check",
)
@click.version_option(__version__, prog_name="sigtrace")
def group() -> None:
    """Trace Django signals: see what every save sets off, in any command of a project."""


def main() -> None:
    """Run the command line of this process, and exit."""
    group(prog_name="sigtrace")
