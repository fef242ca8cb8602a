"""Find the runs of a project, read their lines, follow one that is still being written."""

from __future__ import annotations

from sigtrace.reader.lines import Damage, Follower, check_schema, read_events
from sigtrace.reader.merging import MergedEvents, merge_events
from sigtrace.reader.parts import Part, halves, open_before
from sigtrace.reader.runs import (
    Run,
    find_run,
    newest_run,
    open_run,
    open_runs,
    process_files,
    project_of,
    read_meta,
    recorded_runs,
)

__all__ = [
    "Damage",
    "Follower",
    "MergedEvents",
    "Part",
    "Run",
    "check_schema",
    "find_run",
    "halves",
    "merge_events",
    "newest_run",
    "open_before",
    "open_run",
    "open_runs",
    "process_files",
    "project_of",
    "read_events",
    "read_meta",
    "recorded_runs",
]
