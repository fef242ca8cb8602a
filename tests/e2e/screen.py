"""A real terminal emulator for a test: tmux, typed into and looked at as a person would."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Self

import pytest

from tests.support import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Screen:
    """One window of a tmux server of its own; `text` is what it shows, with what scrolled away."""

    def __init__(
        self,
        cwd: Path,
        *command: str,
        env: Mapping[str, str],
        columns: int = 100,
        lines: int = 50,
    ) -> None:
        tmux = shutil.which("tmux")
        if tmux is None:
            pytest.skip("service: tmux is missing")
        self._tmux = (tmux, "-L", f"sigtrace-{secrets.token_hex(6)}", "-f", "/dev/null")
        variables = ["env", *(f"{name}={value}" for name, value in env.items())]
        self._call("start-server", ";", "set", "-g", "history-limit", "100000", ";",
                   "set", "-g", "remain-on-exit", "on", ";",
                   "new-session", "-d", "-x", str(columns), "-y", str(lines),
                   "-c", str(cwd), *variables, *command)  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._call("kill-server")

    @property
    def text(self) -> str:
        """All lines so far, without colours and without trailing blanks."""
        shown = self._call("capture-pane", "-p", "-S", "-")
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip()

    @property
    def coloured(self) -> str:
        """As `text`, with the terminal's escape sequences for colours."""
        return self._call("capture-pane", "-p", "-e", "-S", "-")

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `C-c`, `Tab`, `Up`."""
        self._call("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text as it stands."""
        self._call("send-keys", "-l", text)

    def enter(self, line: str) -> None:
        """Type a line and press Enter."""
        self.type(line)
        self.keys("Enter")

    def shows(self, pattern: str, timeout: float = 30) -> str:
        """Wait until the regular expression is found; return all that is on the screen then."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.text
            if re.search(pattern, text, re.MULTILINE):
                return text
            if time.monotonic() > deadline:
                raise TimeoutError(f"{pattern!r} was not shown within {timeout} s:\n{text}")
            time.sleep(0.05)

    def _call(self, *args: str) -> str:
        done = subprocess.run(
            [*self._tmux, *args],
            env=clean_environment(TERM="xterm-256color", LC_ALL="C.UTF-8"),
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=30,
        )
        return done.stdout
