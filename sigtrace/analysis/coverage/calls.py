"""Who was called for whom, how often, and by which test first: one pass over the lines of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

Event = dict[str, Any]

# Recording each migration sends post_save, so that any-sender receivers would all count as called.
_OF_MIGRATING = ("django.db.models.signals.pre_migrate", "django.db.models.signals.post_migrate")


class Key(NamedTuple):
    """A receiver that hears a signal of a sender."""

    signal: str
    receiver: str
    sender: str | None


@dataclass(slots=True)
class Called:
    """How often, and by which test first, at which time: Unix nanoseconds.

    `test` is None, and `time` that of the first call, if none was made in a test.
    """

    calls: int
    time: int
    test: str | None

    def since(self) -> tuple[bool, int]:
        """What to sort by for the first one: tests before all else."""
        return self.test is None, self.time


class Defined(NamedTuple):
    """Where a receiver stands, and whose code that is."""

    file: str | None
    line: int | None
    origin: str | None


class Calls:
    """Adds up calls of receivers, and remembers where each stands.

    Of spans and scopes only what is still needed is kept.
    """

    def __init__(self) -> None:
        self.of: dict[Key, Called] = {}
        self.places: dict[str, Defined] = {}
        self.dropped = 0
        self.unseen: dict[str, None] = {}
        self._dropped: dict[str, int] = {}
        self._scopes: dict[str, tuple[str, str, str | None]] = {}
        self._open: dict[str, Event] = {}

    def feed(self, event: Event) -> None:
        """Take the next line of a run."""
        what = event["event"]
        if what == "end":
            if event["kind"] == "receiver":
                self._ended(event)
        elif what == "scope":
            name = str(event.get("name"))
            self._scopes[event["id"]] = (str(event.get("kind")), name, event.get("parent"))
        elif what == "begin" and event["kind"] in ("send", "receiver"):
            self._open[event["id"]] = event
        elif what == "counts":
            # Cumulative: the last ones of a process count.
            self._dropped[event["process"]] = int(event.get("dropped") or 0)
            self.unseen.update(dict.fromkeys(event.get("unseen") or ()))

    def unfinished(self) -> list[tuple[str, str, int]]:
        """The calls that never ended, as receiver, last part of the signal, and time."""
        found = []
        for event in self._open.values():
            send = self._open.get(event.get("parent") or "")
            if event["kind"] == "receiver" and send is not None:
                found.append((str(event.get("name")), str(send.get("name")), int(event["time"])))
        return found

    def next_run(self) -> None:
        """Forget what only holds within a run: its ids."""
        self.dropped += sum(self._dropped.values())
        self._dropped.clear()
        self._scopes.clear()
        self._open.clear()

    def _ended(self, event: Event) -> None:
        self._open.pop(event["id"], None)
        key = Key(
            event.get("signal") or "",
            event.get("receiver") or event.get("name") or "",
            event.get("sender"),
        )
        test, migrates = self._around(event.get("scope"))
        if migrates and key.signal not in _OF_MIGRATING:
            return
        called = Called(1, event["time"], test)
        known = self.of.setdefault(key, called)
        if known is called:
            place = Defined(event.get("file"), event.get("line"), event.get("origin"))
            self.places.setdefault(key.receiver, place)
            return
        known.calls += 1
        if called.since() < known.since():
            known.time, known.test = called.time, called.test

    def _around(self, scope: str | None) -> tuple[str | None, bool]:
        """The test around a scope, whose name never grows, and whether `migrate` is between."""
        migrates = False
        while scope is not None:
            kind, name, outer = self._scopes.get(scope, ("", "", None))
            if kind == "test":
                return name, migrates
            migrates = migrates or (kind, name) == ("command", "migrate")
            scope = outer
        return None, migrates
