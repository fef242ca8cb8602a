"""The options that say which project to bring up, and the inspection that comes of it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sigtrace.cli.output import say
from sigtrace.cli.settings import ConfiguredCommand, was_typed
from sigtrace.discover.settings_module import Project, find_project
from sigtrace.errors import SigtraceError
from sigtrace.launch.command import interpreter
from sigtrace.options import InspectOptions

if TYPE_CHECKING:
    from sigtrace.inspection import Inspection

Command = TypeVar("Command", bound=Callable[..., Any])

_VARIABLE = "DJANGO_SETTINGS_MODULE"

OPTIONS = (
    click.option(
        "--settings",
        metavar="MODULE",
        help=f"The settings; else {_VARIABLE}, what manage.py sets, or what pytest or "
        "django-stubs are told.",
    ),
    click.option("--python", metavar="PATH", help="The project's interpreter."),
    click.option(
        "--pythonpath", multiple=True, metavar="DIR", help="Import from this folder too, first."
    ),
    click.option(
        "--import",
        multiple=True,
        metavar="urls|MODULE",
        help="Load this too: what a web process or a worker loads besides.",
    ),
)


@dataclass(frozen=True)
class Agreed:
    """What a file that was committed says of how to set the project up; `source` names it."""

    settings: str = ""
    imports: tuple[str, ...] = ()
    source: str = ""


class ProjectCommand(ConfiguredCommand):
    """A command on the project that manage.py stands for, which may be one folder below."""

    def start_folder(self) -> Path:
        return find_project(Path.cwd()).root


def project_options(command: Command) -> Command:
    """Add the options to a ProjectCommand; `inspect_project` takes their values."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def inspect_project(
    ctx: click.Context,
    options: Mapping[str, Any],
    agreed: Agreed = Agreed(),
) -> Inspection:
    """Bring the project up in its own interpreter and return what is connected then.

    What was `agreed` comes before all but the option and its variable. Says on stderr what had to
    be left out. Raises SigtraceError if the project cannot be set up.
    """
    from sigtrace.inspection import read_inspection
    from sigtrace.launch.inspecting import inspect

    project = find_project(Path.cwd())
    try:
        python = interpreter(os.environ, options["python"])
    except SigtraceError as error:
        # Only `run` ends as a shell would.
        raise SigtraceError(error.message, error.hint) from error
    found = read_inspection(inspect(python, _asked(ctx, options, project, agreed), os.environ))
    for warning in found.warnings:
        say(warning)
    return found


def _asked(
    ctx: click.Context, options: Mapping[str, Any], project: Project, agreed: Agreed
) -> InspectOptions:
    settings, source = options["settings"] or "", "--settings"
    if settings and not was_typed(ctx, "settings"):
        source = ctx.obj["settings"].source
        if source != "SIGTRACE_SETTINGS" and os.environ.get(_VARIABLE):
            settings = ""  # the environment wins over a file
    if agreed.settings and not (settings and source in ("--settings", "SIGTRACE_SETTINGS")):
        settings, source = agreed.settings, agreed.source
    imports = agreed.imports if settings == agreed.settings else ()
    named = project.named
    if not settings and not os.environ.get(_VARIABLE) and project.manage is None and named is None:
        raise _unnamed(project)
    return InspectOptions(
        output="",
        project=str(project.root),
        manage=str(project.manage or ""),
        settings=settings,
        settings_source=source,
        fallback=named.module if named else "",
        fallback_source=_relative(named.source) if named else "",
        fallback_pythonpath=named.pythonpath if named else (),
        pythonpath=tuple(str(Path(folder).absolute()) for folder in options["pythonpath"]),
        imports=tuple(dict.fromkeys((*imports, *options["import"]))),
    )


def _relative(source: str) -> str:
    return source.replace(str(Path.cwd()) + os.sep, "")


def _unnamed(project: Project) -> SigtraceError:
    if project.several:
        names = ", ".join(str(path.relative_to(Path.cwd())) for path in project.several)
        return SigtraceError(
            f"There are several projects here: {names}.",
            "Run it in the folder of one, or name --settings and --pythonpath.",
        )
    elsewhere = (
        f"no {_VARIABLE}, nothing in pyproject.toml, pytest.ini, tox.ini, setup.cfg or mypy.ini"
    )
    if project.refused is not None:
        folder = project.refused.parent
        path = "" if folder == Path.cwd() else f" --pythonpath {shlex.quote(str(folder))}"
        return SigtraceError(
            f"{os.path.relpath(project.refused)} does not mention Django, so it was not run, and"
            f" nothing else names the settings: {elsewhere}.",
            f"If it is a Django project's, name them: --settings config.settings{path}",
        )
    return SigtraceError(
        f"There is no Django project in {Path.cwd()}: no manage.py that mentions Django here, above"
        f" or one folder below, {elsewhere}.",
        "Name one: --settings config.settings, with --pythonpath where it is.",
    )
