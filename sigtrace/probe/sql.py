"""SQL as it may be written down: placeholders kept, literals masked, and a short name for it."""

from __future__ import annotations

import re

_CUT = 1_000
_KEPT = r""""(?:[^"]|"")*"|`[^`]*`|\[[A-Za-z_][^\]]*\]|%\(\w+\)s|%s|\$\d+|:\w+"""
_COMMENT = r"/\*.*?(?:\*/|\Z)|--[^\n]*"
_DOLLAR = r"\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)"
_NUMBER = r"(?<![\w.\"])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w\"])"
_PLAIN = r"'(?:[^']|'')*(?:'|\Z)"
_ESCAPED = r"'(?:[^'\\]|\\.|'')*(?:'|\Z)"
_DOUBLE = r'"(?:[^"\\]|\\.|"")*(?:"|\Z)'
_NAME = re.compile(
    r"""[\s(?]*(?P<verb>[A-Za-z]+)
    (?:.*?\b(?:INTO|FROM|UPDATE|TABLE|JOIN)\s+(?:ONLY\s+|IF\s+(?:NOT\s+)?EXISTS\s+)?
    (?P<table>(?:["`\[]?[\w$ ]+["`\]]?\.)?(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|[\w$]+)))?""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_UPDATE = re.compile(
    r"""[\s?]*UPDATE\s+(?:ONLY\s+)?(?P<table>"[^"]+"|`[^`]+`|[\w.$]+)""", re.IGNORECASE
)
_CONTROL = re.compile(r"\s*(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\b", re.IGNORECASE)


def _compile(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.DOTALL)


_STANDARD = _compile(
    _COMMENT, r"(?:[eE]" + _ESCAPED + ")", _PLAIN, _DOLLAR, f"(?P<keep>{_KEPT})", _NUMBER
)
# There a backslash escapes in every string, and double quotes make one too.
_MYSQL = _compile(_COMMENT, _ESCAPED, _DOUBLE, f"(?P<keep>{_KEPT})", _NUMBER)


def mask(sql: str, vendor: str) -> str:
    """Replace each literal and comment by `?` and cut after 1,000 characters.

    Never shows a parameter, since those are not in the text. Double-quoted text is an identifier
    except for MySQL (SQL standard; Django quotes identifiers so).
    """
    control = _CONTROL.match(sql)
    if control is not None:
        # Its name holds the thread and a number: noise.
        return control.group(1).upper()
    pattern = _MYSQL if vendor == "mysql" else _STANDARD
    masked = pattern.sub(lambda match: match.groupdict().get("keep") or "?", sql)
    return masked if len(masked) <= _CUT else f"{masked[:_CUT]}…"


def summary(masked: str) -> str:
    """A short name of a masked statement: its verb and first table, `INSERT blog_article`."""
    control = _CONTROL.match(masked)
    if control is not None:
        return control.group(1).upper()
    match = _UPDATE.match(masked) or _NAME.match(masked)
    if match is None:
        return "SQL"
    groups = match.groupdict()
    verb = (groups.get("verb") or "UPDATE").upper()
    table = groups.get("table")
    if not table:
        return verb
    return f"{verb} {table.rpartition('.')[2].strip(chr(34) + '`[]')}"
