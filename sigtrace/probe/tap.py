"""What may stand between the recorder and a file: someone who listens, someone who keeps values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..events import sender_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from .sink import Sink

_VALUES = ("arguments", "changes", "pk", "exception_message")
_FINISHED = '{"event":"end"'


class Tap:
    """Stands for the sink of a process and tells `hear` of each write, in the writer's context.

    Without a `sink` the lines are kept nowhere. One that has reached its size limit gets no more,
    and `drop` is told of each span; who listens still hears. `full` says that nobody is to.
    """

    def __init__(
        self,
        hear: Callable[[str], None],
        sink: Sink | NamesOnly | None = None,
        drop: Callable[[], None] = lambda: None,
    ) -> None:
        self._hear = hear
        self._drop = drop
        self.full = False
        self.sink = sink
        self.pid: int = os.getpid() if sink is None else sink.pid
        self.stem: str = str(self.pid) if sink is None else sink.stem

    def write(self, text: str) -> None:
        """Pass whole lines on. Raises SinkError as a sink does."""
        sink = self.sink
        if sink is not None and not sink.full:
            sink.write(text)
        elif sink is not None:
            for _ in range(text.count(_FINISHED)):
                self._drop()
        self._hear(text)

    def abandon(self) -> None:
        """Close what a forked child has of the file."""
        if self.sink is not None:
            self.sink.abandon()


class NamesOnly:
    """Stands for a sink and writes lines without values: they are for who listens before it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.pid = sink.pid
        self.stem = sink.stem
        self.abandon = sink.abandon

    @property
    def full(self) -> bool:
        return self._sink.full

    @full.setter
    def full(self, full: bool) -> None:
        self._sink.full = full

    def write(self, text: str) -> None:
        """Write whole lines, as if no values had been recorded. Raises SinkError as a sink does."""
        self._sink.write("".join(map(_bare, text.splitlines(keepends=True))))


def _bare(line: str) -> str:
    if not line.startswith(_FINISHED):
        return line
    import json  # here alone: what records no tests does without

    event = json.loads(line)
    for name in _VALUES:
        value = event.get(name)
        if type(value) is dict:
            event[name] = {each: _boolean(value[each]) for each in value}
        elif value is not None:
            event[name] = None
    if event.get("sender") is not None:
        event["sender"] = sender_kind(event["sender"])
    return json.dumps(event, separators=(",", ":")) + "\n"


def _boolean(value: object) -> object:
    return value if type(value) is bool else None
