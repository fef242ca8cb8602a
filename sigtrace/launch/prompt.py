"""The socket on which an interactive interpreter waits until its trees have been drawn."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING

from sigtrace.options import DRAWN, PROMPT_COMES, STILL_DRAWING

if TYPE_CHECKING:
    from collections.abc import Callable

# Addresses of Unix sockets are that short: 104 bytes on macOS, 108 on Linux.
_LONGEST_ADDRESS = 100
_TEMPORARY = "/tmp"  # noqa: S108  (the folder in it is ours alone)
_PATIENCE_SECONDS = 0.1

# Other threads may go on for ever: the prompt does not wait for those.
_LONGEST_SECONDS = 10.0


class PromptSocket:
    """Listens at `path` until closed. Raises OSError where no socket can be made."""

    def __init__(self) -> None:
        # Not by tempfile, whose import takes as long as the start of a bare Python.
        name = f"sigtrace-{os.urandom(6).hex()}"
        self._folder = os.path.join(os.environ.get("TMPDIR") or _TEMPORARY, name)
        if len(os.fsencode(self._folder)) > _LONGEST_ADDRESS - 2:
            self._folder = os.path.join(_TEMPORARY, name)
        os.mkdir(self._folder, 0o700)
        self.path = os.path.join(self._folder, "s")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(self.path)
            self._socket.listen(8)
            self._socket.setblocking(False)
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def answer(self, look: Callable[[], bool], settle: Callable[[], object]) -> None:
        """Answer all who wait: draw with `look` until it says that nothing is new, and before a
        prompt what is pending with `settle`.
        """
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(_PATIENCE_SECONDS)
                what = connection.recv(1)
                give_up_at = time.monotonic() + _LONGEST_SECONDS
                while look() and time.monotonic() < give_up_at:
                    connection.send(STILL_DRAWING)
                if what == PROMPT_COMES:
                    settle()
                connection.send(DRAWN)

    def close(self) -> None:
        """Stop listening and leave nothing behind."""
        self._socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        with contextlib.suppress(OSError):
            os.rmdir(self._folder)
