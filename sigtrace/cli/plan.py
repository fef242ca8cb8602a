"""What `sigtrace run` was asked to do, once its options and settings have been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sigtrace.options import RecordOptions


class Plan(NamedTuple):
    """One run: `record` still without its folder, `display` the values of the display options.

    `in_place` is `--exec`; `keep_bytes` counts all runs of the project.
    """

    target: tuple[str, ...]
    record: RecordOptions
    trace_dir: str | None
    in_place: bool
    live: bool
    live_to: str | None
    as_json: bool
    quiet: bool
    keep_runs: int
    keep_bytes: int
    display: Mapping[str, Any]
