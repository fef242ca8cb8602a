"""What of the lines that a reader passes over it needs to understand the ones that follow."""

from __future__ import annotations

import itertools
from typing import Any

Event = dict[str, Any]
_Line = tuple[int, Event]


class Past:
    """Takes lines in their order; keeps those of what has not ended, and each process's first."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._kept: list[_Line] = []
        self._counts: dict[str, _Line] = {}
        self._scopes: dict[str, _Line] = {}
        self._open: dict[str, _Line] = {}
        # Span that has not ended → the lines of what is over below it.
        self._below: dict[str, list[_Line]] = {}

    def feed(self, event: Event) -> None:
        """Take the next line."""
        line = (next(self._numbers), event)
        what = event["event"]
        if what == "end":
            self._end(line)
        elif what == "begin":
            self._open[event["id"]] = line
        elif what == "registered":
            self._put_below(event, [line])
        elif what == "counts":
            self._counts[event["process"]] = line
        elif what != "scope":
            self._kept.append(line)
        elif event.get("closed"):
            self._scopes.pop(event["id"], None)
        else:
            self._scopes[event["id"]] = line

    def lines(self) -> list[Event]:
        """The lines that are needed, in their order."""
        found = [*self._kept, *self._counts.values(), *self._scopes.values(), *self._open.values()]
        for parent, lines in self._below.items():
            if parent in self._open:
                found += lines
        return [event for _, event in sorted(found, key=lambda line: line[0])]

    def _end(self, line: _Line) -> None:
        _, event = line
        self._open.pop(event["id"], None)
        self._put_below(event, [*self._below.pop(event["id"], ()), line])

    def _put_below(self, event: Event, lines: list[_Line]) -> None:
        # A child's line may come before its parent's `begin`. A parent in another process has no
        # part in it: such a span is the root of a chain.
        parent = event.get("parent")
        if parent is not None and parent.rpartition("-")[0] == event["id"].rpartition("-")[0]:
            self._below.setdefault(parent, []).extend(lines)
