"""The folder of a run: made before the target starts, closed after it, deleted when it is old."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sigtrace.errors import SigtraceError
from sigtrace.events import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEADER = "run.json"
RECEIVERS = "receivers.json"
LINES = ".jsonl"


class Header(NamedTuple):
    """What `run.json` says; times are Unix ns, `exit_status` is a shell's (128+n for signal n).

    `pid` is the launcher's, which with `--exec` is the target's; paths in the trace are relative
    to `project`; `effects` says whether side effects were recorded. `ended` and what follows stay
    None while the run lives, if its launcher was killed, and with `--exec`.
    """

    sigtrace: str
    argv: Sequence[str]
    cwd: str
    values: str
    pid: int
    started: int
    project: str = ""
    effects: bool = False
    ended: int | None = None
    exit_status: int | None = None
    signal: int | None = None


class Recording:
    """A run's folder and its `run.json`, locked as long as we live so that nobody deletes it."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._header = header
        self._lock = os.open(path / HEADER, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _lock(self._lock)
        os.write(self._lock, _encode(header))

    def finish(self, ended: int, exit_status: int, number: int | None) -> None:
        """Write how the target ended; a folder that has vanished or is full is no error."""
        self._header = self._header._replace(ended=ended, exit_status=exit_status, signal=number)
        temporary = self.path / (HEADER + ".new")
        with contextlib.suppress(OSError):
            # At once, or not at all: someone may be reading it.
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(_encode(self._header))
            temporary.replace(self.path / HEADER)

    def close(self) -> None:
        """Give up the lock: the run is over."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def discard(self) -> None:
        """Delete the folder of a target that could not be started."""
        self.close()
        _delete(self.path)


def create_run(runs: Path, started: int, pid: int) -> Path:
    """Make the folder of a new run in `runs`, and `runs` itself. Raises OSError."""
    if not runs.is_dir():
        runs.mkdir(mode=0o700, exist_ok=True)
    ignore = runs / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started / 1e9))
    path = runs / f"{stamp}-{pid}-{os.urandom(3).hex()}"
    path.mkdir(mode=0o700)
    return path


def claim_folder(path: Path) -> None:
    """Make the folder that the user named for this run; an earlier run in it is replaced.

    Raises SigtraceError if it holds anything else or a run that is still going on, OSError if it
    cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = [entry.name for entry in path.iterdir()]
    hint = "Name another --trace-dir."
    if any(not _is_ours(name) for name in names) or (names and HEADER not in names):
        raise SigtraceError(f"{path} holds files that are no recorded run.", hint)
    if is_live(path):
        raise SigtraceError(f"{path} holds a run that is still going on.", hint)
    for name in names:
        (path / name).unlink()


def is_live(run: Path) -> bool:
    """Whether the launcher or a process of the run still lives: each holds a lock on its file."""
    with contextlib.suppress(OSError), os.scandir(run) as entries:
        return any(
            _is_locked(entry.path)
            for entry in entries
            # Whoever has made a file and not yet locked it has written nothing either; our look
            # would keep the lock from it.
            if (entry.name == HEADER or entry.name.endswith(LINES)) and entry.stat().st_size
        )
    return False


def prune(runs: Path, current: Path, keep_runs: int, keep_bytes: int) -> None:
    """Delete the oldest runs in `runs`, until `keep_runs` of `keep_bytes` together are left.

    Neither `current` nor a run that is still live is deleted, nor what is no run. Never fails.
    """
    kept = size = 0
    for run in sorted(_runs(runs), key=lambda run: run.name, reverse=True):
        size += _size(run)
        if run == current or (kept < keep_runs and size <= keep_bytes) or is_live(run):
            kept += 1
        else:
            _delete(run)


def _encode(header: Header) -> bytes:
    fields = {"schema": SCHEMA_VERSION, **header._asdict(), "argv": list(header.argv)}
    return (json.dumps(fields, indent=1) + "\n").encode()


def _runs(runs: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(runs) as entries:
        for entry in entries:
            # Our own names only: whatever else lies there is not ours to delete.
            stamp = entry.name.partition("-")[0]
            is_stamp = len(stamp) == 16 and stamp[:8].isdigit() and stamp.endswith("Z")
            if is_stamp and entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def _size(run: Path) -> int:
    with contextlib.suppress(OSError), os.scandir(run) as entries:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    return 0


def _delete(run: Path) -> None:
    with contextlib.suppress(OSError):
        # The header last: what is left by an interruption is still known as a run.
        for path in sorted(run.iterdir(), key=lambda path: path.name == HEADER):
            if _is_ours(path.name):
                path.unlink()
        run.rmdir()


def _is_ours(name: str) -> bool:
    # What is written aside (`receivers.json.<pid>`) is left behind by a process that was killed.
    return name in (HEADER, HEADER + ".new") or name.startswith(RECEIVERS) or name.endswith(LINES)


def _lock(descriptor: int) -> None:
    import fcntl  # not on Windows, where `run` does not work

    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_locked(path: str) -> bool:
    import fcntl

    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
