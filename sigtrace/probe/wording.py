"""What there is to say of a send before it is known what was sent, and of those who hear it.

A signal is sent by the same class to the same receivers again and again: the texts that stay the
same are made once, so that a line costs little more than its numbers.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .describe import Describer
    from .naming import Receiver, Signals

_MOST = 2_000


class Call:
    """The texts of a receiver at its place in the order; `begin` and `end` are parts of lines."""

    __slots__ = ("begin", "end", "index", "known", "uid")

    def __init__(self, wording: Wording, index: int, known: Receiver, uid: str) -> None:
        self.known = known
        self.index = index
        self.uid = uid
        self.begin = f',"name":{known.name}{known.place.begin}'
        self.end = (
            f',"receiver":{known.name},"signal":{wording.signal},"sender":{wording.sender}'
            f'{known.place.fields},"index":{index},"dispatch_uid":{uid}'
        )


class Wording:
    """The texts of all sends of one signal by one sender."""

    __slots__ = ("calls", "sender", "short", "signal")

    def __init__(self, signal: str, short: str, sender: str) -> None:
        self.signal = signal
        self.short = short
        self.sender = sender
        self.calls: list[Call] = []

    def call(self, index: int, known: Receiver, uid: str) -> Call:
        """The texts of the receiver at that place."""
        calls = self.calls
        if index < len(calls):
            call = calls[index]
            if call.known is known and call.uid == uid:
                return call
        call = Call(self, index, known, uid)
        if index < len(calls):
            calls[index] = call
        elif index == len(calls):
            calls.append(call)
        return call


class Wordings:
    """Remembers the texts by signal and sender, neither of which it compares or keeps alive."""

    def __init__(self, signals: Signals, describe: Describer) -> None:
        self._signals = signals
        self._describe = describe
        self._known: dict[tuple[int, int], tuple[ref[Any], ref[Any], Wording]] = {}

    def __call__(self, signal: Any, sender: Any) -> Wording:
        """Return the texts for a send."""
        key = (id(signal), id(sender))
        found = self._known.get(key)
        if found is not None and found[0]() is signal and found[1]() is sender:
            return found[2]
        name = self._signals(signal)
        wording = Wording(name.path, name.short, self._describe.sender(sender))
        if name.is_final:
            if len(self._known) >= _MOST:
                self._known.clear()
            try:
                self._known[key] = (ref(signal), ref(sender), wording)
            except TypeError:
                # Text, None: what takes no weak reference is named anew each time.
                pass
        return wording


def repeats(receivers: Sequence[Any]) -> str:
    """Say which receivers of a send are one that comes earlier: their places, as a JSON object.

    What a function makes anew, and a method of another instance, is another receiver.
    """
    if len(receivers) < 2:
        return "{}"
    first: dict[Any, int] = {}
    again = []
    for index, one in enumerate(receivers):
        same = (id(one.__self__), id(one.__func__)) if type(one) is MethodType else id(one)
        if first.setdefault(same, index) != index:
            again.append(f'"{index}":{first[same]}')
    return "{%s}" % ",".join(again)
