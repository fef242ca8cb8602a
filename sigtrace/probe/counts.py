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
    """The cumulative counts of this process; `due` is when (`clock`) they should be written.

    `counters` has one for each signal, by its id: its next number is for a send that nobody heard.
    """

    def __init__(self) -> None:
        self.queries = 0
        self.dropped = 0
        self.due = 0
        self.counters: dict[int, itertools.count[int]] = {}
        self._unheard: dict[int, ref[Any]] = {}
        # Of signals that are gone.
        self._collected = 0
        self._muted: list[Any] = []
        self._written = (0, 0, 0)

    def mute(self, signal: Any) -> None:
        """Say nothing of the sends of that signal."""
        self._muted.append(signal)
        self.counters[id(signal)] = itertools.count(1)

    def unheard(self, signal: Any) -> None:
        """Count a send that no receiver heard."""
        try:
            next(self.counters[id(signal)])
        except KeyError:
            self._count_first(signal)

    def _count_first(self, signal: Any) -> None:
        number = id(signal)
        # A signal may outlive this module's globals when the interpreter ends.
        value = _value

        def forget(_: Any) -> None:
            # Before another signal gets its id.
            del self._unheard[number]
            self._collected += value(self.counters.pop(number))

        self._unheard[number] = ref(signal, forget)
        self.counters[number] = itertools.count(2)

    def line(self, process: Process, name_of: Callable[[Any], Name]) -> str:
        """Return the counts as a line, empty if they are those of the last one."""
        self.due = clock() + _EVERY_NS
        unheard: dict[str, int] = {}
        if self._collected:
            unheard['"collected"'] = self._collected
        for number, reference in list(self._unheard.items()):
            signal = reference()
            if signal is not None:
                path = name_of(signal).path
                unheard[path] = unheard.get(path, 0) + _value(self.counters[number])
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
        self.counters.clear()
        for signal in self._muted:
            self.counters[id(signal)] = itertools.count(1)
        self._collected = 0
        self._written = (0, 0, 0)
        self.queries = 0
        self.dropped = 0


def _value(counter: itertools.count[int]) -> int:
    # Its repr, "count(7)", is the one way to read a counter without advancing it.
    return int(repr(counter)[6:-1]) - 1
