"""A program that is running: told what to do through a pipe, and waited for what it writes."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tests.support import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

OBEYS = """
import sys
from blog.models import Article
print("ready", flush=True)
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""
"""A script for `site.script` that executes each line that it is told, and says `done`."""


class Program:
    """A process in a clean environment; it is killed at the end if it still runs then.

    `stdout` and `stderr` are all that it has written and was waited for.
    """

    def __init__(self, *args: str | Path, cwd: Path, **env: str | None) -> None:
        self.process = subprocess.Popen(
            [str(arg) for arg in args],
            cwd=cwd,
            env=clean_environment(**env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self._stdin = self.process.stdin
        self._pipes = {"stdout": self.process.stdout, "stderr": self.process.stderr}
        self._seen = {"stdout": 0, "stderr": 0}
        self.stdout = self.stderr = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self._stdin, *self._pipes.values()):
            with suppress(OSError):
                pipe.close()

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        self._stdin.write(line.encode() + b"\n")
        self._stdin.flush()

    def expect(self, pattern: str, of: str = "stdout", timeout: float = 30) -> str:
        """Wait for a regular expression; return what was written since the last one was found."""
        deadline = time.monotonic() + timeout
        while True:
            text = str(getattr(self, of))[self._seen[of] :]
            found = re.search(pattern, text, re.MULTILINE)
            if found is not None:
                self._seen[of] += found.end()
                return text[: found.end()]
            if not self._read(deadline):
                message = f"{pattern!r} did not come on {of}:\n{self.stdout}\n{self.stderr}"
                raise TimeoutError(message)

    def hang_up(self) -> None:
        """Stop reading its standard output, as `head` does."""
        self._pipes.pop("stdout").close()

    def end(self, timeout: float = 30) -> int:
        """Close its standard input, read what is left, and return its exit status."""
        with suppress(BrokenPipeError):
            self._stdin.close()
        deadline = time.monotonic() + timeout
        while self._pipes and self._read(deadline):
            pass
        return self.process.wait(max(deadline - time.monotonic(), 0.1))

    def _read(self, deadline: float) -> bool:
        """Take what comes next; False if nothing comes any more."""
        if not self._pipes:
            return False
        ready, _, _ = select.select(
            self._pipes.values(), [], [], max(deadline - time.monotonic(), 0)
        )
        for name, pipe in list(self._pipes.items()):
            if pipe in ready:
                data = os.read(pipe.fileno(), 65536)
                setattr(self, name, getattr(self, name) + data.decode(errors="backslashreplace"))
                if not data:
                    self._pipes.pop(name).close()
        return bool(ready)
