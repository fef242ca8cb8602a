"""The part of the run that is a process's: its file, its numbers, what its threads gather."""

from __future__ import annotations

import itertools
import os
import sys
from _thread import _local, get_ident
from typing import TYPE_CHECKING

from ..events import SCHEMA_VERSION
from ..privacy import filter_argv
from .forks import make_mark
from .spans import clock, wall_clock
from .text import quote

if TYPE_CHECKING:
    from ..options import RecordOptions
    from .sink import Sink
    from .tap import NamesOnly, Tap


class Process:
    """A process with a file in the run, or whose lines are listened to.

    A forked child makes its own, with the `epoch` of its parent; a span that it inherited belongs
    to the parent's.
    """

    __slots__ = ("epoch", "mark", "numbers", "pid", "prefix", "sink", "stem")

    def __init__(self, sink: Sink | Tap | NamesOnly, epoch: int | None) -> None:
        self.sink = sink
        self.stem = self.sink.stem
        self.pid = self.sink.pid
        self.mark = make_mark()
        self.prefix = f'"{self.stem}-'
        self.numbers = itertools.count(1)
        # Wall time that cannot step back: the monotonic clock, moved to the Unix epoch once, and
        # not again in a forked child.
        self.epoch = wall_clock() - clock() if epoch is None else epoch

    def next_id(self) -> str:
        """A new id, as JSON text."""
        return f'{self.prefix}{next(self.numbers)}"'

    def first_line(self, options: RecordOptions, parent: str | None) -> str:
        """Say what process this is; `parent` is the stem of the one that it was forked from."""
        django = sys.modules.get("django")
        settings = os.environ.get("DJANGO_SETTINGS_MODULE")
        arguments = filter_argv(sys.orig_argv, options.redact, options.show)
        return (
            '{"event":"process","schema":%d,"process":"%s","pid":%d,"ppid":%d,'
            '"parent_process":%s,"argv":[%s],"python":"%d.%d.%d","django":%s,"settings":%s,'
            '"time":%d}\n'
        ) % (
            SCHEMA_VERSION,
            self.stem,
            self.pid,
            os.getppid(),
            quote(parent) if parent else "null",
            ",".join(quote(argument) for argument in arguments),
            *sys.version_info[:3],
            quote(str(django.__version__)) if django is not None else "null",
            quote(settings) if settings else "null",
            clock() + self.epoch,
        )


class Pending(_local):
    """The lines of this thread that are not yet written, and what they all say of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.origin = _origin()

    def forked(self) -> None:
        """In the child: what was gathered is the parent's, and this thread is another."""
        self.lines.clear()
        self.origin = _origin()


def _origin() -> str:
    return f'"pid":{os.getpid()},"thread":{quote(_thread_name())},'


def _thread_name() -> str:
    # Not current_thread(): that would make an object for a thread that Python did not start.
    threading = sys.modules.get("threading")
    thread = threading._active.get(get_ident()) if threading is not None else None
    name = getattr(thread, "_name", None)
    return name if type(name) is str else f"thread-{get_ident()}"
