"""What may stand between the recorder and a file: someone who listens, someone who keeps values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .sink import Sink

_VALUES = ("arguments", "changes", "pk", "exception_message")
_FINISHED = b'{"event":"end"'


class Tap:
    """Stands for the sink of a process and tells `hear` of each write, in the writer's context.

    Without a `sink` the lines are kept nowhere.
    """

    def __init__(
        self, hear: Callable[[bytes], None], sink: Sink | Tap | NamesOnly | None = None
    ) -> None:
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


class NamesOnly:
    """Stands for a sink and writes lines without values: they are for who listens before it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.pid = sink.pid
        self.stem = sink.stem
        self.abandon = sink.abandon

    @property
    def full(self) -> bool:
        """Whether the run has reached its size limit."""
        return self._sink.full

    def write(self, data: bytes) -> None:
        """Write whole lines, as if no values had been recorded. Raises SinkError as a sink does."""
        lines = data.splitlines(keepends=True)
        self._sink.write(b"".join(map(_bare, lines)))


def _bare(line: bytes) -> bytes:
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
    if bare_sender(event.get("sender")):
        event["sender"] = "<str>"
    return json.dumps(event, separators=(",", ":")).encode("ascii") + b"\n"


def bare_sender(sender: object) -> bool:
    """Whether a sender is a text, which is written in quotes."""
    return type(sender) is str and sender[:1] == "'"


def _boolean(value: object) -> object:
    return value if type(value) is bool else None
