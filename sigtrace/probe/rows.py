"""Which row a save writes, by a number of its own, and what differs from its last save."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any

from .models import state
from .scalars import SCALARS_BY_ID
from .text import quote

if TYPE_CHECKING:
    from .models import Model

    Prints = dict[str, int]

UNKNOWN = ',"row":null,"differs":null'

_ROWS = 20_000
_PRINTS = 1_000
_MISSING: Any = object()


class Rows:
    """Remembers what was saved by hashes: no value and no object of the target is kept.

    Of the oldest rows the fields are forgotten first, then the number.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._prints: dict[int, Prints] = {}
        self._last = 0

    def saved(self, instance: Any, model: Model, alias: Any, fields: Any, *, created: bool) -> str:
        """Take note of a row that has just been written; `fields` are those of update_fields.

        Returns `,"row":…,"differs":[…]`: null for a row without a plain key, and for the fields of
        one that was not met before. A row that was `created` is another one than any that had its
        key before it.
        """
        held = state(instance)
        key = [held.get(name) for name in model.key]
        if any(value is None or id(type(value)) not in SCALARS_BY_ID for value in key):
            return UNKNOWN
        row = hash((model.label, alias, *map(_print, key)))
        number = None if created else self._numbers.get(row)
        if number is None:
            self._last = number = self._last + 1
            _remember(self._numbers, row, number, _ROWS)
        now = {
            name: _print(held[name])
            for name in model.fields
            if id(type(held.get(name, _MISSING))) in SCALARS_BY_ID and _is_written(name, fields)
        }
        before = self._prints.pop(row, None)
        before = None if created else before
        _remember(self._prints, row, now if before is None else before | now, _PRINTS)
        if before is None:
            return f',"row":{number},"differs":null'
        differs = [name for name, value in now.items() if before.get(name, value) != value]
        return ',"row":%d,"differs":[%s]' % (number, ",".join(map(quote, differs)))


def _is_written(name: str, fields: Any) -> bool:
    """Whether `update_fields` let a field through, under its name or that of its column."""
    if fields is None:
        return True
    return name in fields or name.removesuffix("_id") in fields


def _print(value: Any) -> int:
    """A number that differs where plain values do; Python has one hash for -1 and -2."""
    if type(value) is int:
        return value if -(2**62) < value < 2**62 else hash(str(value))
    if type(value) is float or type(value) is decimal.Decimal:
        return hash(str(value))
    return hash(bytes(value) if type(value) is bytearray else value)


def _remember(entries: dict[int, Any], key: int, value: object, most: int) -> None:
    entries[key] = value
    if len(entries) > most:
        try:
            del entries[next(iter(entries))]
        except (KeyError, RuntimeError, StopIteration):
            # Another thread was faster.
            pass
