"""A real terminal for a test: an interactive shell in a pty, typed into and read from."""

from __future__ import annotations

import codecs
import os
import pty
import re
import select
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

PROMPT = "ready> "
CTRL_C, CTRL_D, CTRL_Z, CTRL_BACKSLASH = "\x03", "\x04", "\x1a", "\x1c"


class Terminal:
    """An interactive bash with job control; `screen` is all that it has shown so far."""

    def __init__(self, cwd: Path, env: dict[str, str]) -> None:
        self.screen = ""
        self._seen = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            os.chdir(cwd)
            # Python ignores it, a terminal's shell does not.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            plain = {**env, "PS1": PROMPT, "TERM": "dumb", "HISTFILE": "/dev/null"}
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], plain)

    def __enter__(self) -> Self:
        self.expect(PROMPT)
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGHUP)
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self.close()

    def close(self) -> None:
        """Close the window, as a user does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def type(self, text: str) -> None:
        """Type keys, without Enter."""
        os.write(self._master, text.encode())

    def enter(self, line: str) -> None:
        """Type a line and Enter."""
        self.type(line + "\n")

    def run(self, line: str, timeout: float = 20) -> str:
        """Type a line, wait for the next prompt, return what was shown in between."""
        self.enter(line)
        self.expect(re.escape(line))
        return self.expect(PROMPT, timeout).removesuffix(PROMPT)

    def expect(self, pattern: str, timeout: float = 20) -> str:
        """Wait until the regular expression is shown; return what was shown since the last one."""
        deadline = time.monotonic() + timeout
        while True:
            found = re.search(pattern, self.screen[self._seen :])
            if found is not None:
                shown = self.screen[self._seen : self._seen + found.end()]
                self._seen += found.end()
                return shown
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._master], [], [], left)[0]:
                message = f"{pattern!r} was not shown within {timeout} s:\n{self.screen}"
                raise TimeoutError(message)
            data = os.read(self._master, 65536)
            self.screen = _lines(self.screen + self._decoder.decode(data))


def _lines(written: str) -> str:
    """As a terminal shows it: blanks up to its edge go on to a new line, unless one has begun."""
    text = written.replace("\r\n", "\n")
    text = re.sub(r"(^|\n) +\r\x1b\[K", r"\1", text)
    return re.sub(r" +\r\x1b\[K", "\n", text)
