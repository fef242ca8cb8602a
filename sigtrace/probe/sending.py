"""One open send, from its call to its return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .places import NOWHERE
from .receiving import Receiving
from .spans import CALLS_USERS, Span, current

if TYPE_CHECKING:
    from collections.abc import Generator

    from .places import Place
    from .tools import Tools
    from .wording import Wording

_NOTHING: dict[str, Any] = {}


class Sending(Receiving):
    """A send between its call and its return. Its lines are written only if somebody hears it.

    `by_users` says whether the project's own code sent it, not Django on the way through an
    operation; `calls` is the loop's iterator, where something else keeps that alive.
    """

    __slots__ = (
        "arguments",
        "by_users",
        "calls",
        "expected",
        "named",
        "resolving",
        "signal",
        "site",
        "wording",
        "wrapped",
    )

    arguments: str
    by_users: bool
    calls: Generator[Any] | None
    expected: list[Any] | tuple[()]
    named: dict[str, Any]
    resolving: bool
    signal: Any
    site: Place
    wording: Wording
    wrapped: bool

    def open(
        self,
        tools: Tools,
        up: Span | None,
        signal: Any,
        sender: Any,
        named: dict[str, Any],
        method: str,
    ) -> None:
        """Open a send under `up`, the current span."""
        self.kind = "send"
        self.tools = tools
        self.recorder = recorder = tools.recorder
        self.signal = signal
        self.named = named
        self.method = method
        self.wording = wording = tools.wordings.get(signal, sender)
        self.name = wording.short
        self.expected = ()
        self.calls = None
        self.resolving = self.wrapped = self.over = False
        recorder.place(self, up)
        self.by_users = by_users = up is None or up.kind in CALLS_USERS
        self.site = tools.sites.find() if by_users else NOWHERE

    def heard(self, receivers: list[Any], sender: Any) -> None:
        """Say who is about to be called, in order; if a send asks again, the last ones count."""
        tools = self.tools
        if not self.expected:
            named = self.named
            describe = tools.describe
            instance = named.get("instance")
            model = None if instance is None else describe.model(type(instance))
            self.instance = None if model is None else instance
            self.held = self.open_call = None
            self.arguments = describe.arguments(named, self.wording, model)
            self.reached = []
        self.plan = tools.wordings.plan(self.wording, self.signal, sender, receivers)
        self.expected = receivers

    def discard(self) -> None:
        """Take back what was no send, nothing of which is written: somebody asked who listens."""
        current.set(self.up)
        self.recorder.counts.unseen(self.signal)
        self.over = True
        self.instance = self.calls = self.held = None
        self.named = _NOTHING
        self.expected = ()

    def close(self, error: BaseException | None) -> None:
        """End the send and the receiver that it stopped in; what nobody heard is only counted."""
        recorder = self.recorder
        if self.calls is not None:
            self.calls.close()
        current.set(self.up)
        if not self.expected:
            if not self.begun:
                recorder.counts.unheard(self.signal)
                return
            # One of a subclass's own, which asks nobody who listens, and did what is recorded.
            self.heard([], None)
        self.over = True
        if error is not None:
            self.error = error
            # One that goes on in its thread, while an asynchronous one has raised, is not open.
            if self.open_call is not None:
                self.end_call(error)
        wording, plan = self.wording, self.plan
        names = plan.names
        missed = ""
        if self.reached != plan.calls:
            names = ",".join([call.name for call in self.reached])
            missed = ",".join([call.name for call in plan.calls if call not in self.reached])
        tail = (
            f',"signal":{wording.signal},"sender":{wording.sender},'
            f'"arguments":{self.arguments},"method":"{self.method}",'
            f'"receivers":[{names}],"not_reached":[{missed}],"repeats":{plan.repeats}'
            f"{self.site.fields}"
        )
        # A task that a receiver has started keeps the span in its context: not what was sent.
        self.instance = self.calls = self.held = None
        self.named = _NOTHING
        self.expected = ()
        if self.by_users:
            recorder.finish(self, tail)
        else:
            # Inside a save Django goes on, and its next border writes this.
            recorder.end(self, tail)
        # A receiver that is called yet begins no send anew.
        self.begun = True
