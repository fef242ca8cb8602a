"""Start the target, in a child or in our own place, as if a shell had started it."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from sigtrace.errors import SigtraceError
from sigtrace.launch.command import CANNOT_EXECUTE, NOT_FOUND, Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PR_SET_PDEATHSIG = 1

# CPython ignores these from its start, and what is ignored stays so across exec.
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")


def replace(command: Command, environ: Mapping[str, str]) -> NoReturn:
    """Become the target. Raises SigtraceError (126, 127) if it cannot be executed."""
    kept = {name: signal.signal(name, signal.SIG_DFL) for name in _ignored_by_python()}
    try:
        os.execve(command.executable, command.argv, dict(environ))
    except OSError as error:
        for name, handler in kept.items():
            signal.signal(name, handler)
        raise _cannot_start(command, error.errno or 0) from error


def spawn(command: Command, environ: Mapping[str, str], ready: Callable[[], None]) -> int:
    """Start the target in a child and return its pid. Only for the main thread.

    `ready` is called in the child before it executes the target: to undo what the parent has done
    to signals. The child dies with its parent, where the system can promise that (Linux). Raises
    SigtraceError (126, 127) if the target cannot be executed.
    """
    set_death_signal = _death_signal()
    parent = os.getpid()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            set_death_signal()
            if os.getppid() != parent:
                os._exit(128 + signal.SIGTERM)  # the parent was gone before we asked
            for name in _ignored_by_python():
                signal.signal(name, signal.SIG_DFL)
            ready()
            os.execve(command.executable, command.argv, dict(environ))
        except OSError as error:
            os.write(writing, str(error.errno or 0).encode())
        finally:
            os._exit(NOT_FOUND)
    os.close(writing)
    with open(reading, "rb") as answer:
        failure = answer.read()
    if failure:
        os.waitpid(pid, 0)
        raise _cannot_start(command, int(failure))
    return pid


def _ignored_by_python() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _IGNORED_BY_PYTHON if hasattr(signal, name)]


def _death_signal() -> Callable[[], None]:
    """Return what a child calls to be told to end with its parent; looked up before the fork."""
    if sys.platform != "linux":
        return lambda: None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    arguments = [ctypes.c_ulong(value) for value in (signal.SIGTERM, 0, 0, 0)]

    def set_death_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, *arguments)

    return set_death_signal


def _cannot_start(command: Command, number: int) -> SigtraceError:
    import errno

    status = NOT_FOUND if number == errno.ENOENT else CANNOT_EXECUTE
    hint = ""
    if number == errno.ENOENT:
        hint = "The interpreter that its first line names does not exist."
    elif number == errno.ENOEXEC:
        hint = "Its first line names no interpreter (#!…)."
    return SigtraceError(
        f"Cannot start {command.executable}: {os.strerror(number).lower()}.", hint, status
    )
