"""`sigtrace receivers`: what is connected."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from sigtrace.cli.display import Printer, display_for
from sigtrace.cli.project import ProjectCommand, inspect_project, project_options
from sigtrace.cli.results import format_option, stdout

if TYPE_CHECKING:
    from sigtrace.analysis.registry import Registry

FORMATS = ("text", "json", "markdown")


@click.command(cls=ProjectCommand)
@click.argument("pattern", required=False, default="")
@format_option(FORMATS)
@project_options
@click.pass_context
def receivers(ctx: click.Context, /, pattern: str, format_: str, **options: Any) -> None:
    """List what is connected: receivers by signal and sender, in the order of the calls.

    PATTERN is a part of the name of a signal, a sender or a receiver, or a glob. The project is
    set up as `manage.py check` would; nothing is sent, and nothing of it is imported besides.

    \b
    Examples:
      sigtrace receivers
      sigtrace receivers blog.Article
      sigtrace receivers post_save --import urls --format json
    """  # noqa: D301
    from sigtrace.analysis.registry import registry

    found = registry(inspect_project(ctx, options), pattern)
    with stdout() as stream:
        _write(found, format_, stream)


def _write(found: Registry, format_: str, stream: IO[str]) -> None:
    if format_ == "json":
        from sigtrace.views.formats.registry_json import render_json

        stream.write(render_json(found) + "\n")
    elif format_ == "markdown":
        from sigtrace.views.formats.registry_markdown import render_markdown

        stream.write(render_markdown(found))
    else:
        from sigtrace.views.registry import render_registry

        Printer(stream).print(
            render_registry(found, display_for({"root": found.inspection.project}, stream))
        )
