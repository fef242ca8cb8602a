"""E003: a module of an own app connects receivers, and nothing has imported it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.rules.context import Context, listed
from sigtrace.analysis.rules.finding import RULES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.source import Site, SourceFile


def unimported(context: Context) -> Iterator[Finding]:
    """One finding for each such module, at the first line of it that connects."""
    waiting: dict[str, tuple[SourceFile, list[Site]]] = {}
    for file, site in context.sources.sites:
        if not file.is_loaded and site.runs:
            waiting.setdefault(file.shown, (file, []))[1].append(site)
    for file, sites in waiting.values():
        lines = [str(site.line) for site in sites]
        package, _, name = file.module.rpartition(".")
        yield Finding(
            RULES["E003"],
            f"{file.module} connects receivers and was not imported by django.setup()",
            f"Import it in the ready() of {file.app}'s AppConfig (from {package} import {name}),"
            f" or, if other processes load it, check with --import {file.module}.",
            file.shown,
            sites[0].line,
            (f"it connects in line {listed(lines)}",) if len(lines) > 1 else (),
            (file.module, file.shown),
            tuple((file.shown, site.line) for site in sites),
        )
