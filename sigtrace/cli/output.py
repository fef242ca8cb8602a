"""Writing to a terminal or pipe that a running program shares with us, or that may go away."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_STDERR = 2
_PATIENCE_SECONDS = 0.2
_PLAIN = str.maketrans({"·": "-", "\N{MINUS SIGN}": "-", "…": "..."})


def never() -> bool:
    return False


class Output:
    """A descriptor that is written in whole pieces; `gone` once its reader has left.

    A reader that takes nothing is waited for, until `gives_up` says that it is not worth it.
    """

    def __init__(self, descriptor: int, gives_up: Callable[[], bool] = never) -> None:
        self._descriptor = descriptor
        self._gives_up = gives_up
        self.is_terminal = os.isatty(descriptor)
        self.gone = False

    def write(self, data: bytes) -> None:
        """Write all of `data`, in one system call where the system takes it in one."""
        # A job in the background may write all the same: being stopped would stop the target too.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            if self.is_terminal and self._is_raw():
                data = data.replace(b"\n", b"\r\n")
            while data and not self.gone:
                try:
                    if self._is_ready():
                        data = data[os.write(self._descriptor, data) :]
                except BlockingIOError:
                    pass  # the target made the terminal that we share non-blocking
                except (OSError, ValueError):
                    self.gone = True
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def write_line(self, data: bytes) -> None:
        """Write whole lines, the first of which begins at the left of the terminal.

        The target may have left the cursor in a line of its own, and no terminal says where it is:
        as many blanks as fit in a line move it on from there, and nowhere from the left.
        """
        if self.is_terminal and os.environ.get("TERM") not in ("dumb", "unknown", None):
            with contextlib.suppress(OSError):
                blanks = os.get_terminal_size(self._descriptor).columns - 1
                data = b" " * blanks + b"\r\x1b[K" + data
        self.write(data)

    def _is_ready(self) -> bool:
        _, ready, _ = select.select([], [self._descriptor], [], _PATIENCE_SECONDS)
        if not ready and self._gives_up():
            self.gone = True
        return bool(ready)

    def _is_raw(self) -> bool:
        """Whether a line end only moves down: the target edits a line on our terminal."""
        import termios  # not on Windows

        try:
            output_flags: int = termios.tcgetattr(self._descriptor)[1]
        except termios.error:
            return False
        return not output_flags & termios.OPOST


def say(message: str, hint: str = "", gives_up: Callable[[], bool] = never) -> None:
    """Write a line of ours to stderr, whatever has become of that, and the hint below it."""
    if sys.stderr is None:
        return  # closed when we started, so descriptor 2 is something else by now
    line = "sigtrace: " + _printable(message) + "\n"
    if hint:
        line += "  " + _printable(hint) + "\n"
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    try:
        data = line.encode(encoding)
    except UnicodeError:
        data = line.translate(_PLAIN).encode(encoding, "backslashreplace")
    with contextlib.suppress(OSError):
        if hasattr(signal, "pthread_sigmask"):
            Output(_STDERR, gives_up).write_line(data)
        else:
            os.write(_STDERR, data)


def _printable(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
