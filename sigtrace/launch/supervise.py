"""Stay beside the target: pass signals on, stop and go on with it, and end as it ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from sigtrace.launch.spawn import spawn
from sigtrace.launch.witness import Witness

if TYPE_CHECKING:
    from sigtrace.launch.command import Command

# Stops us, or is a fault of our own, or is no message to anyone.
_NOT_FORWARDED = (
    "SIGKILL SIGSTOP SIGCHLD SIGPIPE SIGXFSZ SIGXCPU SIGPROF SIGVTALRM "
    "SIGSEGV SIGBUS SIGFPE SIGILL SIGTRAP SIGSYS SIGABRT SIGIOT SIGEMT"
).split()
_JOB_STOPS = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

# Without a witness: what a terminal sends to the whole group is taken to have reached the target.
_FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH, *_JOB_STOPS)

_ENDING = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


class Supervisor:
    """Runs one command in a child of our own process group: the terminal is the child's too."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._handlers: dict[int, Handler] = {}
        self._mask: set[int] = set()
        self._arrived: list[int] = []
        self._forwarding = False
        self._pid = 0
        self._was_told = False
        self._witness: Witness | None = None

    def was_ended(self) -> bool:
        """Whether the target is over after a signal came for it: nothing is to hold us up then."""
        if not self._was_told:
            return False
        try:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return not self._pid or os.waitid(os.P_PID, self._pid, options) is not None
        except ChildProcessError:
            return True

    def run(
        self,
        environ: Mapping[str, str],
        tick: Callable[[], object],
        interval: float | None,
        calls: tuple[int, Callable[[], object]] | None = None,
    ) -> int:
        """Start the target, call `tick` until it has ended, and return its wait status.

        `tick` is called at once, whenever something happens, and every `interval` seconds unless
        that is None. `calls` is a descriptor, and what to call when it is readable.

        Raises SigtraceError (126, 127) if it cannot be started.
        """
        wake, waking = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(waking, False)
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        before = -1
        try:
            # Before the child is there: where SIGCHLD is ignored, its status would be lost.
            self._handle(signal.SIGCHLD, _nothing, even_if_ignored=True)
            self._witness = _witness()
            self._pid = spawn(self._command, environ, self._restore)
            before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
            for number in _forwarded():
                self._handle(number, self._forward)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            return self._wait(wake, tick, interval, calls)
        finally:
            self._pid = 0
            signal.set_wakeup_fd(before)
            self._restore()
            if self._witness is not None:
                self._witness.close()
            os.close(wake)
            os.close(waking)

    def _handle(self, number: int, handler: Handler, even_if_ignored: bool = False) -> None:
        current = signal.getsignal(number)
        # What was ignored before us is ignored in the target as well, and stays so in both.
        if even_if_ignored or current is not signal.SIG_IGN:
            self._handlers[number] = current
            signal.signal(number, handler)

    def _restore(self) -> None:
        """Set the signals to what they were; called in the child as well, before the target."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _wait(
        self,
        wake: int,
        tick: Callable[[], object],
        interval: float | None,
        calls: tuple[int, Callable[[], object]] | None,
    ) -> int:
        calling, called = calls or (wake, _nobody)
        tick()
        while True:
            stopped = 0
            for pid, status in _changes():
                if pid != self._pid:
                    continue
                if os.WIFSTOPPED(status):
                    stopped = os.WSTOPSIG(status)
                elif os.WIFCONTINUED(status):
                    stopped = 0
                else:
                    return status
            if stopped:
                self._stop(stopped)
            ready, _, _ = select.select([wake, calling], [], [], interval)
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            if calling in ready:
                called()
            tick()

    def _stop(self, number: int) -> None:
        """Stop as the target was stopped, so that the shell sees it; returns when continued."""
        if number in _JOB_STOPS:
            handler = signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            signal.signal(number, handler)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _forward(self, number: int, frame: FrameType | None) -> None:
        """Pass on what came to us alone; in the handler, as a write may be holding us up."""
        self._was_told = self._was_told or number in _ENDING
        self._arrived.append(number)
        if self._forwarding:
            return
        self._forwarding = True
        try:
            while self._arrived:
                arrived = self._arrived.pop(0)
                if not self._target_got(arrived) and self._pid:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(self._pid, arrived)
        finally:
            self._forwarding = False

    def _target_got(self, number: int) -> bool:
        shared = self._witness.also_got(number) if self._witness is not None else None
        return number in _FROM_TERMINAL if shared is None else shared


def shell_status(status: int) -> int:
    """Return the exit status that a shell shows for a wait status: 128+n for signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def end_signal(status: int) -> int | None:
    """Return the signal that ended a process, None if it ended by itself."""
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def end_as(status: int) -> NoReturn:
    """End ourselves as the target ended: with its status or by the same signal, with no core."""
    number = end_signal(status)
    if number is not None and os.getpid() != 1:
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    # Nothing is left to do, and taking the interpreter down takes half as long as starting one.
    os._exit(shell_status(status))


def _changes() -> list[tuple[int, int]]:
    """Return what has happened to our children; as PID 1 those are any orphans too."""
    changes = []
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            if pid == 0:
                break
            changes.append((pid, status))
    return changes


def _forwarded() -> list[int]:
    kept_back = {getattr(signal, name, None) for name in _NOT_FORWARDED}
    return [number for number in signal.valid_signals() if number not in kept_back]


def _witness() -> Witness | None:
    try:
        return Witness()
    except OSError:
        return None  # no process to spare


def _nobody() -> None:
    """Nobody calls."""


def _nothing(number: int, frame: FrameType | None) -> None:
    """A handler that only lets the signal wake us."""
