"""Which spans of a chain are shown: tree to tree, and nothing is changed in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sigtrace.analysis.walking import fold, walk
from sigtrace.tree import FINISHED, REGISTERED, UNFINISHED, Chain, Span

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = ("save", "delete", "m2m", "bulk")
_TRANSACTION_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "START")


@dataclass(frozen=True)
class Selection:
    """What the user asked to see. Globs match a whole import path or its last part.

    `min_ms` hides what took less and neither failed nor is unfinished; `everything` turns the
    noise rules off.
    """

    signal: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()
    min_ms: float = 0.0
    everything: bool = False

    @property
    def names(self) -> bool:
        """Whether spans are selected by a name."""
        return bool(self.signal or self.sender or self.receiver)


def visible(chain: Chain, selection: Selection) -> Chain | None:
    """The part of a chain that is shown; None if nothing of it is."""
    root: Span | None = chain.root
    if not selection.everything:
        root = _kept(chain.root, lambda span: not _is_noise(span))
        if root is not None and not selection.names and not _is_notable(root):
            return None
    if root is not None and selection.names:
        root = _selected(root, selection)
    if root is not None and selection.min_ms:
        root = _kept(root, lambda span: not _is_short(span, selection.min_ms))
    return None if root is None else replace(chain, root=root)


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether one of the globs matches the import path or its last part; true without globs."""
    last = path.rpartition(".")[2]
    return not globs or any(fnmatchcase(path, glob) or fnmatchcase(last, glob) for glob in globs)


def is_silent(span: Span) -> bool:
    """Whether no receiver ran, nothing was bypassed, deferred, left open or failed at and below."""
    return not any(_is_event(below) for below in walk(span))


def _is_event(span: Span) -> bool:
    return (
        span.kind == "receiver"
        or span.exception is not None
        or span.state != FINISHED
        or bool(span.texts("bypassed"))
    )


def _is_notable(root: Span) -> bool:
    return root.kind == "on_commit" or not is_silent(root)


def _is_noise(span: Span) -> bool:
    """Transaction control, and sends and callbacks that concern only Django itself."""
    if span.exception is not None or span.state != FINISHED:
        return False
    if span.kind == "query":
        return span.name.upper().partition(" ")[0] in _TRANSACTION_CONTROL
    if span.kind == "send":
        called = [child for child in span.children if child.kind == "receiver"]
        return all(map(_is_djangos, called)) and all(map(is_silent, _below(called)))
    return span.kind == "on_commit" and _is_djangos(span) and not span.children


def _below(spans: list[Span]) -> list[Span]:
    return [child for span in spans for child in span.children]


def _is_djangos(span: Span) -> bool:
    return span.text("origin") == "django" and span.exception is None and span.state == FINISHED


def _is_short(span: Span, min_ms: float) -> bool:
    if span.state == REGISTERED:
        return False
    return span.duration_ns < min_ms * 1e6 and not any(
        below.exception is not None or below.state != FINISHED for below in walk(span)
    )


def _kept(root: Span, keep: Callable[[Span], bool]) -> Span | None:
    return fold(root, lambda span, children: span.replaced(children), enter=keep)


def _selected(root: Span, selection: Selection) -> Span | None:
    """What matches, whole, and the way to it."""

    def select(span: Span, found: list[Span]) -> Span | None:
        if _is_selected(span, selection):
            return span
        return span.replaced(found) if found else None

    return fold(root, select)


def _is_selected(span: Span, selection: Selection) -> bool:
    if selection.receiver:
        if not any(matches(path, selection.receiver) for path in _receivers(span)):
            return False
    elif span.kind not in ("send", *OPERATIONS):
        return False
    signal, sender = span.text("signal"), span.text("sender") or span.text("model")
    if span.state == UNFINISHED:
        # Its line tells no more than its name: show it rather than miss it.
        signal = signal or (span.name if span.kind == "send" else "")
    if selection.signal and not (signal and matches(signal, selection.signal)):
        return False
    return span.state == UNFINISHED or matches(sender, selection.sender)


def _receivers(span: Span) -> list[str]:
    if span.kind == "receiver":
        return [span.text("receiver") or span.name]
    return span.texts("bypassed") + span.texts("not_reached")
