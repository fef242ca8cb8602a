"""What is counted and not recorded: sends that nobody heard or we see nothing of, queries outside
chains, lost spans.
"""

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
        self._unseen: dict[int, tuple[ref[Any], itertools.count[int]]] = {}
        # Of signals that are gone.
        self._collected = 0
        self._muted: list[Any] = []
        self._written = (0, 0, 0, 0)

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

    def unseen(self, signal: Any) -> None:
        """Count that the project's own code asked who listens: whom it calls is not known."""
        number = id(signal)
        known = self._unseen.get(number)
        if known is None:
            unseen = self._unseen
            reference = ref(signal, lambda _: unseen.pop(number, None))
            known = unseen[number] = (reference, itertools.count(1))
        next(known[1])

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
        unseen: dict[str, int] = {}
        for reference, counter in list(self._unseen.values()):
            signal = reference()
            if signal is not None:
                path = name_of(signal).path
                unseen[path] = unseen.get(path, 0) + _value(counter)
        counted = (sum(unheard.values()), sum(unseen.values()), self.queries, self.dropped)
        if counted == self._written:
            return ""
        self._written = counted
        return (
            f'{{"event":"counts","time":{clock() + process.epoch},"unheard":{{{_listed(unheard)}}},'
            f'"unseen":{{{_listed(unseen)}}},"queries":{self.queries},"dropped":{self.dropped}}}\n'
        )

    def clear(self) -> None:
        """Begin at zero, as a forked child does."""
        self._unheard.clear()
        self.counters.clear()
        for signal in self._muted:
            self.counters[id(signal)] = itertools.count(1)
        self._unseen.clear()
        self._collected = 0
        self._written = (0, 0, 0, 0)
        self.queries = 0
        self.dropped = 0


def _listed(counts: dict[str, int]) -> str:
    return ",".join(f"{path}:{number}" for path, number in sorted(counts.items()))


def _value(counter: itertools.count[int]) -> int:
    # Its repr, "count(7)", is the one way to read a counter without advancing it.
    return int(repr(counter)[6:-1]) - 1
