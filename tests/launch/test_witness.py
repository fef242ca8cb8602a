"""The process that is asked whether a signal came to the whole group."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import TYPE_CHECKING

import pytest

from sigtrace.launch.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def witness() -> Iterator[Witness]:
    # The supervisor blocks all signals before it starts one.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    witness = Witness()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    yield witness
    witness.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGWINCH, signal.SIGCONT])
def test_it_says_once_what_it_got(witness: Witness, number: int) -> None:
    assert witness.also_got(number) is False
    os.kill(witness.pid, number)
    assert witness.also_got(number) is True
    assert witness.also_got(number) is False


def test_a_killed_one_knows_nothing(witness: Witness) -> None:
    os.kill(witness.pid, signal.SIGKILL)
    assert witness.also_got(signal.SIGINT) is None
    assert witness.also_got(signal.SIGINT) is None


def test_it_holds_no_pipe_of_ours_open() -> None:
    reading, writing = os.pipe()
    high = fcntl.fcntl(writing, fcntl.F_DUPFD, 1500)
    witness = Witness()
    assert witness.also_got(signal.SIGUSR1) is False, "it has closed what it inherited"
    os.close(writing)
    os.close(high)
    assert os.read(reading, 1) == b""
    os.close(reading)
    witness.close()
