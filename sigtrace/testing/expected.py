"""What a test expects to be sent, and how that differs from what was."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from sigtrace.testing.names import is_receiver, is_sender, is_signal, text_of
from sigtrace.testing.probing import receiver_name, sender_name, signal_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sigtrace.testing.records import Call, Send

UNEXPECTED = "← not expected"
MISSING = "← missing after it:"

_ARROWS = ("→", "->")


@dataclass(frozen=True)
class Sent:
    """A send, or a call of a receiver, as it is compared and shown; `id` is that of its span."""

    signal: str
    sender: str | None
    receiver: str | None
    id: str

    @property
    def text(self) -> str:
        return _text(self.signal.rpartition(".")[2], self.sender, self.receiver)


@dataclass(frozen=True)
class Expected:
    """An item of a list of expectations: a text such as `post_save blog.Article → log_article`."""

    text: str
    has_receiver: bool
    matches: Callable[[Sent], bool]


def read(item: Any) -> Expected:
    """Read an item: a text, a signal, or a tuple of signal, sender and receiver.

    Sender and receiver may be left out, which means any. Raises ValueError for anything else.
    """
    signal, *rest = _parts(item)
    if not rest:
        rest = [...]
    sender, receiver = (*rest, ...)[:2]
    matches = [
        _field(is_signal(signal), "signal"),
        *([_field(is_sender(sender), "sender")] if sender is not ... else []),
        *([_field(is_receiver(receiver), "receiver")] if receiver is not ... else []),
    ]
    text = _text(
        text_of(signal, lambda thing: signal_name(thing).rpartition(".")[2]),
        None if sender in (..., None) else text_of(sender, sender_name),
        None if receiver is ... else text_of(receiver, receiver_name),
    )
    return Expected(text, receiver is not ..., lambda sent: all(match(sent) for match in matches))


def sent(sends: Sequence[Send], *, receivers: bool) -> list[Sent]:
    """What was sent, or with `receivers` who was called, in the order in which it happened."""
    if not receivers:
        return [Sent(send.signal, send.sender, None, send.id) for send in sends]
    calls = sorted(
        (call for send in sends for call in send.calls if not call.is_djangos),
        key=_number,
    )
    return [Sent(call.signal, call.sender, call.receiver, call.id) for call in calls]


def difference(
    expected: Sequence[Expected], found: Sequence[Sent]
) -> tuple[list[str], dict[str, str]]:
    """The lines of a comparison, and what to mark spans with, by id; both empty if it fits."""
    if len(expected) == len(found) and all(
        item.matches(one) for item, one in zip(expected, found, strict=True)
    ):
        return [], {}
    ours = [_named(place, item, found) for place, item in enumerate(expected)]
    theirs = [one.text for one in found]
    lines: list[str] = []
    marks: dict[str, str] = {}
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        if what == "equal":
            lines += [f"    {text}" for text in theirs[j1:j2]]
            continue
        missing = [item.text for item in expected[i1:i2]]
        lines += [f"  - {text}" for text in missing]
        lines += [f"  + {text}" for text in theirs[j1:j2]]
        marks |= {one.id: UNEXPECTED for one in found[j1:j2]}
        if missing and j1:
            marks.setdefault(found[j1 - 1].id, f"{MISSING} {', '.join(missing)}")
    return lines, marks


def _named(place: int, item: Expected, found: Sequence[Sent]) -> str:
    """The text of what an item stands for, at its own place if that fits."""
    nearest = sorted(enumerate(found), key=lambda one: abs(one[0] - place))
    return next((one.text for _, one in nearest if item.matches(one)), item.text)


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


def _field(asked: Callable[[Any], bool], name: str) -> Callable[[Sent], bool]:
    return lambda one: asked(getattr(one, name))


def _text(signal: str, sender: str | None, receiver: str | None) -> str:
    words = [signal] if sender is None else [signal, sender]
    return " ".join(words if receiver is None else [*words, "→", receiver])


def _number(call: Call) -> int:
    return int(call.id.rpartition("-")[2])


def parts_of(items: Sequence[Any]) -> Iterator[Expected]:
    """Read a list of expectations. Raises ValueError if some name receivers and others do not."""
    read_items = [read(item) for item in items]
    named = [item.has_receiver for item in read_items]
    if any(named) and not all(named):
        odd = read_items[named.index(False)].text
        raise ValueError(
            f"{odd!r} names no receiver, and others do: expect sends or calls, not both."
        )
    yield from read_items
