"""What was recorded in a run, by the options that choose it by its name."""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sigtrace.analysis.filters import matches_sender
from sigtrace.analysis.paths import last_part
from sigtrace.analysis.unfolded import CALLS
from sigtrace.analysis.walking import walk
from sigtrace.events import sender_kind
from sigtrace.tree import REGISTERED

if TYPE_CHECKING:
    from collections.abc import Container

    from sigtrace.tree import Chain

_CLOSE = 3


class Ran:
    """The names in chains; what is kept grows with them, and with no values of senders.

    Of the ids of spans only those of `roots` are kept, of what was asked for. `failed` and
    `unfinished` say whether an exception, or a span without an end, is in any chain.
    """

    def __init__(self, roots: Container[str] = ()) -> None:
        self.failed = False
        self.unfinished = False
        self._roots = roots
        self._names: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, chain: Chain) -> None:
        """Take a chain."""
        names = self._names
        root = chain.root
        names["root"] |= {root.name, root.text("model") or sender_kind(root.text("sender"))}
        for span in walk(root):
            self.failed = self.failed or span.exception is not None
            self.unfinished = self.unfinished or span.is_open
            if span.id in self._roots:
                names["root"].add(span.id)
            if span.kind in CALLS:
                called = span.text("receiver") or span.name
                if span.state != REGISTERED:
                    names["around"].add(called)
                if span.kind == "receiver":
                    names["receiver"].add(called)
            elif span.kind == "send":
                names["signal"].add(span.text("signal") or span.name)
            names["receiver"].update(span.texts("bypassed"), span.texts("not_reached"))
            names["sender"].add(span.text("model") or sender_kind(span.text("sender")))

    def has(self, option: str, glob: str) -> bool:
        """Whether there is anything that one of `root`, `around`, `sender` … names by a glob."""
        globs = (glob, sender_kind(glob))
        return any(matches_sender(name, globs) for name in self._names[option])

    def close(self, option: str, glob: str) -> list[str]:
        """The names that are most like it: whole ones for a path, else their last parts."""
        names = self._names[option] - {""}
        if "." not in glob:
            names = {last_part(name) for name in names}
        folded = {name.lower(): name for name in sorted(names)}
        return [folded[one] for one in get_close_matches(glob.lower(), folded, _CLOSE)]
