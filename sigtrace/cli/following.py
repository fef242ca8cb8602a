"""Choose a run that is going on, and show it until it ends."""

from __future__ import annotations

import os
import select
import shlex
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.tally import tally
from sigtrace.cli.ending import last_line, report_command
from sigtrace.cli.live import INTERVAL, Watch
from sigtrace.cli.output import say
from sigtrace.errors import SigtraceError
from sigtrace.folders import PROJECT_FILES, runs_directory
from sigtrace.launch.recording import is_live
from sigtrace.reader import (
    check_schema,
    find_run,
    process_files,
    project_of,
    read_meta,
    recorded_runs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_WAIT_SECONDS = 0.2
_BUSY_SECONDS = 0.005
_JUST_STARTED_NS = 5_000_000_000


def named_run(path: Path) -> Path:
    """The run that the user named. Raises SigtraceError if it is none or not going on."""
    run = find_run(path, Path.cwd()).absolute()
    if not run.is_dir():
        raise SigtraceError(
            f"{path} is a file, and a run is a folder.",
            f"Try: {shlex.join(['sigtrace', 'tail', str(path.parent)])}",
        )
    if not read_meta(run) and not process_files(run):
        raise SigtraceError(
            f"{path} is not a run: it holds no run.json and no process file.",
            "Without a name, sigtrace tail waits for the next run to start.",
        )
    if _is_over(run):
        raise SigtraceError(
            f"{path} is over, so there is nothing to follow.",
            f"Try: {shlex.join(['sigtrace', 'report', '--tree', str(path)])}",
        )
    return run


def next_run(trace_dir: str | None) -> tuple[Path | None, bool]:
    """The newest run that is going on, and whether it had to be waited for.

    `trace_dir` is where the project's runs go if not into .sigtrace. The run is None if whoever
    reads our output has left before there was one.
    """
    runs, waited = runs_directory(Path.cwd()), False
    while True:
        found = recorded_runs(runs) if trace_dir is None else [Path(trace_dir).absolute()]
        # A run that has no header yet has no lock yet either.
        going_on = [run for run in found if read_meta(run) and not _is_over(run)]
        if len(going_on) > 1:
            others = ", ".join(run.name for run in going_on[1:])
            say(f"{len(going_on)} runs are going on, this is the newest; the others: {others}")
        if going_on:
            return going_on[0], waited
        if not waited:
            _say_that_we_wait(runs, trace_dir)
        waited = True
        if _reader_left(_WAIT_SECONDS):
            return None, waited


def _say_that_we_wait(runs: Path, trace_dir: str | None) -> None:
    is_project = any((runs.parent / name).is_file() for name in PROJECT_FILES)
    hint = "" if trace_dir or is_project else "This is no project; a run elsewhere has to be named."
    say(f"no run is going on in {trace_dir or runs}: waiting for the next one to start", hint)


def follow(run: Path, options: Mapping[str, Any], *, whole: bool) -> None:
    """Show a run on stdout until it ends or nobody reads that any more.

    `options` are the values of the display options and `format`; without `whole`, a run that has
    not just started is shown from now on. Raises SigtraceError if a newer version records it.
    """
    meta = read_meta(run)
    check_schema(meta, run)
    whole = whole or _has_just_started(meta)
    display = {**options, "root": project_of(run)}
    as_json = options["format"] == "json"
    watch = Watch(run, sys.stdout, as_json, display, beside_target=False)
    if not whole:
        watch.skip()
    # Only now: who reads "from now on" may rely on it.
    _announce(run, meta, whole=whole)
    while (is_busy := watch.look()) or not _is_over(run):
        if _reader_left(_BUSY_SECONDS if is_busy else INTERVAL):
            return
    totals, files = watch.finish(), process_files(run)
    if totals is None or not whole:
        totals = tally(files)
    say(last_line(totals, report_command(run), len(files)))


def _announce(run: Path, meta: Mapping[str, Any], *, whole: bool) -> None:
    words = meta.get("argv")
    target = f" ({' '.join(map(str, words))})" if isinstance(words, list) else ""
    hint = "" if whole else "From now on; --from-start shows what came before as well."
    say(f"following {run.name}{target}", hint)


def _is_over(run: Path) -> bool:
    """Whether neither the run's launcher nor one of its processes is left."""
    # In this order: a process locks its file before it writes to it.
    was_written = _was_written(run)
    if is_live(run):
        return False
    meta = read_meta(run)
    if meta.get("ended") is not None or was_written:
        return True
    # With --exec the launcher becomes the target, which takes a lock when it imports Django.
    pid = meta.get("pid")
    return not (isinstance(pid, int) and _lives(pid))


def _was_written(run: Path) -> bool:
    # Somebody may delete it meanwhile.
    with suppress(OSError):
        return any(path.stat().st_size for path in process_files(run))
    return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _has_just_started(meta: Mapping[str, Any]) -> bool:
    started = meta.get("started")
    return isinstance(started, int) and time.time_ns() - started < _JUST_STARTED_NS


def _reader_left(seconds: float) -> bool:
    """Wait so long; return at once and true when the pipe that we write to has no reader left."""
    waiting = select.poll()
    descriptor = sys.stdout.fileno()
    mode = os.fstat(descriptor).st_mode
    # A terminal that goes away sends a signal, and not every system polls terminals.
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        waiting.register(descriptor, 0)
    return bool(waiting.poll(seconds * 1000))
