"""Which spans of a chain are shown: tree to tree, and nothing is changed in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sigtrace.analysis.paths import last_part
from sigtrace.analysis.walking import fold, walk
from sigtrace.events import sender_kind
from sigtrace.tree import FINISHED, REGISTERED, Chain, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from sigtrace.analysis.connected import Connection

OPERATIONS = ("save", "delete", "m2m", "bulk")
_TRANSACTION_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "START")


@dataclass(frozen=True)
class Selection:
    """What the user asked to see. Globs match a whole import path or its last part.

    `min_ms` hides what took less and neither failed nor is open; `everything` turns the noise
    rules off, `silent` the one that hides chains in which nothing but queries happened.
    """

    signal: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()
    min_ms: float = 0.0
    everything: bool = False
    silent: bool = False

    @property
    def names(self) -> bool:
        """Whether spans are selected by a name."""
        return bool(self.signal or self.sender or self.receiver)


def visible(chain: Chain, selection: Selection) -> Chain | None:
    """The part of a chain that is shown; None if nothing of it is."""
    root: Span | None = chain.root
    if not selection.everything:
        if not selection.names and not _is_notable(chain.root, selection):
            return None
        root = _kept(chain.root, lambda span: not _is_noise(span))
    if root is not None and selection.names:
        root = _selected(root, selection)
    if root is not None and selection.min_ms:
        root = _kept(root, lambda span: not is_short(span, selection.min_ms))
    return None if root is None else replace(chain, root=root)


def is_visible(chain: Chain, selection: Selection) -> bool:
    """Whether `visible` leaves anything of a chain; as quick as that can be told."""
    if selection.everything or selection.names or selection.min_ms:
        return visible(chain, selection) is not None
    return _is_notable(chain.root, selection)


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether one of the globs matches the import path or its last part; true without globs."""
    last = last_part(path)
    return not globs or any(fnmatchcase(path, glob) or fnmatchcase(last, glob) for glob in globs)


def matches_sender(sender: str, globs: tuple[str, ...]) -> bool:
    """The same of a sender; `blog.Article pk=7` also goes by `<blog.Article>` and by that type."""
    kind = sender_kind(sender)
    return any(matches(one, globs) for one in (sender, kind, kind.strip("<>")))


def is_connected_to(one: Connection, selection: Selection) -> bool:
    """Whether a connection is one of what was selected; any sender is that one too."""
    return (
        matches(one.receiver, selection.receiver)
        and matches(one.signal, selection.signal)
        and (one.sender is None or matches_sender(one.sender, selection.sender))
    )


def is_silent(span: Span) -> bool:
    """Whether no receiver ran, nothing was bypassed, deferred, left open or failed at and below.

    What was shown as running may have had receivers below it: it is not silent.
    """
    return not any(_is_event(below) for below in walk(span))


def bypassed(span: Span) -> list[str]:
    """The receivers that would have run, had a write sent signals for the rows that it wrote."""
    return [] if wrote_nothing(span) else span.texts("bypassed")


def wrote_nothing(span: Span) -> bool:
    """Whether no row was touched; each of these operations is undone by an exception."""
    counts = span.event.get("counts")
    if isinstance(counts, dict) and not any(counts.values()):
        return True
    return span.exception is not None or rows_written(span) == 0


def rows_written(span: Span) -> int | None:
    """The rows of a bulk write; None where that is not known.

    `bulk_create(ignore_conflicts=True)` returns what it was given: its statements tell the rows.
    """
    rows = span.event.get("rows")
    if rows and span.event.get("operation") == "bulk_create":
        told = [one.event.get("rows") for one in span.children if _ignores_conflicts(one)]
        known = [one for one in told if isinstance(one, int)]
        if told and len(known) == len(told):
            return sum(known)
    return rows if isinstance(rows, int) else None


def _ignores_conflicts(span: Span) -> bool:
    sql = span.text("sql")
    return span.kind == "query" and (
        sql.startswith(("INSERT OR IGNORE", "INSERT IGNORE")) or "ON CONFLICT DO NOTHING" in sql
    )


def _is_event(span: Span) -> bool:
    return (
        span.kind == "receiver"
        or span.exception is not None
        or span.state != FINISHED
        or span.resumed
        or bool(bypassed(span))
    )


def _is_notable(root: Span, selection: Selection) -> bool:
    """Whether something is left of a chain without its noise, and says more than queries do."""
    if _is_noise(root):
        return False
    if selection.silent or root.kind == "on_commit":
        return True
    stack = [root]
    while stack:
        span = stack.pop()
        if _is_event(span):
            return True
        stack += [child for child in span.children if not _is_noise(child)]
    return False


def _is_noise(span: Span) -> bool:
    """Transaction control, and sends and callbacks that concern only Django itself."""
    if span.exception is not None or span.state != FINISHED or span.resumed:
        return False
    if span.kind == "query":
        return span.name.upper().partition(" ")[0] in _TRANSACTION_CONTROL
    if span.kind == "send":
        called = [child for child in span.children if child.kind == "receiver"]
        # What a send does beside its calls is a subclass's own.
        beside = [child for child in span.children if child.kind != "receiver"]
        return all(map(_is_djangos, called)) and all(map(is_silent, [*beside, *_below(called)]))
    return span.kind == "on_commit" and _is_djangos(span) and not span.children


def _below(spans: list[Span]) -> list[Span]:
    return [child for span in spans for child in span.children]


def _is_djangos(span: Span) -> bool:
    return span.text("origin") == "django" and span.exception is None and span.state == FINISHED


def is_short(span: Span, min_ms: float) -> bool:
    """Whether a span took less, and nothing at and below it failed, is open or was shown so."""
    if span.state == REGISTERED:
        return False
    return span.duration_ns < min_ms * 1e6 and not any(
        below.exception is not None or below.is_open or below.resumed for below in walk(span)
    )


def _kept(root: Span, keep: Callable[[Span], bool]) -> Span | None:
    return fold(root, lambda span, children: span.replaced(children), enter=keep)


def _selected(root: Span, selection: Selection) -> Span | None:
    """What matches, whole, and the way to it."""

    def select(span: Span, found: list[Span]) -> Span | None:
        if _is_selected(span, selection):
            return span
        # What was shown as running led to something that is selected.
        return span.replaced(found) if found or span.resumed else None

    return fold(root, select)


def _is_selected(span: Span, selection: Selection) -> bool:
    if selection.receiver:
        if not any(matches(path, selection.receiver) for path in _receivers(span)):
            return False
    elif span.kind not in ("send", *OPERATIONS):
        return False
    signal, sender = span.text("signal"), span.text("sender") or span.text("model")
    if span.is_open:
        # Its line tells no more than its name: show it rather than miss it.
        signal = signal or (span.name if span.kind == "send" else "")
    if selection.signal and not (signal and matches(signal, selection.signal)):
        return False
    return span.is_open or matches_sender(sender, selection.sender)


def _receivers(span: Span) -> list[str]:
    if span.kind == "receiver":
        return [span.text("receiver") or span.name]
    return span.texts("bypassed") + span.texts("not_reached")
