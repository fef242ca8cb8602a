"""Runs a function in a process of its own, so that it and the caller use a processor each."""

from __future__ import annotations

import os
import pickle
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Background(Generic[T]):
    """A function that runs in a fork of this process, from now on."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._pipe, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _work(function, writing)
        os.close(writing)

    def result(self) -> T | None:
        """Wait for what the function returns; None where it failed.

        Whoever asked for it does the work then, and sees why it fails.
        """
        with os.fdopen(self._pipe, "rb") as pipe:
            data = pipe.read()
        # What was killed, say where memory is short, may have written a part.
        is_whole = self._wait() == 0 and bool(data)
        found: T | None = pickle.loads(data) if is_whole else None  # noqa: S301  (our own fork's)
        return found

    def stop(self) -> None:
        """Do without the result."""
        if self._pid:
            os.close(self._pipe)
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._wait()

    def _wait(self) -> int:
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        return status


def has_two_processors() -> bool:
    """Whether a second process would run beside this one."""
    if not hasattr(os, "fork"):
        return False
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1


def _work(function: Callable[[], object], writing: int) -> None:
    """Write the result of the function, pickled, or nothing; never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        data = pickle.dumps(function(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
    finally:
        # Neither the caller's cleaning up nor its buffers are this process's.
        os._exit(0)
