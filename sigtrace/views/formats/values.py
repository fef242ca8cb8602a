"""What of a span may leave the machine: names and numbers, and values if they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigtrace.events import HIDDEN, KIND_FIELDS, sender_kind
from sigtrace.privacy import hides

if TYPE_CHECKING:
    from sigtrace.tree import Span

Facts = dict[str, Any]

_HANDLED = ("arguments", "changes", "pk", "sender")


class Values:
    """Exports by one of `none`, `redacted` and `all`, whatever was recorded.

    `none` leaves booleans; `redacted` hides by names as recording does, and of a run that was
    recorded with `all` also keys that are no numbers, since the name of their field is not known.
    """

    def __init__(self, mode: str, recorded: str) -> None:
        self._mode = mode
        self._keys_are_open = recorded == "all"

    def facts(self, span: Span) -> Facts:
        """What its kind records of a span, without what is null."""
        event = span.event
        found = {
            name: event.get(name)
            for name in KIND_FIELDS.get(span.kind, ())
            if name not in _HANDLED and event.get(name) not in (None, [], {})
        }
        arguments, changes = event.get("arguments"), event.get("changes")
        if isinstance(arguments, dict) and arguments:
            found["arguments"] = {name: self._value(name, arguments[name]) for name in arguments}
        if isinstance(changes, dict) and changes:
            found["changes"] = {name: self._change(name, changes[name]) for name in changes}
        if span.text("sender"):
            found["sender"] = self._sender(span.text("sender"))
        if self._mode != "none" and event.get("pk") is not None:
            found["pk"] = self._key(event["pk"])
        if self._mode == "all" and event.get("exception_message"):
            found["exception_message"] = event["exception_message"]
        return found

    def _sender(self, sender: str) -> Any:
        return sender_kind(sender) if self._mode == "none" else self._value("sender", sender)

    def _value(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool) or self._mode == "all":
            return value
        if self._mode == "none":
            return None
        if hides(name):
            return HIDDEN
        label, mark, key = value.partition(" pk=") if isinstance(value, str) else ("", "", "")
        return f"{label} pk={self._key(key)}" if mark else value

    def _change(self, name: str, values: Any) -> Any:
        if self._mode == "none" or not isinstance(values, list):
            return None
        return [self._value(name, value) for value in values]

    def _key(self, key: Any) -> Any:
        open_key = isinstance(key, int) or (isinstance(key, str) and key.isdecimal())
        if self._mode == "redacted" and self._keys_are_open and not open_key:
            return HIDDEN
        return key
