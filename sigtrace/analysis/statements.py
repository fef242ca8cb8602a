"""SQL without what differs from call to call: how many rows it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_PLACEHOLDER = r"(?:%s|%\(\w+\)s|\?|\$\d+|:\w+)"
_SIZE = r"(?:\((?:\d+|\?)(?:, ?(?:\d+|\?))?\))?"
_TYPE = rf"\w+(?: precision| varying| integer)?{_SIZE}(?: with(?:out)? time zone)?(?:\[\])*"
_CAST = rf"(?:::{_TYPE})?"
_ONE = rf"(?:{_PLACEHOLDER}|\({_PLACEHOLDER}\)|CAST\({_PLACEHOLDER} AS {_TYPE}\)){_CAST}"
_GROUP = r"\([^()]*+\)"
for _ in range(4):
    _GROUP = rf"\([^()]*+(?:{_GROUP}[^()]*+)*+\)"
_ARM = r"WHEN (?:(?! WHEN | ELSE | END\b).)++"

_FOLDS = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        # PostgreSQL is given the rows of more than one as a list for each column.
        (rf"\bSELECT \* FROM UNNEST\({_ONE}(?:, ?{_ONE})*\)", "VALUES (…)"),
        (rf"\bVALUES ?{_GROUP}(?:, ?{_GROUP})*+", "VALUES (…)"),
        (rf"\bIN \({_ONE}(?:, ?{_ONE})*\)", "IN (…)"),
        (rf"\({_PLACEHOLDER}(?:, ?{_PLACEHOLDER})+\)", "(…)"),
        (r"\(…\)(?:, ?\(…\))+", "(…)"),
        # `bulk_update` writes None as NULL, and has an arm for each row.
        (rf"\bTHEN (?:NULL\b{_CAST}|{_ONE})", "THEN …"),
        (rf"({_ARM})(?: \1(?= WHEN | ELSE | END\b|$))+", r"\1"),
    )
)
_CUTS = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r"\bVALUES ?\((?:…\)(?:,[^…]*)?|[^…]*)…$", "VALUES (…"),
        (rf"\bIN \({_ONE}(?:, ?{_ONE})*,? ?[%?$:(\w]*…$", "IN (…"),
        (rf"({_ARM})(?: W(?:(?! ELSE | END\b).)*)…$", r"\1…"),
    )
)
"""The trace has the first 1,000 characters: the last list may not be whole."""


def statement(sql: str) -> str:
    """SQL with `…` for its lists, however long they are. Empty for savepoints."""
    if sql.upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")):
        return ""
    for pattern, instead in _FOLDS:
        sql = pattern.sub(instead, sql)
    if sql.endswith("…"):
        for pattern, instead in _CUTS:
            sql = pattern.sub(instead, sql)
    return sql


def may_be_one_of(one: str, others: Collection[str]) -> bool:
    """Whether a statement, or one of others, is cut, and they begin alike up to there."""
    if one.endswith("…"):
        beginning = one[:-1]
        if any(other.startswith(beginning) for other in others):
            return True
    return any(other.endswith("…") and one.startswith(other[:-1]) for other in others)


class Statements(dict[str, str]):
    """`statement` of what a run executes, which is the same over and over."""

    _MOST = 5_000

    def __missing__(self, sql: str) -> str:
        if len(self) >= self._MOST:
            self.clear()
        found = self[sql] = statement(sql)
        return found
