"""One receiver as a line of the baseline: words that stay the same when nothing has changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from sigtrace.analysis.paths import last_part

Key = tuple[str, str, str, str, bool]

ANY = "*"
"""The sender of a receiver that listens to all."""

_WORD = re.compile(
    r"""\s+ | (?P<comment>\#.*) | (?P<word>(?: "(?:[^"\\]|\\.)*" | [^\s"] )+)""", re.VERBOSE
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_TIMES = re.compile(r"[×x](\d+)")  # noqa: RUF001


@dataclass(frozen=True)
class Entry:
    """What is connected to what. `uid` is the word of the file, empty without one.

    `package` is the distribution that a third-party receiver comes from; `count` says how often
    Django calls it for one send.
    """

    signal: str
    sender: str
    receiver: str
    uid: str = ""
    is_async: bool = False
    count: int = 1
    package: str = ""

    @property
    def key(self) -> Key:
        """What makes two of them the same, and the order of the file."""
        return (self.signal, self.sender, self.receiver, self.uid, self.is_async)

    @property
    def title(self) -> str:
        """The entry for people: `post_save blog.Article → blog.signals.notify`."""
        sender = "any sender" if self.sender == ANY else self.sender
        return f"{last_part(self.signal)} {sender} → {self.receiver}"

    def counted(self, count: int) -> Entry:
        """The same, so many times."""
        return replace(self, count=count)

    def __str__(self) -> str:
        words = [quote(self.signal), quote(self.sender), quote(self.receiver)]
        words += [f"uid={self.uid}"] * bool(self.uid)
        words += ["async"] * self.is_async
        words += [f"×{self.count}"] * (self.count != 1)  # noqa: RUF001
        words += [f"package={quote(self.package)}"] * bool(self.package)
        return " ".join(words)


def quote(text: str) -> str:
    """The text as one word: as it is, or as a JSON string where it would not be read back."""
    is_plain = text.isprintable() and not re.search(r'[\s"]|^\#|^$', text)
    return text if is_plain else json.dumps(text)


def uid_word(uid: str | float | None) -> str:
    """A `dispatch_uid` as a word: a string that could be taken for a number is quoted."""
    if uid is None:
        return ""
    if not isinstance(uid, str):
        return json.dumps(uid)
    try:
        json.loads(uid)
    except ValueError:
        return quote(uid)
    return json.dumps(uid)


def split(line: str) -> tuple[list[str], str]:
    """The words of a line and the comment at its end. Raises ValueError for an open quote."""
    words: list[str] = []
    position = 0
    while position < len(line):
        found = _WORD.match(line, position)
        if found is None:
            raise ValueError("a quote is not closed")
        if found["comment"]:
            return words, found["comment"].rstrip()
        if found["word"]:
            words.append(found["word"])
        position = found.end()
    return words, ""


def read_entry(words: list[str]) -> Entry:
    """The entry that words stand for. Raises ValueError where they stand for none."""
    if len(words) < 3:
        raise ValueError("it names no signal, sender and receiver")
    entry = Entry(unquote(words[0]), unquote(words[1]), unquote(words[2]))
    for word in words[3:]:
        name, equals, value = word.partition("=")
        times = _TIMES.fullmatch(word)
        if name == "uid" and value:
            # Written as it would be written now, however it was quoted by hand.
            entry = replace(entry, uid=uid_word(unquote(value)) if value[0] == '"' else value)
        elif name == "package" and value:
            entry = replace(entry, package=unquote(value))
        elif word == "async":
            entry = replace(entry, is_async=True)
        elif times and int(times[1]) > 0:
            entry = replace(entry, count=int(times[1]))
        else:
            known = "uid=…, async, ×2 and package=… can follow"  # noqa: RUF001
            raise ValueError(f"{name + equals!r} means nothing here: {known} the receiver")
    return entry


def unquote(word: str) -> str:
    """The text of a word. Raises ValueError for a quoted one that is no JSON string."""
    return str(json.loads(word)) if _QUOTED.fullmatch(word) else word
