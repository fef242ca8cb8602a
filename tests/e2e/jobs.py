"""A command line in a terminal of its own, and whether anything that it started is left."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.e2e.terminal import PROMPT, Terminal
from tests.support import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support import Site

PATIENCE = 60.0
"""Seconds that a slow machine may take for what takes a good one a second."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+")
_RULES = re.compile(r"([=_-])\1+")
# What we write is whole, but perhaps in the middle of a line of the program's.
_OURS = re.compile(r"[▸●] .*\n(?:[ ├│└].*\n)*|sigtrace: .*\n")


@dataclass(frozen=True)
class Ended:
    """How a job ended: `status` is the shell's, `left` how many processes it has left behind.

    What was `shown` is without the path of the job's site.
    """

    status: int
    shown: str
    left: int

    @property
    def words(self) -> set[str]:
        """The lines that the program wrote, without numbers, which differ, and without ours."""
        text = _OURS.sub("", _COLOURS.sub("", self.shown).replace("^C", "\n"))
        text = _RULES.sub(r"\1", _NUMBERS.sub("0", text))
        return {line.rstrip() for line in text.splitlines()} - {""}


class Job:
    """A command as the foreground job of an interactive shell; leaving the `with` kills the rest.

    `options` are those of `sigtrace run`; with None the command runs untraced. What it writes is
    on the terminal, or in `file` within the site.
    """

    def __init__(
        self,
        site: Site,
        command: Sequence[str],
        options: Sequence[str] | None = None,
        file: str | None = None,
    ) -> None:
        self.traced = options is not None
        words = list(command)
        if options is not None:
            words = [sys.executable, "-m", "sigtrace", "run", *options, *words]
        elif words[0].startswith("-") or words[0].endswith(".py"):
            words = [sys.executable, *words]
        self._folder = str(site.path)
        self._mark = f"THIS_JOB={secrets.token_hex(8)}"
        self._line = f"{self._mark} {shlex.join(words)}"
        self._file = None if file is None else site.path / file
        if self._file is not None:
            self._line += f" >{shlex.quote(str(self._file))} 2>&1"
        self.terminal = Terminal(site.path, clean_environment(**site.env))

    def __enter__(self) -> Self:
        self.terminal.__enter__()
        # A terminal's Ctrl-C throws away what is not yet read, and nobody reads here meanwhile.
        self.terminal.run("stty noflsh")
        self.terminal.enter(self._line)
        self.terminal.expect(re.escape(self._line) + "\n")
        return self

    def __exit__(self, *exception: object) -> None:
        for pid in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.terminal.__exit__()

    @property
    def processes(self) -> dict[int, int]:
        """Parent by pid of all that the command has started, directly or not, and that lives."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self._mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                    # The name before it, in brackets, may hold blanks.
                    fields = (path / "stat").read_text().rpartition(")")[2].split()
                    found[int(path.name)] = int(fields[1])
        return found

    @property
    def pid(self) -> int:
        """The process that the shell started."""
        processes = self.processes
        (pid,) = (pid for pid, parent in processes.items() if parent not in processes)
        return pid

    def end(self, leaves: int = 0) -> Ended:
        """Wait until the shell has its prompt again and no more than `leaves` processes are left."""
        shown = self.terminal.expect(PROMPT, PATIENCE).removesuffix(PROMPT)
        status = int(self.terminal.run("echo $?"))
        with contextlib.suppress(TimeoutError):
            await_that(lambda: len(self.processes) <= leaves, "the others' end", PATIENCE / 4)
        if self._file is not None:
            shown = self._file.read_text("utf-8", "backslashreplace")
        return Ended(status, shown.replace(self._folder, ""), len(self.processes))


def await_that(holds: Callable[[], object], what: str, timeout: float = PATIENCE) -> None:
    """Wait until something holds that nobody tells us of. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s in vain for {what}")
        time.sleep(0.02)
