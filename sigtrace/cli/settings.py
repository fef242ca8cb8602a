"""Options of a command that the environment and pyproject.toml can set as well."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from sigtrace.discover.table import Found, settings
from sigtrace.errors import SigtraceError
from sigtrace.folders import project_root

T = TypeVar("T")


class ConfiguredCommand(click.Command):
    """A command whose options the project around the current folder can set as well."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        read_settings(ctx, self.start_folder())
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            raise blame_setting(ctx, error) or error from None

    def start_folder(self) -> Path:
        """Where to look for the project."""
        return Path.cwd()


def read_settings(ctx: click.Context, start: Path) -> None:
    """Make what the project around `start` and `SIGTRACE_*` set the defaults of `ctx`'s options.

    Raises SigtraceError for a value that is none.
    """
    ctx.obj = settings(project_root(start), os.environ)
    ctx.default_map = {name.replace("-", "_"): found.value for name, found in ctx.obj.items()}


def setting(ctx: click.Context, name: str, default: T) -> T:
    """Return a setting that no option stands for, `default` where it is not set."""
    found = ctx.obj.get(name)
    return default if found is None else found.value


def blame_setting(ctx: click.Context, error: click.BadParameter) -> SigtraceError | None:
    """Say where a value that an option refuses was set; None if on the command line."""
    found = ctx.obj.get(_name(error.param)) if error.param is not None else None
    if not isinstance(found, Found) or was_typed(ctx, error.param.name if error.param else None):
        return None
    return SigtraceError(f"{found.source} is {found.value!r}: {error.message}", "Mend it there.")


def was_typed(ctx: click.Context, name: str | None) -> bool:
    """Whether an option stood on the command line."""
    return name is not None and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _name(param: click.Parameter) -> str:
    return (param.name or "").replace("_", "-")
