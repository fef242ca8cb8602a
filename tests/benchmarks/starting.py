"""How long programs take to start: `python -m tests.benchmarks.starting`.

Method. Each command is run to its end in a terminal of its own, which is read meanwhile, one after
the other in an order that rotates from round to round. A ratio is that to the bare interpreter
(`python -c pass`) of the same round; the median of the rounds is shown with its quartiles.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pty
import statistics
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

import sigtrace
from sigtrace.options import VARIABLE, RecordOptions, encode
from tests.benchmarks.measure import alternate, ratio
from tests.benchmarks.screen import console
from tests.support import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOOT = Path(sigtrace.__file__).parent / "probe" / "_boot"
PASS = ("-c", "pass")


class Start:
    """A command that is run to its end whenever it is asked."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self._command = list(command)
        self._env = dict(env)
        self._cwd = cwd

    def ask(self, scenario: str, operations: int) -> int:
        """Run it that often, nanoseconds. Raises RuntimeError with what it wrote if it fails."""
        began = time.perf_counter_ns()
        for _ in range(operations):
            self._run()
        return time.perf_counter_ns() - began

    def _run(self) -> None:
        pid, master = pty.fork()
        if pid == 0:
            try:
                os.chdir(self._cwd)
                os.execve(self._command[0], self._command, self._env)
            finally:
                os._exit(127)
        shown = b""
        # Linux ends the reading of a terminal that is closed with EIO.
        with contextlib.suppress(OSError):
            while data := os.read(master, 65536):
                shown += data
        os.close(master)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status:
            text = shown.decode("utf-8", "backslashreplace")
            raise RuntimeError(f"{self._command[0]} ended with {status}: {text}")


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        starts = commands(options.python, Path(name))
        taken = alternate(starts, "", 1, options.rounds)
    console().print(table(taken))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.starting")
    parser.add_argument("--rounds", type=int, default=25, help="at least 2")
    parser.add_argument("--python", default=sys.executable, help="the target's interpreter")
    return parser.parse_args()


def commands(python: str, folder: Path) -> dict[str, Start]:
    """What is started, the bare interpreter first; runs and files are made in `folder`."""
    bare = clean_environment()
    traced = clean_environment(**traced_environment(folder))
    ours = str(Path(sysconfig.get_path("scripts")) / "sigtrace")
    run = {
        f"sigtrace run {option} python -c pass": (ours, "run", option, python, *PASS)
        for option in ("--no-live", "--live")
    }
    return {
        "python -c pass": Start((python, *PASS), bare, folder),
        "python -c pass, traced": Start((python, *PASS), traced, folder),
        'python -c "import click"': Start((sys.executable, "-c", "import click"), bare, folder),
        **{name: Start(command, bare, folder) for name, command in run.items()},
    }


def traced_environment(folder: Path) -> dict[str, str]:
    """What `sigtrace run` would add to the environment; its run is made in `folder`."""
    run_dir = folder / "run"
    run_dir.mkdir(mode=0o700)
    config = encode(RecordOptions(run_dir=str(run_dir), project=str(folder)))
    return {"PYTHONPATH": str(BOOT), VARIABLE: config}


def table(taken: Mapping[str, Sequence[int]]) -> Table:
    """Medians in milliseconds, and in starts of the first command."""
    found = Table("", "ms", "of a bare interpreter's")
    for column in found.columns[1:]:
        column.justify = "right"
    first = next(iter(taken.values()))
    for name, each in taken.items():
        found.add_row(name, f"{statistics.median(each) / 1e6:.1f}", str(ratio(each, first)))
    return found


if __name__ == "__main__":
    sys.exit(main())
