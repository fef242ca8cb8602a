"""Which row a save writes, by a number of its own, and what differs from its last save."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any

from .models import state
from .scalars import SCALARS_BY_ID
from .text import quote

if TYPE_CHECKING:
    from .models import Model

    Print = tuple[int, int]
    Prints = dict[str, Print]

UNKNOWN = ',"row":null,"differs":null'

_ROWS = 20_000
_PRINTS = 1_000
_MISSING: Any = object()
_NUMBER, _NONE = id(int), id(type(None))
_DIGITS = 18


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
        differs = [name for name, value in now.items() if _differ(before.get(name, value), value)]
        return ',"row":%d,"differs":[%s]' % (number, ",".join(map(quote, differs)))


def _is_written(name: str, fields: Any) -> bool:
    """Whether `update_fields` let a field through, under its name or that of its column."""
    if fields is None:
        return True
    return name in fields or name.removesuffix("_id") in fields


def _print(value: Any) -> Print:
    """A kind, and a number that differs where plain values of one kind do.

    Not their hash alone: Python has one for -1 and -2.
    """
    kind = type(value)
    if kind is int:
        return _NUMBER, value if -(2**62) < value < 2**62 else hash(value)
    if kind is decimal.Decimal:
        return _NUMBER, _print_decimal(value)
    if kind is float:
        return id(kind), hash(str(value))
    return id(kind), hash(bytes(value) if kind is bytearray else value)


def _print_decimal(value: decimal.Decimal) -> int:
    """One number for 3, 3.0 and 3.00, without touching the target's context for decimals."""
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    kept = text.rstrip("0")
    if type(exponent) is not int:
        return hash(str(value))
    if not kept:
        return 0
    exponent += len(text) - len(kept)
    if 0 <= exponent <= _DIGITS - len(kept):
        whole = int(kept + "0" * exponent)
        return -whole if sign else whole
    return hash((sign, kept, exponent))


def _differ(before: Print, now: Print) -> bool:
    """Whether one value is surely not the other.

    What a form or a default gave as text or number comes from the database as a date or a decimal.
    """
    return before != now and (before[0] == now[0] or _NONE in (before[0], now[0]))


def _remember(entries: dict[int, Any], key: int, value: object, most: int) -> None:
    entries[key] = value
    if len(entries) > most:
        try:
            del entries[next(iter(entries))]
        except (KeyError, RuntimeError, StopIteration):
            # Another thread was faster.
            pass
