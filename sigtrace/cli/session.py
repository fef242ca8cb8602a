"""One recorded run, from its folder to its last line."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from sigtrace import __version__
from sigtrace.cli.output import say
from sigtrace.errors import SigtraceError
from sigtrace.folders import runs_directory
from sigtrace.launch import recording, spawn
from sigtrace.launch.environment import traced, untraced
from sigtrace.launch.supervise import Supervisor, end_as, end_signal, shell_status
from sigtrace.privacy import filter_argv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sigtrace.cli.live import Watch
    from sigtrace.cli.plan import Plan
    from sigtrace.launch.command import Command
    from sigtrace.launch.prompt import PromptSocket
    from sigtrace.options import RecordOptions


def execute(plan: Plan, command: Command, environ: Mapping[str, str]) -> NoReturn:
    """Run the command as planned, and end as it ends.

    Where nothing can be recorded it runs untraced, after one line that says why. Raises
    SigtraceError if it cannot be started.
    """
    stream = _live_stream(plan)
    try:
        run = _begin(plan)
    except OSError as error:
        if not plan.quiet:
            where = error.filename or plan.trace_dir or plan.record.project
            say(f"this run is not traced: cannot write to {where}: {error.strerror}")
        spawn.replace(command, untraced(environ))
    record = plan.record._replace(run_dir=str(run.path))
    try:
        if plan.in_place:
            _prune(plan, run.path)
            spawn.replace(command, traced(environ, record))
        supervisor = Supervisor(command)
        watch = _watch(plan, run.path, stream, supervisor) if stream else None
        status = _supervise(supervisor, environ, record, watch)
    except SigtraceError:
        run.discard()
        raise
    # Whoever is too impatient for our last words still gets the target's status.
    with contextlib.suppress(KeyboardInterrupt):
        _end(plan, run, watch, status, supervisor)
    end_as(status)


def _watch(plan: Plan, run: Path, stream: IO[str], supervisor: Supervisor) -> Watch:
    from sigtrace.cli.live import Watch

    return Watch(
        run,
        stream,
        plan.as_json,
        plan.display,
        beside_target=plan.live_to is None,
        gives_up=supervisor.was_ended,
    )


def _supervise(
    supervisor: Supervisor,
    environ: Mapping[str, str],
    record: RecordOptions,
    watch: Watch | None,
) -> int:
    """Run the target to its end and return its wait status, showing what happens on `watch`."""
    if watch is None:
        return supervisor.run(traced(environ, record), _import_ending, None)
    from sigtrace.cli.live import INTERVAL

    with contextlib.ExitStack() as closing:
        calls = None
        prompt = _prompt_socket()
        if prompt is not None:
            closing.callback(prompt.close)
            record = record._replace(prompt=prompt.path)
            calls = (prompt.fileno(), partial(prompt.answer, watch.look, watch.settle))
        return supervisor.run(traced(environ, record), watch.look, INTERVAL, calls)


def _prompt_socket() -> PromptSocket | None:
    """Where a target that people type into waits for its trees; None where nobody types."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    from sigtrace.launch.prompt import PromptSocket

    try:
        return PromptSocket()
    except OSError:
        # Trees then come when they come.
        return None


def _begin(plan: Plan) -> recording.Recording:
    """Make the run's folder. Raises OSError if that is not possible, SigtraceError if not right."""
    started = time.time_ns()
    if plan.trace_dir is None:
        path = recording.create_run(_runs(plan), started, os.getpid())
    else:
        path = Path(plan.trace_dir).absolute()
        recording.claim_folder(path)
    header = recording.Header(
        sigtrace=__version__,
        argv=filter_argv(plan.target, plan.record.redact, plan.record.show),
        cwd=str(Path.cwd()),
        values=plan.record.values,
        pid=os.getpid(),
        started=started,
        project=plan.record.project,
        effects=plan.record.effects,
    )
    return recording.Recording(path, header)


def _end(
    plan: Plan,
    run: recording.Recording,
    watch: Watch | None,
    status: int,
    supervisor: Supervisor,
) -> None:
    from sigtrace.analysis.tally import tally
    from sigtrace.cli.ending import last_line, report_command
    from sigtrace.reader import process_files

    run.finish(time.time_ns(), shell_status(status), end_signal(status))
    files = process_files(run.path)
    totals = watch.finish() if watch else None
    if not plan.quiet:
        last = last_line(totals or tally(files), report_command(run.path), len(files))
        say(last, gives_up=supervisor.was_ended)
    _prune(plan, run.path)


def _runs(plan: Plan) -> Path:
    return runs_directory(Path(plan.record.project))


def _prune(plan: Plan, current: Path) -> None:
    if plan.trace_dir is None:
        recording.prune(_runs(plan), current, plan.keep_runs, plan.keep_bytes)


def _live_stream(plan: Plan) -> IO[str] | None:
    """Return what the live view is written to. Raises SigtraceError if that cannot be opened."""
    if not plan.live or plan.in_place:
        return None
    if plan.live_to is None:
        return None if plan.quiet else sys.stderr
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOCTTY
    try:
        # A pipe that nobody reads fails at once, instead of holding us up.
        descriptor = os.open(plan.live_to, flags | os.O_NONBLOCK, 0o600)
        os.set_blocking(descriptor, True)
    except OSError as error:
        raise SigtraceError(
            f"Cannot write the live view to {plan.live_to}: {error.strerror}.",
            "Name a file, a terminal, or a pipe that is being read.",
        ) from error
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _import_ending() -> None:
    """Load what the end needs while the target runs, which need not wait for it."""
    import sigtrace.analysis.tally
    import sigtrace.cli.ending  # noqa: F401  (loading it is the point)
