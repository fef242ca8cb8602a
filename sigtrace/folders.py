"""Where a project begins, and where its runs are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROJECT_FILES = ("manage.py", "pyproject.toml")
RUNS = ".sigtrace"
KEEP_RUNS = 20
KEEP_BYTES = 2_000_000_000


def project_root(start: Path) -> Path:
    """Return the nearest folder from `start` upwards with one of PROJECT_FILES, else `start`."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in PROJECT_FILES):
            return folder
    return start


def runs_directory(start: Path) -> Path:
    """Where the runs of the project around `start` are kept, whether it exists or not."""
    return project_root(start) / RUNS
