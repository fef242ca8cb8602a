"""Blocks of code of which something is expected: `with self.assertSignals([…]):`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sigtrace.errors import SigtraceError
from sigtrace.testing.alignment import DIFFERENT, MARKS, UNEXPECTED, difference
from sigtrace.testing.connected import check_receiver, check_signal, muted_for
from sigtrace.testing.drawing import draw
from sigtrace.testing.errors import TraceError
from sigtrace.testing.expected import parts_of, sent
from sigtrace.testing.names import ends_with, is_receiver, is_sender, text_of
from sigtrace.testing.probing import receiver_name, sender_name
from sigtrace.testing.senders import check_sender
from sigtrace.testing.shortening import shortened
from sigtrace.testing.trace import Trace
from sigtrace.views.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sigtrace.testing.records import Call

    Fail = Callable[[str], Any]

ANY_SENDER: Any = object()

__unittest = True


class Expecting(Trace):
    """A trace that is checked when its block ends well; `fail` raises what a test fails with."""

    def __init__(self, fail: Fail) -> None:
        super().__init__()
        self._fail = fail

    def _ended_well(self) -> None:
        __tracebackhide__ = True
        super()._ended_well()
        self.check()

    def check(self) -> None:
        """Fail if what happened is not what was expected."""
        raise NotImplementedError

    def differs(
        self, said: str, lines: Sequence[str] = (), marks: Mapping[str, str] | None = None
    ) -> None:
        """Fail with a sentence, lines that say more, and the tree with spans marked by their id."""
        __tracebackhide__ = True
        tree = str(draw(self.events, marks=marks)).splitlines()
        happened = tree or ["No receiver was called, and nothing was bypassed."]
        self._fail("\n".join([said, *shortened(lines, DIFFERENT), "", *shortened(happened, MARKS)]))


class ExpectSignals(Expecting):
    """Expects these sends, or calls of receivers, in this order, and no others."""

    def __init__(self, fail: Fail, expected: Iterable[Any]) -> None:
        super().__init__(fail)
        self._expected = list(parts_of(expected))

    def check(self) -> None:
        __tracebackhide__ = True
        receivers = any(item.has_receiver for item in self._expected)
        found = sent(self.sends, self._block, receivers=receivers)
        lines, marks = difference(self._expected, found)
        if lines:
            for item in self._expected:
                if not any(map(item.matches, found)):
                    check_signal(item.signal)
            what = "receiver calls" if receivers else "signals"
            said = f"The {what} are not those that were expected (- expected, + happened):"
            if not self._expected:
                said = f"No signals were expected, {_sent(len(found))}:"
            self.differs(said, lines, marks)


class ExpectCalls(Expecting):
    """Expects a receiver to be called that often: `times` None means at least once."""

    def __init__(
        self, fail: Fail, receiver: Callable[..., Any] | str, times: int | None, sender: Any
    ) -> None:
        super().__init__(fail)
        self._receiver = receiver
        self._asked = is_receiver(receiver)
        self._times = None if times is None else _number("times", times)
        self._sender = sender

    def check(self) -> None:
        __tracebackhide__ = True
        name = text_of(self._receiver, receiver_name)
        of = ""
        calls = self.calls(self._receiver)
        if self._sender is not ANY_SENDER:
            asked = is_sender(self._sender)
            calls = tuple(call for call in calls if asked(call.sender))
            of = f" for {text_of(self._sender, sender_name)}"
        if not calls:
            # What cannot be seen is neither called nor not called.
            muted_for(self._receiver)
        if self._times == 0 and not calls and self._sender is not ANY_SENDER:
            check_sender(self._sender, {send.sender for send in self._sends()})
        if len(calls) == self._times or (calls and self._times is None):
            return
        if not calls:
            wanted = "" if self._times is None else f", expected were {plural(self._times, 'call')}"
            self.differs(f"{name} was not called{of}{wanted}.", self._reasons())
        elif not self._times:
            said = f"{name} was called{of} {_times(len(calls))}, which is not expected."
            self.differs(said, (), _surplus(calls, 0))
        else:
            said = f"{name} was called{of} {_times(len(calls))}, expected were {self._times}."
            self.differs(said, (), _surplus(calls, self._times or 0))

    def __enter__(self) -> Self:
        __tracebackhide__ = True
        if self._times == 0:
            check_receiver(self._receiver)
        return super().__enter__()

    def _reasons(self) -> list[str]:
        """Why a receiver that was expected may not have been called."""
        if any(self._asked(name, ()) for name in self.not_reached):
            return ["It was not reached: a receiver before it has raised."]
        if any(self._asked(name, ()) for name in self.bypassed):
            return ["It was bypassed: a bulk write sends no signals."]
        others = self.calls(self._receiver)
        if others:
            senders = dict.fromkeys(str(call.sender) for call in others)
            return [f"It was called for {', '.join(senders)}."]
        name = text_of(self._receiver, receiver_name)
        if any(ends_with(call.receiver, name) for call in self.calls()):
            return ["Another receiver of that name was called, which is not this one."]
        try:
            check_receiver(self._receiver)
            muted = muted_for(self._receiver)
        except SigtraceError as error:
            return [error.message]
        return [f"{muted}."] if muted else []


class ExpectNumber(Expecting):
    """Expects that many calls of receivers, whichever they are."""

    def __init__(self, fail: Fail, number: int) -> None:
        super().__init__(fail)
        self._number = _number("number", number)

    def check(self) -> None:
        __tracebackhide__ = True
        calls = self.calls()
        if len(calls) != self._number:
            number = plural(len(calls), "receiver call")
            self.differs(
                f"{number}, expected were {self._number}.", (), _surplus(calls, self._number)
            )


def _number(name: str, value: object) -> int:
    __tracebackhide__ = True
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TraceError(f"{name} is a whole number of calls, not {value!r}.")
    return value


def _surplus(calls: Sequence[Call], expected: int) -> dict[str, str]:
    return {call.id: UNEXPECTED for call in calls[expected:]}


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _sent(number: int) -> str:
    return f"{number} {'was' if number == 1 else 'were'} sent"
