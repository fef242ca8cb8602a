"""What the hook on `connect` has seen: who was connected to what, with which uid, and where."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from ..events import UNKNOWN, sender_kind
from .identity import receiver_key
from .places import NOWHERE
from .text import quote
from .uids import addresses_of, without_addresses

if TYPE_CHECKING:
    from .describe import Describer
    from .naming import Receivers, Signals
    from .places import Place
    from .sites import Sites


class Connections:
    """Knows the signals that were connected to, and of each connection what Django forgets.

    `came_late` says that some were connected before there was a hook on `connect`. Without
    `keep_values` of a sender that is a value only its type is written. `version` is another one
    after each connection.
    """

    def __init__(
        self, describe: Describer, receivers: Receivers, signals: Signals, sites: Sites
    ) -> None:
        self._describe = describe
        self._receivers = receivers
        self._signals = signals
        self._sites = sites
        self._seen: dict[int, ref[Any]] = {}
        self._notes: dict[tuple[int, Any], _Note] = {}
        self._with_uid: set[int] = set()
        self.version = 0
        self.came_late = False
        self.keep_values = True

    def find_all(self, signal_class: type) -> None:
        """Look for the signals that were there before we came."""
        import gc  # what is traced from its start has no need of it

        self.came_late = True
        for thing in gc.get_objects():
            if issubclass(type(thing), signal_class) and thing.__dict__.get("receivers"):
                self._seen.setdefault(id(thing), ref(thing))

    def forget(self) -> None:
        """Forget what was connected: the hook on `connect` goes."""
        self._seen.clear()
        self._notes.clear()
        self._with_uid.clear()
        self.version += 1

    def connected(self, signal: Any, receiver: Any, sender: Any, uid: Any) -> None:
        """Remember one call of `connect`."""
        self.version += 1
        number = id(signal)
        # Not once: another signal may have had this id and be gone.
        self._seen[number] = ref(signal)
        key = (uid or key_of(receiver), key_of(sender))
        if len(self._notes) > _MOST_NOTES:
            self._notes.clear()
        place = self._sites.find()
        text = "null"
        if uid:
            self._with_uid.add(number)
            text = self._uid(uid, addresses_of(signal, receiver, sender))
        try:
            self._notes[number, key] = _Note(
                self._describe.sender(sender), text, place, key_of(receiver)
            )
        except TypeError:
            # An unhashable uid: Django compares, we cannot look it up.
            pass

    def uids(self, signal: Any, sender: Any, receivers: list[Any]) -> dict[int, str]:
        """Return the uids (JSON text) of the live receivers of a send, by their place in it."""
        number = id(signal)
        if number not in self._with_uid and not self.came_late:
            return {}
        sender_key = key_of(sender)
        waiting: dict[Any, list[str]] = {}
        for entry in list(signal.receivers):
            if entry[0][1] in (_NOBODY, sender_key):
                note = self._notes.get((number, entry[0])) or self._unnoted(signal, entry)
                if note is not None:
                    waiting.setdefault(note.receiver, []).append(note.uid)
        found = {}
        for index, receiver in enumerate(receivers):
            queue = waiting.get(key_of(receiver))
            if queue:
                uid = queue.pop(0)
                if uid != "null":
                    found[index] = uid
        return found

    def of_any_sender(self, signal: Any, receivers: list[Any]) -> set[int]:
        """Return the places of the receivers of a send that hear any sender."""
        connected = signal.receivers
        if not issubclass(type(connected), list):
            return set()
        keys = set()
        for entry in [*list.__iter__(connected)]:
            if entry[0][1] == _NOBODY:
                receiver = entry[1]
                if issubclass(type(receiver), ReferenceType):
                    receiver = receiver()
                keys.add(receiver_key(receiver))
        if not keys:
            return set()
        return {index for index, one in enumerate(receivers) if receiver_key(one) in keys}

    def write(
        self, path: str, settings: str | None, muted: tuple[str, ...], apps: list[str]
    ) -> None:
        """Write `receivers.json`, unless another process of the run has. Raises OSError."""
        if os.path.exists(path):
            return
        signals: dict[str, list[str]] = {}
        for reference in list(self._seen.values()):
            signal = reference()
            if signal is not None:
                name = self._signals(signal).path
                signals.setdefault(name, []).extend(self._lines(signal))
        text = '{"schema":1,"settings":%s,"signals":[%s],"muted":[%s],"apps":[%s]}\n' % (
            "null" if settings is None else quote(settings),
            ",".join(
                '\n{"signal":%s,"receivers":[%s]}' % (name, ",".join(lines))
                for name, lines in sorted(signals.items())
            ),
            ",".join(quote(name) for name in muted),
            ",".join(quote(name) for name in apps),
        )
        # Written aside: a reader sees all of it or nothing.
        aside = f"{path}.{os.getpid()}"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(text.encode("ascii"))
            os.replace(aside, path)
        except OSError:
            os.unlink(aside)
            raise

    def _lines(self, signal: Any) -> list[str]:
        lines = []
        for entry in list(signal.receivers):
            receiver = entry[1]
            weak = issubclass(type(receiver), ReferenceType)
            if weak:
                receiver = receiver()
                if receiver is None:
                    continue
            known = self._receivers(receiver)
            note = self._notes.get((id(signal), entry[0])) or self._unnoted(signal, entry)
            sender = "null" if note is None else note.sender
            if not self.keep_values and sender != "null":
                sender = f'"{sender_kind(sender[1:-1])}"'
            connected_at = "null"
            if note is not None and note.place.begin:
                connected_at = "{%s}" % note.place.begin[1:]
            lines.append(
                '\n {"receiver":%s,"sender":%s%s,"dispatch_uid":%s,"weak":%s,"async":%s,'
                '"connected_at":%s}'
                % (
                    known.name,
                    sender,
                    known.place.fields,
                    "null" if note is None else note.uid,
                    "true" if weak else "false",
                    "true" if len(entry) > 2 and entry[-1] is True else "false",
                    connected_at,
                )
            )
        return lines

    def _uid(self, uid: Any, addresses: frozenset[int]) -> str:
        told = without_addresses(uid, addresses)
        return quote(told[:80]) if type(told) is str else self._describe.value(told)

    def _unnoted(self, signal: Any, entry: Any) -> _Note | None:
        """What Django still knows of a connection that was made before we came."""
        receiver = entry[1]() if issubclass(type(entry[1]), ReferenceType) else entry[1]
        if not self.came_late or receiver is None:
            return None
        (first, sender), key = entry[0][:2], key_of(receiver)
        text = "null"
        # An id, or two of a method: anything else is the uid that was given.
        if type(first) not in (int, tuple) or first != key:
            text = self._uid(first, addresses_of(signal, receiver) | {sender})
        return _Note(self._sender_of(sender), text, NOWHERE, key)

    def _sender_of(self, number: int) -> str:
        """Name the sender with that id: any, or one of the models and app configurations."""
        if number == _NOBODY:
            return "null"
        registry = sys.modules["django.apps"].apps
        models = registry.get_models(include_auto_created=True) if registry.models_ready else ()
        for sender in (*models, *registry.app_configs.values()):
            if id(sender) == number:
                return self._describe.sender(sender)
        return quote(UNKNOWN)


class _Note:
    __slots__ = ("place", "receiver", "sender", "uid")

    def __init__(self, sender: str, uid: str, place: Place, receiver: Any) -> None:
        self.sender = sender
        self.uid = uid
        self.place = place
        self.receiver = receiver


def key_of(target: Any) -> Any:
    """Django's own key of a receiver or sender (`dispatcher._make_id`)."""
    if hasattr(target, "__func__"):
        return (id(target.__self__), id(target.__func__))
    return id(target)


_NOBODY = key_of(None)
_MOST_NOTES = 50_000
