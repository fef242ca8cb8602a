"""Where lines go that somebody in this process listens to, beside the trace file or without one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .sink import Sink


class Tap:
    """Stands for the sink of a process and tells `hear` of each write, in the writer's context.

    Without a `sink` the lines are kept nowhere.
    """

    def __init__(self, hear: Callable[[bytes], None], sink: Sink | Tap | None = None) -> None:
        self._hear = hear
        self.sink = sink
        self.pid: int = os.getpid() if sink is None else sink.pid
        self.stem: str = str(self.pid) if sink is None else sink.stem

    @property
    def full(self) -> bool:
        """Whether the run has reached its size limit."""
        return self.sink is not None and self.sink.full

    def write(self, data: bytes) -> None:
        """Pass whole lines on. Raises SinkError as a sink does."""
        if self.sink is not None:
            self.sink.write(data)
        self._hear(data)

    def abandon(self) -> None:
        """Close what a forked child has of the file."""
        if self.sink is not None:
            self.sink.abandon()
