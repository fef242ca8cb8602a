"""`--signal-cov`: a pytest run that is recorded like any other, and measured at its end."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sigtrace import __version__
from sigtrace.discover.table import settings
from sigtrace.errors import SigtraceError
from sigtrace.folders import KEEP_BYTES, KEEP_RUNS, project_root, runs_directory
from sigtrace.launch import recording
from sigtrace.launch.environment import BOOT, check_boot, outer_run, traced
from sigtrace.options import MAX_BYTES, RecordOptions
from sigtrace.privacy import filter_argv

if TYPE_CHECKING:
    from sigtrace.analysis.coverage import SignalCoverage


def begin(config: pytest.Config) -> None:
    """Record this process and its children from now on, unless a run around it does.

    Raises UsageError where that is not possible.
    """
    options = config.known_args_namespace
    if options.help or options.version:
        return
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Its environment is the controller's: it is recorded since its start.
        return
    try:
        cover = Cover(config)
    except SigtraceError as error:
        raise pytest.UsageError(f"--signal-cov: {error.message} {error.hint}".strip()) from error
    except OSError as error:
        said = f"--signal-cov: {error.filename} cannot be written: {error.strerror}."
        raise pytest.UsageError(said) from error
    config.pluginmanager.register(cover, "sigtrace-cov")


class Cover:
    """The run that is being recorded, and what it comes to."""

    def __init__(self, config: pytest.Config) -> None:
        if sys.platform == "win32":
            raise SigtraceError("runs are recorded on Linux and macOS, not on Windows.")
        self._environ = dict(os.environ)
        self._own: recording.Recording | None = None
        self._coverage: SignalCoverage | None = None
        self._status = 0
        self._said = ""
        outer = outer_run(os.environ)
        if outer is not None:
            self.path = Path(outer.run_dir)
            return
        check_boot()
        options = self._record(config)
        os.environ.update(traced(os.environ, options))
        # As in a process that is started by `sigtrace run`, only later.
        spec = importlib.util.spec_from_file_location("_sigtrace_boot", f"{BOOT}/sitecustomize.py")
        assert spec is not None  # noqa: S101  (it is our file)
        assert spec.loader is not None  # noqa: S101
        spec.loader.exec_module(importlib.util.module_from_spec(spec))

    def _record(self, config: pytest.Config) -> RecordOptions:
        root = project_root(config.invocation_params.dir)
        found: dict[str, Any] = {
            name: one.value for name, one in settings(root, os.environ).items()
        }
        started = time.time_ns()
        runs = runs_directory(root)
        self.path = recording.create_run(runs, started, os.getpid())
        options = RecordOptions(
            run_dir=str(self.path),
            project=str(root),
            # What a test asserts must not depend on whether it is covered.
            values="all",
            keep_values=False,
            sql=True,
            all_signals=False,
            max_bytes=found.get("max-bytes", MAX_BYTES),
            redact=found.get("redact", ()),
            show=found.get("show", ()),
        )
        header = recording.Header(
            sigtrace=__version__,
            argv=filter_argv(
                ("pytest", *config.invocation_params.args), options.redact, options.show
            ),
            cwd=str(Path.cwd()),
            values="none",
            pid=os.getpid(),
            started=started,
            project=options.project,
        )
        self._own = recording.Recording(self.path, header)
        keep_runs = found.get("keep-runs", KEEP_RUNS)
        recording.prune(runs, self.path, keep_runs, found.get("keep-bytes", KEEP_BYTES))
        return options

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Measure; too little fails a run that has not failed already."""
        from sigtrace.analysis.coverage import measure
        from sigtrace.reader import open_run

        least = session.config.getoption("signal_cov_fail_under")
        if session.config.getoption("collectonly"):
            return
        try:
            self._coverage = measure([open_run(self.path, Path.cwd())])
        except SigtraceError as error:
            self._said = f"Signal coverage could not be measured: {error.message}"
        else:
            if least is not None and not self._coverage.reaches(least):
                percent = f"{self._coverage.percent:.1f} %"
                self._said = f"FAIL Signal coverage is {percent}, required are {least:g} %"
        if least is not None and self._said and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._status = int(session.exitstatus)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was called, what never was, and where there is more to read."""
        if self._coverage is None and not self._said:
            return
        terminalreporter.section("signal coverage")
        if self._coverage is not None:
            from sigtrace.views.coverage import render_coverage
            from sigtrace.views.display import Display, can_draw

            encoding = getattr(terminalreporter._tw._file, "encoding", None)
            display = Display(ascii=not can_draw(encoding))
            terminalreporter.write_line(str(render_coverage(self._coverage, display, tests=False)))
            terminalreporter.write_line("")
            command = f"sigtrace report --coverage {self.path.name}"
            terminalreporter.write_line(f"Which test calls what: {command}")
        if self._said:
            terminalreporter.write_line(self._said, red=True, bold=True)

    def pytest_unconfigure(self) -> None:
        """Close the run, and leave the environment as it was."""
        if self._own is None:
            return
        self._own.finish(time.time_ns(), self._status, None)
        self._own.close()
        for name in ("SIGTRACE_CONFIG", "PYTHONPATH"):
            os.environ.pop(name, None)
            if name in self._environ:
                os.environ[name] = self._environ[name]
