"""The chains of a run as they happen: one text each, newest last, nothing repainted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.text import Text

from sigtrace.tree import Builder, Chain, Scope, process_of
from sigtrace.views.layout import row
from sigtrace.views.text import data, plural
from sigtrace.views.tree import render_chain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sigtrace.views.display import Display

Event = dict[str, Any]
_Scopes = Counter[Scope | None]


class LiveTree:
    """Turns events into the texts to show, each of which is to be written at once."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._builder = Builder()
        self._processes: set[str] = set()
        self._heading: tuple[str, Scope | None] = ("", None)
        # Open transaction → the scopes of the chains that were shown in it.
        self._shown_in: dict[str, _Scopes] = {}

    def feed(self, events: Iterable[Event]) -> list[Text]:
        """Take the next events; return what they finished."""
        texts = []
        for event in events:
            if event["event"] == "begin":
                self._processes.add(process_of(event["id"]))
            for chain in self._builder.feed(event):
                texts += self._show(chain)
            if event["event"] == "end" and event["kind"] == "transaction":
                texts += self._settle(event)
        return texts

    def finish(self) -> list[Text]:
        """Return what is left when no more events come: unfinished chains."""
        return [text for chain in self._builder.finish() for text in self._show(chain)]

    def _show(self, chain: Chain) -> list[Text]:
        tree = render_chain(chain, self._display)
        if not tree:
            return []
        if chain.root.transaction is not None and not chain.root.event.get("discarded"):
            self._shown_in.setdefault(chain.root.transaction, Counter())[chain.scope] += 1
        heading = self._head(chain)
        return [Text("\n", end="").join([heading, tree]) if heading else tree]

    def _head(self, chain: Chain) -> Text:
        """The scope and, where there are several, the process: once, above the first chain."""
        self._processes.add(chain.process)
        heading = (chain.process if len(self._processes) > 1 else "", chain.scope)
        if heading == self._heading:
            return Text(end="")
        self._heading = heading
        process, scope = heading
        glyphs = self._display.glyphs
        words = [scope.label] if scope is not None else []
        words += [f"process {process}"] if process else []
        label = f" {glyphs.dot} ".join(words) or "outside of requests and commands"
        what = Text(end="").append(f"{glyphs.scope} ", "bold").append_text(data(label, "bold"))
        return row(what, "", Text(end=""), self._display)

    def _settle(self, event: Event) -> list[Text]:
        """Say what became of the chains that were shown before their transaction ended."""
        shown = self._shown_in.pop(event["id"], None)
        if not shown:
            return []
        outcome, around = event.get("outcome"), event.get("transaction")
        if outcome == "committed" and around is not None:
            self._shown_in.setdefault(around, Counter()).update(shown)
        if outcome != "rolled back":
            return []
        return [self._rolled_back(scope, count) for scope, count in shown.items()]

    def _rolled_back(self, scope: Scope | None, count: int) -> Text:
        glyphs = self._display.glyphs
        said = f"{glyphs.rolled_back} {plural(count, 'chain')} rolled back"
        text = Text(end="").append(said, "bold yellow")
        if scope is not None:
            text.append(f" {glyphs.dot} ").append_text(data(scope.label))
        return text
