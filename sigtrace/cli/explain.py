"""`sigtrace explain`: what an operation on a model would set off."""

from __future__ import annotations

from typing import Any

import click

from sigtrace.cli.display import Printer, display_for
from sigtrace.cli.project import ProjectCommand, inspect_project, project_options
from sigtrace.cli.results import stdout

OPERATIONS = ("create", "update", "delete", "m2m")


@click.command(cls=ProjectCommand)
@click.argument("model")
@click.argument("operation", required=False, type=click.Choice(OPERATIONS))
@click.argument("field", required=False, default="")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="What to write.",
)
@project_options
@click.pass_context
def explain(
    ctx: click.Context,
    /,
    model: str,
    operation: str | None,
    field: str,
    format_: str,
    **options: Any,
) -> None:
    """Say what would run now if a model were saved or deleted, and what would not, and why.

    MODEL is a label (blog.Article) or the name of a class; OPERATION is create, update, delete or
    m2m, all of them without one; FIELD is a many-to-many field. No row is read or written.

    \b
    Examples:
      sigtrace explain blog.Article
      sigtrace explain Article delete
      sigtrace explain Article m2m tags
    """  # noqa: D301
    if field and operation != "m2m":
        raise click.UsageError(f"Only m2m takes a field: sigtrace explain {model} m2m {field}")
    from sigtrace.analysis.explaining import explain as explained

    found = explained(inspect_project(ctx, options), model, operation or "", field)
    with stdout() as stream:
        if format_ == "json":
            from sigtrace.views.formats.explanation_json import render_json

            stream.write(render_json(found) + "\n")
        else:
            from sigtrace.views.explanation import render_explanation

            display = display_for({"root": found.inspection.project}, stream)
            Printer(stream).print(render_explanation(found, display))
