"""Whose chains are shown: the scope and, where there are several, the process, once above them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from sigtrace.events import SCOPE_KINDS
from sigtrace.tree import process_of
from sigtrace.views.layout import alone
from sigtrace.views.text import data

if TYPE_CHECKING:
    from sigtrace.tree import Chain, Scope
    from sigtrace.views.display import Display

Event = dict[str, Any]


class Headings:
    """Knows which processes and scopes there are, and which were named last.

    `several` says that there is more than one process, which else shows when the second one comes.
    """

    def __init__(self, display: Display, *, several: bool = False) -> None:
        self._display = display
        self._several = several
        self._pids: dict[str, int] = {}
        self._active: set[str] = set()
        self._prompts: set[str] = set()
        self._kinds: set[str] = set()
        self._last = ("", "", "")

    def note(self, event: Event) -> None:
        """Take a line that tells of a process: `process`, `prompt`, or `begin`."""
        what = event["event"]
        if what == "begin":
            self._active.add(process_of(event["id"]))
        elif what == "prompt":
            self._prompts.add(event["process"])
        elif what == "process" and isinstance(event.get("pid"), int):
            self._pids[str(event.get("process"))] = event["pid"]

    def has_prompt(self, process: str) -> bool:
        """Whether the process is an interactive interpreter."""
        return process in self._prompts

    def above(self, chain: Chain) -> Text | None:
        """The heading that goes above a chain; None if the last one holds for it too."""
        process, scope = chain.process, self._named(chain.process, chain.scope)
        self._active.add(process)
        if scope is not None:
            self._kinds.add(scope.kind)
        heading = (self._pid(process), *(("", "") if scope is None else (scope.id, scope.name)))
        if heading == self._last:
            return None
        self._last = heading
        words = self.whose(process, chain.scope, self._outside(process))
        sign = Text(end="").append(f"{self._display.glyphs.scope} ", "bold")
        return alone(sign.append_text(data(words, "bold")), self._display)

    def whose(self, process: str, scope: Scope | None, outside: str = "") -> str:
        """The scope, or what is said `outside` of all, and the process where there are several."""
        named, pid = self._named(process, scope), self._pid(process)
        words = [outside if named is None else named.label, f"pid {pid}" if pid else ""]
        return f" {self._display.glyphs.dot} ".join(filter(None, words))

    def _named(self, process: str, scope: Scope | None) -> Scope | None:
        """The scope as it is named: that of a prompt itself goes without saying."""
        if scope is not None and scope.kind == "command" and self.has_prompt(process):
            return None if scope.name.startswith("shell") else scope
        return scope

    def _pid(self, process: str) -> str:
        """The number of a process where there are several; what was forked has none before it."""
        if not self._several and len(self._active) < 2:
            return ""
        return str(self._pids.get(process, process.partition("-")[0]))

    def _outside(self, process: str) -> str:
        if self.has_prompt(process):
            return "prompt"
        kinds = [f"{kind}s" for kind in SCOPE_KINDS if kind in self._kinds]
        if len(kinds) > 1:
            kinds[-2:] = [f"{kinds[-2]} and {kinds[-1]}"]
        return f"outside of {', '.join(kinds)}" if kinds else ""
