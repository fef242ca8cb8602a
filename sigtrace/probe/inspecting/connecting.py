"""What each call of `connect` asked for, and what has become of it since."""

from __future__ import annotations

import weakref
from types import MethodType
from typing import TYPE_CHECKING, Any

from ..connections import key_of
from ..uids import addresses_of
from .connectors import find_connector
from .notes import Note, alive, label_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..places import Places
    from .facts import Facts

Record = dict[str, Any]


class Notes:
    """The calls of `connect` of all signals, by signal and in their order."""

    def __init__(self, facts: Facts, places: Places) -> None:
        self._facts = facts
        self._places = places
        self._notes: dict[int, dict[Any, list[Note]]] = {}
        self._calls: dict[int, int] = {}
        self._lazy: dict[tuple[int, Any, str], Record] = {}
        self._numbers: dict[Any, int] = {}
        self.warnings: list[str] = []

    def made(self, signal: Any) -> None:
        """Begin with a new signal; another one may have had its id before."""
        self._notes[id(signal)] = {}
        self._calls[id(signal)] = 0

    # The hooks

    def make_connect(self, original: Any) -> Any:
        """Return what replaces `Signal.connect`."""

        def connect(
            self_: Any,
            receiver: Any,
            sender: Any = None,
            weak: Any = True,
            dispatch_uid: Any = None,
        ) -> Any:
            result = original(self_, receiver, sender=sender, weak=weak, dispatch_uid=dispatch_uid)
            try:
                self._connected(self_, receiver, sender, weak, dispatch_uid)
            except Exception as error:
                self.failed(error)
            return result

        return connect

    def make_lazy_connect(self, original: Any) -> Any:
        """Return what replaces `ModelSignal.connect`, whose sender may be a string."""

        def connect(
            self_: Any,
            receiver: Any,
            sender: Any = None,
            weak: Any = True,
            dispatch_uid: Any = None,
            apps: Any = None,
        ) -> Any:
            before = self.calls(self_)
            result = original(self_, receiver, sender, weak, dispatch_uid, apps)
            try:
                if type(sender) is str and self.calls(self_) == before:
                    told = self._tell(self_, receiver, sender, weak, dispatch_uid)
                    told["sender"]["kind"] = "lazy"
                    self._lazy[id(self_), key_of(receiver), sender.lower()] = told
            except Exception as error:
                self.failed(error)
            return result

        return connect

    def failed(self, error: Exception) -> None:
        """Note a failure of ours: the project is set up all the same."""
        self.warnings.append(f"a connection could not be described: {error!r}")

    def _connected(self, signal: Any, receiver: Any, sender: Any, weak: Any, uid: Any) -> None:
        self._calls[id(signal)] = self.calls(signal) + 1
        key = (key_of(receiver), key_of(sender))
        notes = self._notes.setdefault(id(signal), {}).setdefault(key, [])
        new = Note(key, uid or None, {})
        entry = next((e for e in reversed(signal.receivers) if new.stands_for(e)), None)
        if entry is None or key_of(alive(entry)) != key[0]:
            return  # Another receiver has that dispatch_uid: Django has not connected this one.
        for note in notes:
            if note.stands_for(entry):
                note.connects += 1
                return
        new.told = self._tell(signal, receiver, sender, weak, uid)
        waited = self._lazy.pop((id(signal), key[0], label_of(sender)), None)
        if waited is not None:
            # Connected now that its model is there; asked for by another line, and before.
            new.told["connected_at"] = waited["connected_at"]
        if weak:
            target = receiver.__self__ if type(receiver) is MethodType else receiver
            new.watch = weakref.ref(target, self._mourner(new, weakref.ref(signal)))
        notes.append(new)

    def _tell(self, signal: Any, receiver: Any, sender: Any, weak: Any, uid: Any) -> Record:
        at = find_connector(self._places)
        addresses = addresses_of(signal, receiver, sender)
        return {
            "receiver": self._receiver(receiver),
            "sender": self._facts.sender(sender),
            "dispatch_uid": self._facts.uid(uid, addresses) if uid else None,
            "weak": bool(weak),
            "connected_at": None
            if at.filename is None
            else {
                **self._facts.place(at.filename, at.line),
                "how": at.how,
                "ready": at.ready,
            },
        }

    # What is left at the end

    def calls(self, signal: Any) -> int:
        """Return how often `connect` has been called on a signal."""
        return self._calls.get(id(signal), 0)

    def connections(self, signal: Any) -> Iterator[Record]:
        """Describe what is connected to a signal, in Django's order."""
        for entry in list(signal.receivers):
            receiver = alive(entry)
            if receiver is None:
                continue
            noted = self._notes.get(id(signal), {}).get((key_of(receiver), entry[0][1]), ())
            note = next((note for note in noted if note.stands_for(entry)), None)
            if note is not None:
                told = {**note.told, "connects": note.connects}
            else:
                told = self._unnoted(entry, receiver)
            yield {**told, "is_async": len(entry) > 2 and entry[-1] is True}

    def collected(self, signal: Any) -> Iterator[Record]:
        """Describe the weak connections of a signal whose receivers are gone."""
        for notes in self._notes.get(id(signal), {}).values():
            yield from (note.told for note in notes if note.collected)

    def lazy(self, signal: Any) -> Iterator[Record]:
        """Describe what waits for a model that has not come."""
        for (number, _, _), told in self._lazy.items():
            if number == id(signal):
                yield told

    def _unnoted(self, entry: Any, receiver: Any) -> Record:
        """Describe what got into the list by other means than `connect`."""
        return {
            "receiver": self._receiver(receiver),
            "sender": self._facts.sender_of_entry(entry),
            "weak": isinstance(entry[1], weakref.ReferenceType),
            "connects": 0,
        }

    def _receiver(self, receiver: Any) -> Record:
        number = self._numbers.setdefault(key_of(receiver), len(self._numbers) + 1)
        return {**self._facts.receiver(receiver), "number": number}

    def _mourner(self, note: Note, signal: weakref.ref[Any]) -> Callable[[Any], None]:
        """Return what notes that a receiver has died, and whether it was connected until then."""

        def mourn(_: Any) -> None:
            left = signal()
            note.collected = left is not None and any(map(note.stands_for, left.receivers))
            note.gone = True
            # The next one may be where it was: it gets a number of its own.
            self._numbers[object()] = self._numbers.pop(note.key[0], 0)

        return mourn
