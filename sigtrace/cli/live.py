"""What a run shows while it goes on, and what it adds up to."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

from sigtrace.analysis.summary import Summary, Totals
from sigtrace.cli.output import Output, say
from sigtrace.reader import Follower

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INTERVAL = 0.05
"""Seconds between two looks at the trace."""


class Watch:
    """Reads a run as it is written, counts every event, and shows it on a stream."""

    def __init__(
        self, run: Path, stream: IO[str], as_json: bool, options: Mapping[str, Any]
    ) -> None:
        self._follower = Follower(run)
        self._summary = Summary()
        self._view = _View(stream, as_json, options)

    def look(self) -> bool:
        """Take what is new; False if nothing was."""
        events = self._follower.poll()
        for event in events:
            self._summary.feed(event)
        if events:
            self._view.show(events)
        return bool(events)

    def finish(self) -> Totals:
        """Take and show what is left, also what never ended, and return the totals."""
        while self.look():
            pass
        self._view.finish()
        return self._summary.totals()


class _View:
    """Writes events to a stream, as trees or as lines; a failure of ours ends only the view."""

    def __init__(self, stream: IO[str], as_json: bool, options: Mapping[str, Any]) -> None:
        self._stream = stream
        self._as_json = as_json
        self._options = options
        self._output = Output(stream.fileno())
        self._tree: Any = None

    def show(self, events: list[dict[str, Any]]) -> None:
        if self._output.gone:
            return
        try:
            if self._as_json:
                self._output.write(_lines(events))
            else:
                self._write(self._live_tree().feed(events))
        except Exception as error:
            self._fail(error)

    def finish(self) -> None:
        if self._tree is not None and not self._output.gone:
            try:
                self._write(self._tree.finish())
            except Exception as error:
                self._fail(error)

    def _live_tree(self) -> Any:
        if self._tree is None:
            # rich is not loaded before there is something to draw.
            from sigtrace.cli.display import Printer, display_for
            from sigtrace.views.live import LiveTree

            self._printer = Printer(self._stream, os.environ)
            self._tree = LiveTree(display_for(self._options, self._stream))
        return self._tree

    def _write(self, texts: list[Any]) -> None:
        for text in texts:
            self._output.write(self._printer.encode(text))

    def _fail(self, error: Exception) -> None:
        self._output.gone = True
        say(f"the live view failed ({type(error).__name__}: {error})", "the recording goes on")


def _lines(events: list[dict[str, Any]]) -> bytes:
    import json

    return b"".join(json.dumps(e, separators=(",", ":")).encode() + b"\n" for e in events)
