"""What kind of thing sent a signal, without the value that it is or has."""

from __future__ import annotations

import re
from functools import lru_cache

_PATH = r"[^\W\d]\w*(?:\.(?:[^\W\d]\w*|<locals>|<lambda>))+"
_CLASS = re.compile(_PATH)
_INSTANCE = re.compile(rf"({_PATH}) pk=.*", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
# What is written of something that has no value of its own: `<list 3>`, `<QuerySet blog.Tag>`.
_STRUCTURE = re.compile(r"<[\w.<> ]+>")
_WORDS = ("", "true", "false")


@lru_cache(maxsize=1_024)
def sender_kind(sender: str) -> str:
    """A sender as it may be counted and exported: classes by their names, of instances the model.

    `blog.Article pk=7` is `blog.Article`, a text `<str>`, a number `<number>`; what may be either a
    name without a dot or a value is `<value>`.
    """
    if sender in _WORDS or _CLASS.fullmatch(sender) or _STRUCTURE.fullmatch(sender):
        return sender
    instance = _INSTANCE.fullmatch(sender)
    if instance:
        return instance[1]
    if sender[0] == "'":
        return "<str>"
    return "<number>" if _NUMBER.fullmatch(sender) else "<value>"
