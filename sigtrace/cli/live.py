"""What a run shows while it goes on, and what it adds up to."""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING, Any

from sigtrace.analysis.summary import Summary
from sigtrace.cli.output import Output, never, say
from sigtrace.reader import Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rich.text import Text

    from sigtrace.analysis.summary import Totals
    from sigtrace.views.live import LiveTree

INTERVAL = 0.05
"""Seconds between two looks at the trace."""


class Watch:
    """Reads a run as it is written, counts every event, and shows it on a stream.

    Nothing here raises: a failure of ours ends the view, and the target goes on. `beside_target`
    says that the target writes to the same stream, `gives_up` when a stuck reader is not waited
    for any more.
    """

    def __init__(
        self,
        run: Path,
        stream: IO[str],
        as_json: bool,
        options: Mapping[str, Any],
        *,
        beside_target: bool,
        gives_up: Callable[[], bool] = never,
    ) -> None:
        self._follower = Follower(run)
        self._summary = Summary()
        self._stream = stream
        self._as_json = as_json
        self._options = options
        self._output = Output(stream.fileno(), gives_up)
        self._put = self._output.write_line if beside_target else self._output.write
        self._tree: LiveTree | None = None
        self._failed = False

    def look(self) -> bool:
        """Take what is new and show it; False if nothing was."""
        try:
            events = [] if self._failed else self._follower.poll()
            for event in events:
                self._summary.feed(event)
            if not self._output.gone:
                self._show(events)
        except Exception as error:
            self._fail(error)
            return False
        return bool(events)

    def skip(self) -> None:
        """Show only what comes from now on, and whole what is open now."""
        self._follower.skip()

    def settle(self) -> None:
        """Show what would wait for more of its kind: a prompt is about to be shown."""
        self._show_last(lambda tree: tree.settle(time.time_ns()))

    def finish(self) -> Totals | None:
        """Take and show what is left, also what never ended; return the totals, None if unknown."""
        while self.look():
            pass
        self._show_last(lambda tree: tree.finish())
        return None if self._failed else self._summary.totals()

    def _show_last(self, texts: Callable[[LiveTree], list[Text]]) -> None:
        try:
            if self._tree is not None and not self._output.gone:
                self._write(texts(self._tree))
        except Exception as error:
            self._fail(error)

    def _show(self, events: list[dict[str, Any]]) -> None:
        if self._as_json:
            self._output.write(_lines(events))
            return
        if self._tree is None:
            if not events:
                return
            # rich is not loaded before there is something to draw.
            from sigtrace.cli.display import Printer, display_for
            from sigtrace.views.live import LiveTree

            self._printer = Printer(self._stream, os.environ)
            self._tree = LiveTree(display_for(self._options, self._stream))
        now = time.time_ns()
        self._write(self._tree.feed(events, now) if events else [])
        self._write(self._tree.tick(now))

    def _write(self, texts: list[Text]) -> None:
        for text in texts:
            self._put(self._printer.encode(text))

    def _fail(self, error: Exception) -> None:
        if not self._failed:
            self._failed = True
            say(f"the live view failed, the recording goes on: {type(error).__name__}: {error}")


def _lines(events: list[dict[str, Any]]) -> bytes:
    import json

    return b"".join(json.dumps(e, separators=(",", ":")).encode() + b"\n" for e in events)
