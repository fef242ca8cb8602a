"""Who was called for whom, how often, and by which test first: one pass over the lines of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sigtrace.events import sender_kind

Event = dict[str, Any]

# Recording each migration sends post_save, so that any-sender receivers would all count as called.
_OF_MIGRATING = ("django.db.models.signals.pre_migrate", "django.db.models.signals.post_migrate")


Slot = str | int
"""Which of the connections of a key: its dispatch_uid, else how many of them come before it in the
same send.
"""


class Key(NamedTuple):
    """A receiver that hears a signal of a sender, and where it stands.

    Names alone do not tell receivers: what a decorator makes and lambdas have those of others. Of
    values that are senders it has the type, which is all that is recorded with `--values none`: how
    much was called does not depend on it.
    """

    signal: str
    receiver: str
    file: str | None
    line: int | None
    sender: str | None

    def of(self, sender: str | None) -> Key:
        """The same receiver for another sender."""
        return self._replace(sender=sender)


def kind_of(sender: str | None) -> str | None:
    """A sender as a key has it."""
    return None if sender is None else sender_kind(sender)


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


class Calls:
    """Adds up calls of receivers.

    Of spans and scopes only what is still needed is kept.
    """

    def __init__(self) -> None:
        self.of: dict[Key, dict[Slot, Called]] = {}
        self.origins: dict[Key, str | None] = {}
        self.senders: dict[Key, dict[str | None, None]] = {}
        self.dropped = 0
        self.unseen: dict[str, None] = {}
        self._dropped: dict[str, int] = {}
        self._scopes: dict[str, tuple[str, str, str | None]] = {}
        self._open: dict[str, Event] = {}
        # Of each send the places in its order of receivers that look the same.
        self._met: dict[str | None, dict[tuple[Any, ...], list[Any]]] = {}

    def feed(self, event: Event) -> None:
        """Take the next line of a run."""
        what = event["event"]
        if what == "end":
            if event["kind"] == "receiver":
                self._ended(event)
            elif event["kind"] == "send":
                self._met.pop(event["id"], None)
        elif what == "scope":
            name = str(event.get("name"))
            self._scopes[event["id"]] = (str(event.get("kind")), name, event.get("parent"))
        elif what == "begin" and event["kind"] in ("send", "receiver"):
            self._open[event["id"]] = event
        elif what == "counts":
            # Cumulative: the last ones of a process count.
            self._dropped[event["process"]] = int(event.get("dropped") or 0)
            self.unseen.update(dict.fromkeys(event.get("unseen") or ()))

    def unfinished(self) -> list[tuple[Key, Slot, int]]:
        """The calls that never ended, and their time.

        Their keys have the last part of the signal only, and no sender.
        """
        found = []
        for event in self._open.values():
            send = self._open.get(event.get("parent") or "")
            if event["kind"] == "receiver" and send is not None:
                name, place = str(event.get("name")), (event.get("file"), event.get("line"))
                key = Key(str(send.get("name")), name, *place, None)
                # Each is at a place of its own, whichever that is.
                slot = self._slot(key, {**event, "index": event["id"]})
                found.append((key, slot, int(event["time"])))
        return found

    def next_run(self) -> None:
        """Forget what only holds within a run: its ids."""
        self.dropped += sum(self._dropped.values())
        self._dropped.clear()
        self._scopes.clear()
        self._open.clear()
        self._met.clear()

    def _ended(self, event: Event) -> None:
        self._open.pop(event["id"], None)
        key = Key(
            event.get("signal") or "",
            event.get("receiver") or event.get("name") or "",
            event.get("file"),
            event.get("line"),
            kind_of(event.get("sender")),
        )
        test, migrates = self._around(event.get("scope"))
        if migrates and key.signal not in _OF_MIGRATING:
            return
        self.origins.setdefault(key.of(None), event.get("origin"))
        called = Called(1, event["time"], test)
        known = self.add(key, self._slot(key, event), called)
        if called.since() < known.since():
            known.time, known.test = called.time, called.test

    def add(self, key: Key, slot: Slot, called: Called) -> Called:
        """Count a call with those before it, which it returns."""
        self.senders.setdefault(key.of(None), {})[key.sender] = None
        slots = self.of.setdefault(key, {})
        known = slots.setdefault(slot, called)
        if known is not called:
            known.calls += called.calls
        return known

    def _slot(self, key: Key, event: Event) -> Slot:
        uid, index = event.get("dispatch_uid"), event.get("index")
        if uid is not None:
            return str(uid)
        alike = self._met.setdefault(event.get("parent"), {})
        places = alike.setdefault((key.receiver, key.file, key.line), [])
        if index not in places:
            places.append(index)
        return places.index(index)

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
