"""What there is to say of a send before it is known what was sent, and of those who hear it.

A signal is sent by the same class to the same receivers again and again: the texts that stay the
same are made once, so that a line costs little more than its numbers.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any
from weakref import ref

from .identity import receiver_key

if TYPE_CHECKING:
    from .connections import Connections
    from .describe import Describer
    from .naming import Receiver, Receivers, Signals

_MOST = 2_000


class Call:
    """The texts of a receiver at its place in the order; all but `name` are parts of lines.

    `begin` ends a line, and so does `done`: that of a call that returned and changed nothing.
    `target` tells the receiver from others of its name: weak references to it, for a method to its
    function and its instance; empty where one takes none.
    """

    __slots__ = ("begin", "done", "end", "name", "target")

    def __init__(
        self,
        wording: Wording,
        index: int,
        known: Receiver,
        uid: str,
        receiver: Any,
        *,
        any_sender: bool,
    ) -> None:
        self.name = known.name
        self.target = _target(receiver)
        self.begin = f',"name":{known.name}{known.place.begin}}}\n'
        self.end = (
            f',"receiver":{known.name},"signal":{wording.signal},"sender":{wording.sender}'
            f'{known.place.fields},"index":{index},"dispatch_uid":{uid}'
            f',"any_sender":{"true" if any_sender else "false"}'
        )
        self.done = (
            f',"exception":null{self.end},"mode":"sync","changes":{{}},"swallowed":false}}\n'
        )


class Plan:
    """The calls of a send in their order, and what its own line says of them as JSON text.

    It holds for as long as the same receivers are connected in the same way, and live.
    """

    __slots__ = ("_alive", "_ids", "_keys", "_version", "calls", "names", "repeats")

    def __init__(self, calls: list[Call], receivers: list[Any], version: int) -> None:
        self.calls = calls
        self.names = ",".join([call.name for call in calls])
        self.repeats = _repeats(receivers)
        self._version = version
        self._ids: list[int] | None = None
        self._keys: list[int] | None = None
        lasting = _lasting(receivers)
        try:
            self._alive = [ref(each, self._died) for each in lasting]
        except TypeError:
            # It may die without our knowledge, and another get its id.
            return
        self._keys = [*map(id, lasting)]
        if len(lasting) == len(receivers):
            self._ids = self._keys

    def _died(self, _: Any) -> None:
        self._ids = self._keys = None

    def holds(self, receivers: list[Any], version: int) -> bool:
        """Whether it still is the plan for these."""
        if self._version != version or self._keys is None:
            return False
        if self._ids is not None:
            return self._ids == [*map(id, receivers)]
        return self._keys == [*map(id, _lasting(receivers))]


def _target(receiver: Any) -> tuple[ref[Any], ...]:
    try:
        return tuple([ref(each) for each in _lasting([receiver])])
    except TypeError:
        return ()


def _lasting(receivers: list[Any]) -> list[Any]:
    """What tells receivers: a bound method is made anew for every send, its two parts are not."""
    lasting = []
    for receiver in receivers:
        if type(receiver) is MethodType:
            lasting += [receiver.__func__, receiver.__self__]
        else:
            lasting.append(receiver)
    return lasting


def _repeats(receivers: list[Any]) -> str:
    """Say which receivers of a send are one that comes earlier: their places, as a JSON object.

    What a function makes anew, and a method of another instance, is another receiver.
    """
    first: dict[Any, int] = {}
    again = []
    for index, one in enumerate(receivers):
        key = receiver_key(one)
        if first.setdefault(key, index) != index:
            again.append(f'"{index}":{first[key]}')
    return "{%s}" % ",".join(again)


class Usual:
    """Arguments that a sender sends again and again beside `instance`, and their text.

    Only None, booleans and strings: what can be kept alive and compared by identity.
    """

    __slots__ = ("names", "text", "values")

    def __init__(self, names: list[str], values: list[Any], text: str) -> None:
        self.names = names
        self.values = values
        self.text = text


class Wording:
    """The texts of all sends of one signal by one sender."""

    __slots__ = ("plan", "sender", "short", "signal", "usual")

    def __init__(self, signal: str, short: str, sender: str) -> None:
        self.signal = signal
        self.short = short
        self.sender = sender
        self.plan: Plan | None = None
        self.usual: Usual | None = None


class Wordings:
    """Remembers the texts by signal and sender, neither of which it compares or keeps alive."""

    def __init__(
        self,
        signals: Signals,
        receivers: Receivers,
        describe: Describer,
        connections: Connections,
    ) -> None:
        self._signals = signals
        self._receivers = receivers
        self._describe = describe
        self._connections = connections
        self._known: dict[tuple[int, int], tuple[Wording, list[ref[Any]]]] = {}

    def get(self, signal: Any, sender: Any) -> Wording:
        """Return the texts for a send."""
        key = (id(signal), id(sender))
        found = self._known.get(key)
        if found is not None:
            return found[0]
        name = self._signals(signal)
        wording = Wording(name.path, name.short, self._describe.sender(sender))
        if name.is_final:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._remember(key, signal, sender, wording)
        return wording

    def plan(self, wording: Wording, signal: Any, sender: Any, receivers: list[Any]) -> Plan:
        """Return the calls of a send that these will hear."""
        connections = self._connections
        plan = wording.plan
        if plan is None or not plan.holds(receivers, connections.version):
            uids = connections.uids(signal, sender, receivers)
            any_sender = connections.of_any_sender(signal, receivers)
            calls = [
                Call(
                    wording,
                    index,
                    self._receivers(receiver),
                    uids.get(index, "null"),
                    receiver,
                    any_sender=index in any_sender,
                )
                for index, receiver in enumerate(receivers)
            ]
            wording.plan = plan = Plan(calls, receivers, connections.version)
        return plan

    def _remember(self, key: tuple[int, int], signal: Any, sender: Any, wording: Wording) -> None:
        known = self._known

        def forget(_: Any) -> None:
            known.pop(key, None)

        try:
            # None lives on; text and what else takes no weak reference is named anew each time.
            kept = [ref(each, forget) for each in (signal, sender) if each is not None]
        except TypeError:
            return
        known[key] = (wording, kept)
