"""What a test expects to be sent, and what was, in a form that can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.paths import last_part
from sigtrace.testing.names import is_receiver, is_sender, is_signal, text_of
from sigtrace.testing.probing import receiver_name, sender_name, signal_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from weakref import ref

    from sigtrace.testing.blocks import Block
    from sigtrace.testing.identity import Target
    from sigtrace.testing.records import Send

_ARROWS = ("→", "->")
NO_SENDER = "(no sender)"


@dataclass(frozen=True)
class Sent:
    """A send, or a call of a receiver, as it is compared and shown; `id` is that of its span.

    `the_signal` and `target` are what the signal and the receiver are, as far as that is known;
    `nobody` is shown where there is no sender.
    """

    signal: str
    sender: str | None
    receiver: str | None
    id: str
    the_signal: ref[Any] | None = None
    target: Target = ()
    nobody: str | None = None

    @property
    def text(self) -> str:
        return _text(last_part(self.signal), self.sender or self.nobody, self.receiver)

    @property
    def path(self) -> str:
        return _text(self.signal, self.sender or self.nobody, self.receiver)


@dataclass(frozen=True)
class Expected:
    """An item of a list of expectations: a text such as `post_save blog.Article → log_article`.

    `path` is that text with the whole path of the signal, `signal` that or what was given of it.
    """

    text: str
    path: str
    signal: str
    has_no_sender: bool
    has_receiver: bool
    matches: Callable[[Sent], bool]


def read(item: Any) -> Expected:
    """Read an item: a text, a signal, or a tuple of signal, sender and receiver.

    Sender and receiver may be left out, which means any. Raises ValueError for a text or tuple of
    another form, TypeError for anything else.
    """
    signal, *rest = _parts(item)
    if not rest:
        rest = [...]
    sender, receiver = (*rest, ...)[:2]
    of_signal = is_signal(signal)
    of_sender = None if sender is ... else is_sender(sender)
    of_receiver = None if receiver is ... else is_receiver(receiver)

    def matches(one: Sent) -> bool:
        return (
            of_signal(one.signal, one.the_signal)
            and (of_sender is None or of_sender(one.sender))
            and (of_receiver is None or of_receiver(one.receiver or "", one.target))
        )

    names = (
        None if sender is ... else NO_SENDER if sender is None else text_of(sender, sender_name),
        None if receiver is ... else text_of(receiver, receiver_name),
    )
    text = _text(text_of(signal, lambda thing: last_part(signal_name(thing))), *names)
    signal_path = text_of(signal, signal_name)
    path = _text(signal_path, *names)
    return Expected(text, path, signal_path, sender is None, receiver is not ..., matches)


def sent(sends: Sequence[Send], block: Block, *, receivers: bool) -> list[Sent]:
    """What was sent, or with `receivers` who was called, in the order in which it happened."""
    signals = {send.id: block.signals.get(send.id) for send in sends}
    if not receivers:
        return [Sent(send.signal, send.sender, None, send.id, signals[send.id]) for send in sends]
    calls = [
        Sent(
            call.signal,
            call.sender,
            call.receiver,
            call.id,
            signals[send.id],
            block.receivers.get(call.id, ()),
        )
        for send in sends
        for call in send.calls
        if not call.is_djangos
    ]
    return sorted(calls, key=_number)


def _parts(item: Any) -> list[Any]:
    if isinstance(item, tuple):
        if 1 <= len(item) <= 3:
            return list(item)
        raise ValueError(f"A tuple of signal, sender and receiver is expected, not {item!r}.")
    if not isinstance(item, str):
        return [item]
    left, arrow, right = item, "", ""
    for sign in _ARROWS:
        if sign in item:
            left, arrow, right = item.partition(sign)
    words = left.split()
    if not 1 <= len(words) <= 2 or (arrow and len(right.split()) != 1):
        raise ValueError(f"{item!r} does not read as 'post_save blog.Article -> log_article'.")
    sender = words[1] if len(words) == 2 else ...
    return [words[0], sender, right.strip()] if arrow else [words[0], sender]


def _text(signal: str, sender: str | None, receiver: str | None) -> str:
    words = [signal] if sender is None else [signal, sender]
    return " ".join(words if receiver is None else [*words, "→", receiver])


def _number(call: Sent) -> int:
    return int(call.id.rpartition("-")[2])


def parts_of(items: Iterable[Any]) -> Iterator[Expected]:
    """Read a list of expectations.

    Raises ValueError if some name receivers and others do not, TypeError for what is no list.
    """
    if isinstance(items, str):
        raise TypeError(f"A list of signals is expected, not the text {items!r}.")
    if not isinstance(items, Iterable):
        raise TypeError(f"A list of signals is expected, not of type {type(items).__name__}.")
    read_items = [read(item) for item in items]
    named = [item.has_receiver for item in read_items]
    if any(named) and not all(named):
        odd = read_items[named.index(False)].text
        raise ValueError(
            f"{odd!r} names no receiver, and others do: expect sends or calls, not both."
        )
    yield from read_items
