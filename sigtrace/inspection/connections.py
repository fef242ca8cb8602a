"""A signal, its connections, and where the code of each stands."""

from __future__ import annotations

from dataclasses import dataclass

OWN, THIRD_PARTY, DJANGO = "own", "third-party", "django"
"""Whose code something is: not installed in the environment, installed, or Django's."""

Uid = str | int | float | bool | None
"""A `dispatch_uid`: a string or number as it is; anything else as a text in angle brackets."""


@dataclass(frozen=True)
class Place:
    """Where code stands and whose it is; `package` and `version` only where it is third-party."""

    file: str | None = None
    line: int | None = None
    origin: str | None = None
    package: str | None = None
    version: str | None = None


NOWHERE = Place()


@dataclass(frozen=True)
class Receiver:
    """A receiver by what runs: a partial or a callable instance has the name of what it wraps.

    `kind` is function, method, partial, instance, class, or builtin; `accepts_kwargs` is None
    where the signature is not known. `refuses` are the arguments of every send that it is known not
    to take. Receivers of equal `number` are one and the same object.
    """

    name: str
    kind: str
    place: Place = NOWHERE
    accepts_kwargs: bool | None = None
    refuses: tuple[str, ...] = ()
    number: int = 0

    @property
    def is_lambda(self) -> bool:
        return "<lambda>" in self.name

    @property
    def is_local(self) -> bool:
        """Whether it was defined within a function."""
        return "<locals>" in self.name

    def repeats(self, other: Receiver) -> bool:
        """Whether it is the same function, or the same source imported once more.

        What a function makes anew at each call, partials and lambdas are functions of their own,
        whatever name they were given since.
        """
        if self.number == other.number:
            return True
        plain = self.kind == "function" and not self.is_local and not self.is_lambda
        is_same_source = self.place.file is not None and self.place == other.place
        return plain and is_same_source and self._last_name == other._last_name

    @property
    def _last_name(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Sender:
    """Whom a connection listens to.

    `kind` is any; model; class; string (the string itself is the sender); lazy (a string for a
    model that was never loaded: the connection was never made); object; unknown. `label` is what a
    trace says, so a string stands in quotes; `path` is the import path of a class.
    """

    kind: str
    label: str | None = None
    path: str | None = None
    abstract: bool = False
    historical: bool = False


@dataclass(frozen=True)
class Connector:
    """The line that connected: `how` is receiver (the decorator) or connect (the method).

    `ready` is the label of the app within whose `AppConfig.ready` it happened.
    """

    file: str | None
    line: int | None
    origin: str | None
    how: str
    ready: str | None = None


@dataclass(frozen=True)
class Connection:
    """A receiver on a signal; `connects` counts the calls of `connect` that asked for this one.

    Django makes one connection of them. Zero: the signal's list was changed by other means.
    """

    signal: str
    receiver: Receiver
    sender: Sender
    dispatch_uid: Uid = None
    weak: bool = False
    is_async: bool = False
    connected_at: Connector | None = None
    connects: int = 1


@dataclass(frozen=True)
class Signal:
    """A signal and what is connected to it, in Django's order.

    `collected` are the weak connections whose receiver was garbage before anything was sent,
    `lazy` those that wait for a model that was never loaded. `type` is the import path of its
    class, `connects` counts the calls of `connect` on it.
    """

    name: str
    type: str
    place: Place = NOWHERE
    connects: int = 0
    connections: tuple[Connection, ...] = ()
    collected: tuple[Connection, ...] = ()
    lazy: tuple[Connection, ...] = ()
