"""Appends lines to this process's trace file, so that a target that dies at once loses nothing.

One `os.write` to an `O_APPEND` descriptor a call. The target may close descriptors and get our
number for a file of its own, so each write checks that the descriptor is still ours.
"""

from __future__ import annotations

import errno
import fcntl
import os
from os import SEEK_CUR, lseek, write

# Above what programs that close "all" descriptors usually try, and below common limits of 1024.
_HIGH_DESCRIPTOR = 700
_CHECK_TOTAL_EVERY = 16_000_000


class SinkError(Exception):
    """The trace file can no longer be written; the message says why."""


class Sink:
    """One process's `.jsonl` file, opened for appending and locked for as long as we hold it.

    `run_dir` is an absolute path, `max_bytes` the size of all files of the run together at which
    `full` becomes true. Raises OSError if the file cannot be made.
    """

    def __init__(self, run_dir: str, max_bytes: int) -> None:
        self._run_dir = run_dir
        self._max_bytes = max_bytes
        self._check_at = min(_CHECK_TOTAL_EVERY, max_bytes // 8)
        self.full = False
        self.pid = os.getpid()
        self.stem, self.path, descriptor = _create(run_dir, self.pid)
        self._descriptor = _raise_out_of_reach(descriptor)
        status = os.fstat(self._descriptor)
        self._identity = (status.st_dev, status.st_ino)
        self._offset = 0
        # The lock says "this process lives"; a file system without locks only loses that.
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass

    def write(self, text: str) -> None:
        """Append whole lines of ASCII. Raises SinkError if they cannot be written."""
        data = text.encode("ascii")
        try:
            # The offset is where our last write ended; any other file would hardly agree.
            if lseek(self._descriptor, 0, SEEK_CUR) == self._offset:
                written = write(self._descriptor, data)
                self._offset = end = self._offset + written
                if written != len(data):
                    self._write_rest(data[written:])
                if end > self._check_at:
                    self._check_total()
            else:
                self._write_verified(data)
        except OSError as error:
            self._write_again(data, error)

    def _write_again(self, data: bytes, error: OSError) -> None:
        if error.errno in (errno.EBADF, errno.ESPIPE):
            try:
                self._write_verified(data)
            except OSError as second:
                error = second
            else:
                return
        raise SinkError(f"{self.path}: {error.strerror}") from None

    def abandon(self) -> None:
        """Close the descriptor in a forked child, if it still is ours; the parent has its own."""
        try:
            status = os.fstat(self._descriptor)
            if (status.st_dev, status.st_ino) == self._identity:
                os.close(self._descriptor)
        except OSError:
            pass

    def _write_rest(self, data: bytes) -> None:
        # A full disk takes part of a line: the second write takes the rest or says why not.
        written = write(self._descriptor, data)
        self._offset += written
        if written != len(data):
            raise SinkError(f"{self.path}: cut short")

    def _write_verified(self, data: bytes) -> None:
        unchecked = self._check_at - self._offset - len(data)
        descriptor = self._verified()
        written = write(descriptor, data)
        if written != len(data):
            self._write_rest(data[written:])
        # The file may be another one by now, and have another length.
        self._offset = lseek(descriptor, 0, SEEK_CUR)
        self._check_at = self._offset + unchecked

    def _verified(self) -> int:
        """Return a descriptor that surely is our file, opened again if the target took ours."""
        try:
            status = os.fstat(self._descriptor)
            ours = (status.st_dev, status.st_ino) == self._identity
        except OSError:
            ours = False
        if not ours:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            self._descriptor = _raise_out_of_reach(descriptor)
            status = os.fstat(self._descriptor)
            self._identity = (status.st_dev, status.st_ino)
        return self._descriptor

    def _check_total(self) -> None:
        self._check_at = self._offset + min(_CHECK_TOTAL_EVERY, self._max_bytes // 8)
        total = 0
        with os.scandir(self._run_dir) as entries:
            for entry in entries:
                total += entry.stat().st_size
        self.full = total >= self._max_bytes


def _create(run_dir: str, pid: int) -> tuple[str, str, int]:
    """Make `<pid>.jsonl`, or `<pid>-<n>.jsonl` where an earlier process had the same pid."""
    number = 1
    while True:
        stem = f"{pid}" if number == 1 else f"{pid}-{number}"
        path = os.path.join(run_dir, f"{stem}.jsonl")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        try:
            return stem, path, os.open(path, flags, 0o600)
        except FileExistsError:
            number += 1


def _raise_out_of_reach(descriptor: int) -> int:
    try:
        high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)
    except OSError:
        return descriptor
    os.close(descriptor)
    return high
