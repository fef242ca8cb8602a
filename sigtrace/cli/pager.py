"""A pager for what is longer than the screen."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sigtrace.cli.display import is_terminal
from sigtrace.cli.results import stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Write = Callable[[bytes], object]

_DEFAULT = "less"
_LESS = "FIRX"
"""Quit if one screen is enough, search without case, pass colours on, leave the screen as it is."""


@contextmanager
def paged(*, wanted: bool, environ: Mapping[str, str] = os.environ) -> Iterator[Write]:
    """Give a function that writes to stdout, through $PAGER where that is a terminal and `wanted`.

    A reader who has seen enough ends the block quietly.
    """
    pager = _start(environ) if wanted and is_terminal(sys.stdout) else None
    if pager is None or pager.stdin is None:
        with stdout() as stream:
            yield stream.buffer.write
        return
    try:
        with suppress(BrokenPipeError, KeyboardInterrupt):
            yield pager.stdin.write
    finally:
        with suppress(BrokenPipeError):
            pager.stdin.close()
        _wait(pager)


def _start(environ: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
    command = shlex.split(environ.get("PAGER", _DEFAULT))
    if not command or command == ["cat"] or environ.get("TERM") in (None, "dumb"):
        return None
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, env={"LESS": _LESS, "LV": "-c", **environ}
        )
    except OSError:
        return None


def _wait(pager: subprocess.Popen[bytes]) -> None:
    """Ctrl-C is the pager's while it runs: it stops a search there."""
    while True:
        with suppress(KeyboardInterrupt):
            pager.wait()
            return
