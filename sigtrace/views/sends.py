"""What the line of a send says behind its name, and what goes on a line below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.filters import OPERATIONS
from sigtrace.events import sender_kind
from sigtrace.views.arguments import unusual
from sigtrace.views.text import clean, quoted, without_value

if TYPE_CHECKING:
    from sigtrace.tree import Span
    from sigtrace.views.display import Display

_INLINE = 40
"""Columns that stand behind the name of a send; longer arguments go below."""


def on_the_line(span: Span, above: Span | None, display: Display) -> list[str]:
    """The remarks of a send: method, sender and, if they are short, arguments."""
    words, arguments = _how(span, above, display), _arguments(span, above, display)
    return words if _is_long(words, arguments) else [*words, " ".join(arguments)]


def below_the_line(span: Span, above: Span | None, display: Display) -> list[str]:
    """The arguments of a send where they are too long for its line."""
    arguments = _arguments(span, above, display)
    return arguments if _is_long(_how(span, above, display), arguments) else []


def update_fields(span: Span) -> str:
    """The names in `save(update_fields=…)`; empty where none were given."""
    fields = span.event.get("update_fields")
    return ",".join(map(str, fields)) if isinstance(fields, list) else ""


def _is_long(words: list[str], arguments: list[str]) -> bool:
    return len(" ".join([*words, *arguments])) > _INLINE


def _how(span: Span, above: Span | None, display: Display) -> list[str]:
    """The method and the sender, where they do not go without saying."""
    words = [] if span.text("method") in ("", "send") else [clean(span.text("method"))]
    sender = span.text("sender")
    if sender and (display.args or not _is_expected(sender, above)):
        words.append(clean(f"sender={sender if display.values else sender_kind(sender)}"))
    return words


def _is_expected(sender: str, above: Span | None) -> bool:
    if above is None or above.kind not in OPERATIONS:
        return False
    # A many-to-many manager sends for its through model; an unfinished span tells no model.
    return above.kind == "m2m" or above.text("model") in ("", sender)


def _arguments(span: Span, above: Span | None, display: Display) -> list[str]:
    arguments = span.event.get("arguments")
    if not isinstance(arguments, dict):
        return []
    shown = arguments.items() if display.args else unusual(span.text("signal"), arguments)
    return [_argument(name, value, above, display) for name, value in shown]


def _argument(name: str, value: object, above: Span | None, display: Display) -> str:
    if name == "action" and isinstance(value, str):
        return clean(value)
    if not display.values:
        value = without_value(value)
    if name == "update_fields" and value is not None and above is not None and above.kind == "save":
        # The send has a set, of which only the size is recorded; the save has the names.
        value = update_fields(above) or value
        return clean(f"{name}={value}")
    unknown = value is None and not display.values
    return clean(f"{name}=") + (display.glyphs.more if unknown else quoted(value))
