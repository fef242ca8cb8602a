"""A process beside the target that only notes which signals reach the whole process group.

Ctrl-C, a closing terminal, `kill %1` and `killpg` reach the target and ourselves; `kill <our pid>`
reaches only us, and is to be passed on. A signal does not say which it was. So a third process of
the same group blocks all signals, and is asked whether it got that one too.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

# A group's members get the signal one after the other: give the sender's loop time to end.
_SPREAD_SECONDS = 0.005
_ANSWER_SECONDS = 0.5
_LIKELY_DESCRIPTORS = 1024


class Witness:
    """Starts with every signal blocked by the caller; ends with us, or by `close`."""

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._answer, answering = os.pipe()
        self._open = True
        self.pid = os.fork()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                _watch(asked, answering)
            os._exit(0)
        os.close(asked)
        os.close(answering)

    def also_got(self, number: int) -> bool | None:
        """Whether signal `number` came to the group and not to us alone; None if not known."""
        if not self._open:
            return None
        time.sleep(_SPREAD_SECONDS)
        answer = b""
        with contextlib.suppress(OSError):
            os.write(self._ask, bytes([number]))
            if select.select([self._answer], [], [], _ANSWER_SECONDS)[0]:
                answer = os.read(self._answer, 1)
        if not answer:
            self.close()  # stopped or killed: a late answer would be taken for another's
            return None
        return answer == b"1"

    def close(self) -> None:
        """End the witness."""
        if self._open:
            self._open = False
            os.close(self._ask)
            os.close(self._answer)
            with contextlib.suppress(ChildProcessError):
                # Still ours: a pid that has been waited for may be another's by now.
                if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                    os.kill(self.pid, signal.SIGKILL)


def _watch(asked: int, answering: int) -> None:
    signal.set_wakeup_fd(-1)
    _close_all_but(asked, answering)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in (signal.SIGCONT, signal.SIGWINCH):
        # What would be ignored is not kept pending on every system.
        signal.signal(number, lambda *_: None)
    while question := os.read(asked, 1):
        asked_for = question[0]
        if asked_for in signal.sigpending():
            signal.sigwait({asked_for})
            os.write(answering, b"1")
        else:
            os.write(answering, b"0")


def _close_all_but(*kept: int) -> None:
    """Close what we inherited: a pipe that we hold open would never end for its reader."""
    for descriptor in _open_descriptors():
        if descriptor not in kept:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _open_descriptors() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        # Not up to the limit: in some containers that is a thousand million.
        return list(range(_LIKELY_DESCRIPTORS))
