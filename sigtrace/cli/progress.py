"""How far the reading of a long trace has got, on a terminal and after a second only."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from sigtrace.cli.display import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SILENT = 1.0
_EVERY = 0.2


@contextmanager
def progress(
    stream: IO[str] | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Give a function to call with the number of lines that have been read since it was called.

    What it writes to stderr (or `stream`) is wiped out at the end of the block.
    """
    stream = sys.stderr if stream is None else stream
    if stream is None or not is_terminal(stream):
        yield lambda _: None
        return
    line = _Line(stream, clock)
    try:
        yield line.read
    finally:
        line.wipe()


class _Line:
    """One line of a terminal, written over and over."""

    def __init__(self, stream: IO[str], clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._due = self._began + _SILENT
        self._lines = 0
        self._width = 0

    def read(self, lines: int) -> None:
        self._lines += lines
        now = self._clock()
        if now < self._due:
            return
        self._due = now + _EVERY
        rate = self._lines / (now - self._began)
        said = f"sigtrace: {self._lines:,} lines read, {rate:,.0f} a second"
        self._width = max(self._width, len(said))
        self._write("\r" + said.ljust(self._width))

    def wipe(self) -> None:
        if self._width:
            self._write("\r" + " " * self._width + "\r")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
