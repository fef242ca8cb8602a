"""`sigtrace.trace()`: what the signals in a block of code set off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sigtrace.testing import blocks
from sigtrace.testing.drawing import Drawing, draw
from sigtrace.testing.errors import TraceError
from sigtrace.testing.gathered import events_of
from sigtrace.testing.lasting import lasting, without_values
from sigtrace.testing.names import is_receiver
from sigtrace.testing.probing import IN_PROCESS
from sigtrace.testing.records import sends_in
from sigtrace.tree import Builder, order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from sigtrace.probe import Probe
    from sigtrace.testing.records import Call, Send
    from sigtrace.tree import Chain, Event

_BYPASSING = ("bulk", "delete", "m2m")

# Tracebacks of unittest end where the test's own code does, those of pytest by the name below.
__unittest = True


def trace() -> Trace:
    """Trace a block of code, in a process that `sigtrace run` traces or in any other.

    >>> with sigtrace.trace() as t:
    ...     article.save()
    >>> t.calls("generate_slug")[0].changes
    {'slug': ('', 'hello-world')}

    `async with` works as well, and so does `with` around an `await`. What is in the block: all that
    runs in its context, so the threads and tasks that get a copy of it (`sync_to_async`,
    `asyncio.to_thread`, tasks made within). A thread with a context of its own (one that was just
    started, the server of a LiveServerTestCase) belongs to the block too, unless others are open
    beside it, so that nobody can tell which of them it works for; a block that it opens lies in
    those of the main thread. Another task of the same event loop does not belong to it. What
    happens in a block within a block belongs to both.

    Django is put back as it was when the last block is left. Values are those of the process, none
    hidden; in one that `sigtrace run` traces, what that run records (`--values`).
    """
    return Trace()


class Trace:
    """What happened in a block; it can be asked while the block runs, and after it.

    Of what only Django's own receivers heard nothing is said, unless it is asked for by name.
    """

    def __init__(self) -> None:
        self._block = blocks.Block()
        self._since = 0
        self._probe: Probe | None = None
        self._folders: tuple[str, str] | None = None
        self._has_values = self._has_sql = True
        self._is_whole = True
        self._read: tuple[int, list[Event], tuple[Chain, ...]] = (0, [], ())

    # The block

    def __enter__(self) -> Self:
        if self._since:
            raise TraceError("A trace is of one block.", "Make another: sigtrace.trace().")
        probe = self._probe = IN_PROCESS.begin()
        self._has_values, self._has_sql = probe.options.values != "none", probe.options.sql
        try:
            self._since = probe.border()
        except BaseException:
            IN_PROCESS.end()
            raise
        blocks.enter(self._block)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        probe = self._probe
        if probe is None or not self._block.is_open:
            raise TraceError(
                "This trace is not open: it was not entered, or is left already.",
                "with sigtrace.trace() as t: …",
            )
        try:
            probe.border()
            process = probe.recorder.process
            is_full = process is not None and process.sink.full
            self._is_whole = probe.recorder.active and not is_full
        finally:
            blocks.leave(self._block)
            IN_PROCESS.end()
        if error is None:
            self._ended_well()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        self.__exit__(kind, error, traceback)

    def _ended_well(self) -> None:
        """Say so if something may be missing: an assertion would be worth nothing."""
        __tracebackhide__ = True
        if not self._is_whole:
            raise TraceError(
                "Not all of this block was traced: the tracer has failed.",
                "A line on stderr says why.",
            )

    # What happened

    @property
    def chains(self) -> tuple[Chain, ...]:
        """The outermost operations in the order of their start, with all below each."""
        return self._gathered()[1]

    @property
    def sends(self) -> tuple[Send, ...]:
        """The sends that somebody heard, in the order of their start."""
        return tuple(send for send in self._sends() if not send.is_djangos)

    def calls(self, receiver: Callable[..., Any] | str | None = None) -> tuple[Call, ...]:
        """The calls of a receiver in the order of the sends, of all receivers without one.

        A receiver is the function itself, which no other of its name stands for, or its import
        path or the end of that (`generate_slug`, `signals.generate_slug`, `Search.update`), globs
        allowed. Raises TypeError for anything else.
        """
        found = (call for send in self._sends() for call in send.calls)
        if receiver is None:
            return tuple(call for call in found if not call.is_djangos)
        asked = is_receiver(receiver)
        known = self._block.receivers
        return tuple(call for call in found if asked(call.receiver, known.get(call.id, ())))

    @property
    def not_reached(self) -> tuple[str, ...]:
        """The receivers that were not called since one before them had raised."""
        return tuple(name for send in self.sends for name in send.not_reached)

    @property
    def bypassed(self) -> tuple[str, ...]:
        """The receivers that `bulk_create`, `update()` and fast deletes did not call, each once."""
        from sigtrace.analysis.filters import bypassed
        from sigtrace.analysis.walking import walk

        spans = (span for chain in self.chains for span in walk(chain.root))
        names = (name for span in spans if span.kind in _BYPASSING for name in bypassed(span))
        return tuple(dict.fromkeys(names))

    # How it looks

    def tree(self, *, durations: bool = True, values: bool | None = None) -> str:
        """Draw the chains, as `sigtrace run` does.

        Without `durations` the text is the same from run to run, made to be stored: no times, no
        line numbers, and no `values` unless they are asked for: fields that change are named,
        objects are called by their model. It depends neither on the current folder nor on the
        values that a run around records, only on whether that has `--no-sql` or `--all`.
        """
        shows = durations if values is None else values
        events = self.events if durations else lasting(self.events, *self._known_folders())
        if not shows:
            events = without_values(events, recorded=self._has_values)
        return str(draw(events, durations=durations, values=shows))

    @property
    def events(self) -> list[Event]:
        """The lines of the trace, as the README describes them."""
        return self._gathered()[0]

    def __rich__(self) -> Drawing:
        return Drawing(self.events)

    def __str__(self) -> str:
        return self.tree()

    def __repr__(self) -> str:
        from sigtrace.views.text import plural

        counts = (
            plural(len(self.chains), "chain"),
            plural(len(self.sends), "send"),
            plural(len(self.calls()), "receiver call"),
        )
        return f"<Trace: {', '.join(counts)}>"

    # Copies: `setUpTestData` makes them, and tests that run in processes of their own

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[..., Trace], tuple[Any, ...]]:
        """What a process holds stays there: another knows receivers by their names only."""
        lines = "".join(self._block.lines)
        flags = (self._has_values, self._has_sql, self._is_whole)
        return _restored, (lines, self._since, self._known_folders(), *flags)

    def _known_folders(self) -> tuple[str, str]:
        return self._folders or IN_PROCESS.folders

    def _sends(self) -> Iterator[Send]:
        return sends_in(self.chains, sql=self._has_sql)

    def _gathered(self) -> tuple[list[Event], tuple[Chain, ...]]:
        lines = self._block.lines
        number = len(lines)
        if self._read[0] != number:
            events = events_of(lines[:number], self._since)
            builder = Builder()
            chains = [chain for event in events for chain in builder.feed(event)]
            chains += [chain for chain in builder.finish() if chain.root.kind != "transaction"]
            chains.sort(key=lambda chain: order(chain.root))
            self._read = (number, events, tuple(chains))
        return self._read[1:]


def _restored(
    lines: str,
    since: int,
    folders: tuple[str, str],
    has_values: bool,
    has_sql: bool,
    is_whole: bool,
) -> Trace:
    """The trace of another process."""
    traced = Trace()
    traced._block.lines = [lines] * bool(lines)
    traced._since = since
    traced._folders = folders
    traced._has_values, traced._has_sql, traced._is_whole = has_values, has_sql, is_whole
    return traced
