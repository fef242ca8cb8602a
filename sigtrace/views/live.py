"""The chains of a run as they happen: one text each, newest last, nothing repainted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from sigtrace.analysis.filters import Selection, is_short, is_visible, visible
from sigtrace.tree import Builder, Chain
from sigtrace.views import counting
from sigtrace.views.headings import Headings
from sigtrace.views.limit import Limit
from sigtrace.views.repeats import Fold, Repeat, Repeats
from sigtrace.views.rollbacks import Rollbacks
from sigtrace.views.running import Running
from sigtrace.views.tree import draw_chain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sigtrace.views.display import Display

Event = dict[str, Any]


class LiveTree:
    """Turns events into the texts to show, each of which is to be written at once.

    `several` says that there is more than one process: that of a run that is over is known before.
    `now` is Unix time in nanoseconds. What is counted instead of drawn is said before whatever
    comes after it.
    """

    def __init__(self, display: Display, *, several: bool = False) -> None:
        self._display = display
        self._builder = Builder()
        self._headings = Headings(display, several=several)
        self._repeats = Repeats()
        self._limit = Limit()
        self._rollbacks = Rollbacks()
        self._running = Running(self._builder)

    def shows(self, chain: Chain) -> bool:
        """Whether anything of a chain is drawn that has ended, or never will."""
        return chain.root.kind != "transaction" and is_visible(chain, self._selection(chain))

    def feed(self, events: Iterable[Event], now: int | None = None) -> list[Text]:
        """Take the next events; return what they finished.

        Without `now`, for a run that is over, nothing is left out for coming too fast.
        """
        texts = []
        for event in events:
            what = event["event"]
            if what in ("process", "prompt", "begin"):
                self._headings.note(event)
            if what in ("begin", "end"):
                self._running.note(event)
            for chain in self._builder.feed(event):
                texts += self._take(chain, now)
            if what == "end" and event["kind"] == "transaction":
                self._rollbacks.end(event)
                if not (self._repeats.pending or self._limit.pending):
                    texts += self._rolled_back()
        return texts

    def tick(self, now: int) -> list[Text]:
        """Return what is due by `now`, also when no events have come."""
        texts = self._due(now)
        for chain in self._running.due(now):
            shown = visible(chain, self._selection(chain))
            if shown is not None:
                texts += self._draw_alone(shown, now)
                self._builder.shown(shown.root)
        return texts

    def settle(self, now: int) -> list[Text]:
        """Return whatever is pending: a statement at a prompt is over, and the prompt waits."""
        texts = self._flush(now)
        self._repeats.reset()
        return texts

    def finish(self) -> list[Text]:
        """Return what is left when no more events come: unfinished chains."""
        texts = self._flush(None)
        for chain in self._builder.finish():
            if chain.root.kind != "transaction":
                texts += self._take(chain, None)
        texts += self._flush(None)
        for (process, scope), count in self._rollbacks.finish().items():
            whose = self._headings.whose(process, scope)
            texts.append(counting.never_ended(count, whose, self._display))
        return texts

    def _take(self, chain: Chain, now: int | None) -> list[Text]:
        """Draw a chain, count it, or hide it; return that with what comes before it."""
        selection = self._selection(chain)
        if not self._display.folds or chain.root.resumed:
            shown = visible(chain, selection)
            return [] if shown is None else self._draw_alone(shown, now)
        texts = [] if now is None else self._due(now)
        if self._limit.pending:
            if is_visible(chain, selection):
                self._skip(chain)
        elif not (selection.min_ms and is_short(chain.root, selection.min_ms)):
            texts += self._fold_or_draw(chain, selection, now)
        return texts

    def _fold_or_draw(self, chain: Chain, selection: Selection, now: int | None) -> list[Text]:
        one = Repeat(chain)
        if self._repeats.take(one, now):
            self._rollbacks.show(chain)
            return []
        shown = visible(chain, selection)
        if shown is None:
            return []
        texts = self._flush(now)
        if self._repeats.take(one, now):
            # Of what was pending, some was drawn: it repeats that.
            self._rollbacks.show(chain)
        elif now is not None and self._limit.is_full(now):
            self._repeats.reset()
            self._skip(chain)
        else:
            self._rollbacks.show(chain)
            texts.append(self._draw_first(one, shown, now))
        return texts

    def _draw_alone(self, shown: Chain, now: int | None) -> list[Text]:
        """Draw a chain that neither repeats another nor is repeated."""
        self._rollbacks.show(shown)
        texts = [*self._flush(now), self._draw(shown)]
        self._repeats.reset()
        return texts

    def _due(self, now: int) -> list[Text]:
        """What has waited long enough for more of its kind."""
        texts = []
        if self._repeats.is_over(now):
            texts += self._flush(now)
            self._repeats.reset()
        elif self._repeats.is_long(now):
            texts += [*self._folded(self._repeats.count()), *self._rolled_back()]
        if self._limit.is_over(now):
            texts += self._flush(now)
        return texts

    def _flush(self, now: int | None) -> list[Text]:
        """All that is pending, in order."""
        fold, held = self._repeats.flush()
        texts = self._folded(fold)
        for one in held:
            shown = visible(one.chain, self._selection(one.chain))
            if shown is not None:
                texts.append(self._draw_first(one, shown, now))
        skipped = self._limit.flush()
        if skipped:
            texts.append(counting.skipped(skipped, self._display))
        return texts + self._rolled_back()

    def _draw_first(self, one: Repeat, shown: Chain, now: int | None) -> Text:
        self._repeats.draw(one, now)
        if now is not None:
            self._limit.draw(now)
        return self._draw(shown)

    def _draw(self, chain: Chain) -> Text:
        heading, tree = self._headings.above(chain), draw_chain(chain, self._display)
        return tree if heading is None else Text("\n", end="").join([heading, tree])

    def _skip(self, chain: Chain) -> None:
        self._limit.skip(counting.name(chain.root))
        self._rollbacks.show(chain)

    def _folded(self, fold: Fold | None) -> list[Text]:
        return [] if fold is None else [counting.folded(fold, self._display)]

    def _rolled_back(self) -> list[Text]:
        return [
            counting.rolled_back(count, self._headings.whose(process, scope), self._display)
            for (process, scope), count in self._rollbacks.flush().items()
        ]

    def _selection(self, chain: Chain) -> Selection:
        selection = self._display.selection
        if self._headings.has_prompt(chain.process):
            return replace(selection, silent=True)
        return selection
