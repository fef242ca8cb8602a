"""Feeds workers in turns, and sums up what they say."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import statistics
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Asked(Protocol):
    """Anything that runs a batch and says how long it took."""

    def ask(self, scenario: str, operations: int) -> int: ...


class Worker:
    """A worker process; `command` starts it. What it writes to stderr goes into `log`.

    With `terminal` its stderr is one, whose text goes into `log`.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], log: Path, *, terminal: bool = False
    ) -> None:
        self._log = log
        self._reader: threading.Thread | None = None
        stderr = self._open_terminal() if terminal else os.open(log, os.O_WRONLY | os.O_CREAT)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=dict(env),
                cwd=ROOT,
                text=True,
            )
        finally:
            os.close(stderr)
        self._answer()

    def _open_terminal(self) -> int:
        master, slave = pty.openpty()
        self._reader = threading.Thread(target=_copy, args=(master, self._log))
        self._reader.start()
        return slave

    def ask(self, scenario: str, operations: int) -> int:
        """Run a batch; nanoseconds. Raises RuntimeError if the worker has died."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{scenario} {operations}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has died: the answer that does not come says why
        return int(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            said = self._log.read_text("utf-8", "backslashreplace")
            raise RuntimeError(f"a worker ended with status {self._process.wait()}: {said}")
        return line.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process: its standard input ends, and after 30 seconds it is killed."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader is not None:
            self._reader.join()


def _copy(master: int, log: Path) -> None:
    """Write what a terminal is shown into a file, until nobody has the terminal any more."""
    # Linux ends the reading of a terminal that is closed with EIO.
    with (
        contextlib.suppress(OSError),
        open(master, "rb", buffering=0) as shown,
        log.open("wb") as file,
    ):
        shutil.copyfileobj(shown, file)


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios, with the quartiles below and above it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def ratio(over: Sequence[int], under: Sequence[int]) -> Ratio:
    """What pairs of measurements say, at least two: over[i] / under[i]."""
    each = [a / b for a, b in zip(over, under, strict=True)]
    low, _, high = statistics.quantiles(each, n=4, method="inclusive")
    return Ratio(statistics.median(each), low, high)


def batch_size(worker: Asked, scenario: str, batch_ns: int) -> int:
    """How many operations take about that long: doubled from one until a batch lasts so long."""
    operations = 1
    while worker.ask(scenario, operations) < batch_ns:
        operations *= 2
    return operations


def alternate(
    workers: Mapping[str, Asked], scenario: str, operations: int, rounds: int
) -> dict[str, list[int]]:
    """Nanoseconds of each worker's batches, one a round; who begins rotates. One warms up."""
    taken: dict[str, list[int]] = {name: [] for name in workers}
    names = list(workers)
    for worker in workers.values():
        worker.ask(scenario, operations)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            taken[name].append(workers[name].ask(scenario, operations))
    return taken


@dataclass(frozen=True)
class Size:
    """How many bytes the process files of a run have, and how many finished spans."""

    size: int
    spans: int
    dropped: int

    @property
    def per_span(self) -> float | None:
        return self.size / self.spans if self.spans else None


def trace_size(run_dir: Path) -> Size:
    """Add up a run. `dropped` spans were counted, not written: such a run measures less."""
    size = spans = dropped = 0
    for path in run_dir.glob("*.jsonl"):
        size += path.stat().st_size
        last_counts = None
        with path.open("rb") as lines:
            for line in lines:
                spans += line.startswith(b'{"event":"end"')
                if line.startswith(b'{"event":"counts"'):
                    last_counts = line
        if last_counts is not None:
            dropped += json.loads(last_counts)["dropped"]
    return Size(size, spans, dropped)
