"""Find the runs of a project, read their lines, follow one that is still being written."""

from __future__ import annotations

from sigtrace.reader.lines import Damage, Follower, read_events
from sigtrace.reader.merging import merge_events
from sigtrace.reader.runs import (
    Run,
    newest_run,
    open_run,
    open_runs,
    process_files,
    runs_directory,
)

__all__ = [
    "Damage",
    "Follower",
    "Run",
    "merge_events",
    "newest_run",
    "open_run",
    "open_runs",
    "process_files",
    "read_events",
    "runs_directory",
]
