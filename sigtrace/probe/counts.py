"""What is counted and not recorded: sends that nobody heard, queries outside chains, lost spans."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any
from weakref import ref

from .spans import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .naming import Name
    from .process import Process

_EVERY_NS = 1_000_000_000


class Counts:
    """The cumulative counts of this process; `due` is when (`clock`) they should be written."""

    def __init__(self) -> None:
        self.queries = 0
        self.dropped = 0
        self.due = 0
        self._unheard: dict[int, tuple[itertools.count[int], Any]] = {}
        self._muted: list[Any] = []
        self._written = (0, 0, 0)

    def mute(self, signal: Any) -> None:
        """Say nothing of the sends of that signal."""
        self._muted.append(signal)
        self._unheard[id(signal)] = (itertools.count(1), None)

    def unheard(self, signal: Any) -> None:
        """Count a send that no receiver heard."""
        try:
            next(self._unheard[id(signal)][0])
        except KeyError:
            self._unheard[id(signal)] = (itertools.count(1), ref(signal))
            next(self._unheard[id(signal)][0])

    def line(self, process: Process, name_of: Callable[[Any], Name]) -> str:
        """Return the counts as a line, empty if they are those of the last one."""
        self.due = clock() + _EVERY_NS
        unheard: dict[str, int] = {}
        for counter, reference in list(self._unheard.values()):
            if reference is None:
                continue
            signal = reference()
            path = '"collected"' if signal is None else name_of(signal).path
            # Its repr, "count(7)", is the one way to read a counter without advancing it.
            unheard[path] = unheard.get(path, 0) + int(repr(counter)[6:-1]) - 1
        counted = (sum(unheard.values()), self.queries, self.dropped)
        if counted == self._written:
            return ""
        self._written = counted
        return '{"event":"counts","time":%d,"unheard":{%s},"queries":%d,"dropped":%d}\n' % (
            clock() + process.epoch,
            ",".join(f"{path}:{number}" for path, number in sorted(unheard.items())),
            self.queries,
            self.dropped,
        )

    def clear(self) -> None:
        """Begin at zero, as a forked child does."""
        self._unheard.clear()
        for signal in self._muted:
            self._unheard[id(signal)] = (itertools.count(1), None)
        self._written = (0, 0, 0)
        self.queries = 0
        self.dropped = 0
