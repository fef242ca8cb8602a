"""Data as text: escaped, quoted, shortened. Whatever came from the target passes through here."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.paths import last_part

if TYPE_CHECKING:
    from collections.abc import Sequence

# C0, DEL, C1; marks and overrides of direction; line and paragraph separators; lone surrogates;
# the invisible characters that a name could hide behind.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_INSTALLED = re.compile(r"^.*/(site|dist)-packages/")
_INSTALLED_WORD = re.compile(r"\S*/(site|dist)-packages/")
_CELL = re.compile(r"^<ipython-input-(\d+)-\w+>$")
_STRUCTURAL = re.compile(r"<.*>|\w+\.\w+( pk=.*)?|\*\*\*", re.DOTALL)


def clean(value: str) -> str:
    r"""The text with every control character written as `\x1b` or `\u202e`."""
    return _CONTROL.sub(_escaped, value)


def data(value: str, style: str = "") -> Text:
    """Data as a piece of a line: never markup, never a control character."""
    return Text(clean(value), style, end="")


def listed(names: Sequence[str], style: str = "green") -> list[Text]:
    """Names as words with commas between them."""
    last = len(names) - 1
    return [data(name + "," * (place < last), style) for place, name in enumerate(names)]


def quoted(value: object) -> str:
    """A recorded value as Python writes it; what stands for an object as it is."""
    if isinstance(value, str):
        return clean(value) if _STRUCTURAL.fullmatch(value) else clean(repr(value))
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    return clean(json.dumps(value, ensure_ascii=False))


def without_value(value: object) -> object:
    """What stands for an object without its key, a boolean; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and _STRUCTURAL.fullmatch(value):
        return value.partition(" pk=")[0]
    return None


def short(path: str) -> str:
    """The last part of an import path, with its class: `Search.update` of `blog.Search.update`."""
    local = path.rpartition("<locals>.")[2]
    last = last_part(local)
    around = last_part(local.removesuffix(last).removesuffix("."))
    return f"{around}.{last}" if around[:1].isupper() else last


def milliseconds(ns: float) -> str:
    """A duration for people: `0.04 ms`, `6.7 ms`, `412.0 ms`, `12.35 s`."""
    if ns >= 10_000_000_000:
        return f"{ns / 1e9:.2f} s"
    if 0 < ns < 95_000:
        return f"{max(ns / 1e6, 0.01):.2f} ms"
    return f"{ns / 1e6:.1f} ms"


def place(file: object, line: object) -> str:
    """Where something is: `blog/signals.py:12`, or nothing; an installed file from its package.

    A cell of IPython is called as in its own tracebacks: `In[4]:1`.
    """
    if not isinstance(file, str):
        return ""
    file = _CELL.sub(r"In[\1]", _INSTALLED.sub("", file))
    return f"{clean(file)}:{line}" if isinstance(line, int) else clean(file)


def shortened(said: str) -> str:
    """A sentence in which installed files begin at their packages."""
    return _INSTALLED_WORD.sub("", said)


def plural(count: int, what: str, many: str = "") -> str:
    """`1 query`, `1,204 chains`."""
    return f"{count:,} {what if count == 1 else many or what + 's'}"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
