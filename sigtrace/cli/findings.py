"""Writes what a check found in the format that was asked for, and to GitHub where that listens."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sigtrace.cli.display import Printer, display_for
from sigtrace.cli.output import say
from sigtrace.cli.results import stdout, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sigtrace.analysis.check import Result

_SUMMARY = "GITHUB_STEP_SUMMARY"


def write(
    result: Result,
    format_: str | None,
    output: Path | None,
    environ: Mapping[str, str],
    *,
    strict: bool,
) -> None:
    """Write the result; without a format as text, and on GitHub as annotations as well."""
    root = repository(Path(result.project), environ)
    on_github = environ.get("GITHUB_ACTIONS") == "true" and format_ in (None, "github")
    if output is None:
        with stdout() as stream:
            _write(result, format_ or "text", root, stream, strict=strict)
            if on_github and format_ is None:
                _write(result, "github", root, stream, strict=strict)
    else:
        from sigtrace.views.check import summary

        text = StringIO()
        _write(result, format_ or "text", root, text, strict=strict)
        write_atomically(output, text.getvalue())
        say(f"{summary(result)} · {output}")
    if on_github and environ.get(_SUMMARY):
        _summarise(result, Path(environ[_SUMMARY]))


def repository(project: Path, environ: Mapping[str, str]) -> Path:
    """Return the root of the repository that a project is in; itself where that is not known."""
    workspace = environ.get("GITHUB_WORKSPACE")
    if workspace and project.resolve().is_relative_to(Path(workspace).resolve()):
        return Path(workspace)
    for folder in (project, *project.parents):
        if (folder / ".git").exists():
            return folder
    return project


def _write(result: Result, format_: str, root: Path, stream: IO[str], *, strict: bool) -> None:
    if format_ == "json":
        from sigtrace.views.formats.check_json import render_json

        stream.write(render_json(result) + "\n")
    elif format_ == "sarif":
        from sigtrace.views.formats.sarif import render_sarif

        stream.write(render_sarif(result, root) + "\n")
    elif format_ == "github":
        from sigtrace.views.formats.github import render_github

        stream.write(render_github(result, root))
    elif format_ == "markdown":
        from sigtrace.views.formats.check_markdown import render_markdown

        stream.write(render_markdown(result))
    else:
        from sigtrace.views.check import render_check

        Printer(stream).print(
            render_check(result, display_for({"root": result.project}, stream), strict=strict)
        )


def _summarise(result: Result, path: Path) -> None:
    from sigtrace.views.formats.check_markdown import render_markdown

    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(render_markdown(result))
    except OSError as error:
        # The result has been told already, and the status says it too.
        say(f"{path}, which {_SUMMARY} names, cannot be written: {error.strerror}")
