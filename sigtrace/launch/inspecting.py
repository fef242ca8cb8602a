"""Starts the project's interpreter to be told what is connected, without recording a run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sigtrace.errors import SigtraceError
from sigtrace.launch.environment import check_boot, traced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sigtrace.options import InspectOptions

_UNPREPARED = 3
_PROGRAM = f"""
import sys
try:
    from _sigtrace import main
except ImportError:
    sys.exit({_UNPREPARED})
main()
"""


def inspect(python: str, options: InspectOptions, environ: Mapping[str, str]) -> str:
    """Return what `python` wrote of the project, or of why it cannot be set up.

    What the project prints goes to stderr. Raises SigtraceError if nothing was written.
    """
    check_boot()
    with tempfile.TemporaryDirectory(prefix="sigtrace-", ignore_cleanup_errors=True) as folder:
        output = Path(folder) / "inspection.json"
        environment = traced(environ, options._replace(output=str(output)))
        try:
            done = subprocess.run(
                [python, "-c", _PROGRAM],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if sys.stderr is None else sys.stderr.fileno(),
                check=False,
            )
        except OSError as error:
            raise SigtraceError(
                f"Cannot start {python}: {os.strerror(error.errno or 0).lower()}.",
                "Name the project's interpreter, such as --python .venv/bin/python.",
            ) from error
        if output.exists():
            return output.read_text("ascii")
    if done.returncode == _UNPREPARED:
        raise SigtraceError(
            f"{python} did not load sigtrace's part.",
            "It has to be Python 3.11 or newer, and to read PYTHONPATH (no -I, -E or -S).",
        )
    how = f"was ended by signal {-done.returncode}" if done.returncode < 0 else "ended"
    raise SigtraceError(
        f"The project's interpreter {how} before the project was set up"
        f" (exit status {done.returncode}).",
        "What it printed above may say why; does `python manage.py check` work?",
    )
