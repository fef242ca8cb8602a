"""Which row a save writes, by a number of its own, and what differs from its last save."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import uuid
from typing import TYPE_CHECKING, Any

from .models import state
from .scalars import SCALARS_BY_ID
from .text import quote

if TYPE_CHECKING:
    from .models import Model

    Print = tuple[int, int]
    Prints = tuple[tuple[int, ...], tuple[int, ...]]

UNKNOWN = ',"row":null,"differs":null'

_ROWS = 20_000
_PRINTS = 1_000
_MISSING: Any = object()
_NUMBER, _NONE = id(int), id(type(None))
_DIGITS = 18
_ABSENT = (0, 0)
_MISSINGS = itertools.repeat(_MISSING)
_MOST_KINDS = 1_000
# Values of these kinds differ where their hashes do, but for -1 and -2.
_PLAIN = frozenset(map(id, (type(None), bool, int, str, bytes, dt.date, dt.datetime, uuid.UUID)))


class Rows:
    """Remembers what was saved by hashes: no value and no object of the target is kept.

    Of the oldest rows the fields are forgotten first, then the number.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._prints: dict[int, Prints] = {}
        # Kinds of fields of which all are plain.
        self._plain: set[tuple[int, ...]] = set()
        self._last = 0

    def saved(self, instance: Any, model: Model, alias: Any, fields: Any, *, created: bool) -> str:
        """Take note of a row that has just been written; `fields` are those of update_fields.

        Returns `,"row":…,"differs":[…]`: null for a row without a plain key, and for the fields of
        one that was not met before. A row that was `created` is another one than any that had its
        key before it.
        """
        held = state(instance)
        single = held.get(model.plain_key)
        if type(single) is int and single != -1:
            row = hash((model.label, alias, (_NUMBER, hash(single))))
        else:
            key = tuple(map(held.get, model.key))
            if None in map(SCALARS_BY_ID.get, map(id, map(type, key))) or None in key:
                return UNKNOWN
            row = hash((model.label, alias, *map(_print, key)))
        number = None if created else self._numbers.get(row)
        if number is None:
            self._last = number = self._last + 1
            _remember(self._numbers, row, number, _ROWS)
        now = self._prints_of(held, model, fields)
        before = self._prints.pop(row, None)
        # A migration's model may have other fields than the one of that name before it.
        if before is None or created or len(before[0]) != len(now[0]):
            _remember(self._prints, row, now, _PRINTS)
            return f',"row":{number},"differs":null'
        if now == before:
            self._prints[row] = now
            return f',"row":{number},"differs":[]'
        kinds, numbers = now
        known = [*zip(kinds, numbers, strict=True)]
        earlier = [*zip(*before, strict=True)]
        merged = [old if new == _ABSENT else new for old, new in zip(earlier, known, strict=True)]
        self._prints[row] = tuple(kind for kind, _ in merged), tuple(one for _, one in merged)
        differs = [
            quote(name)
            for name, old, new in zip(model.fields, earlier, known, strict=True)
            if _differ(old, new)
        ]
        return f',"row":{number},"differs":[{",".join(differs)}]'

    def _prints_of(self, held: dict[str, Any], model: Model, fields: Any) -> Prints:
        """The kinds and numbers of a model's fields; of those that were not written, nothing."""
        values = tuple(map(held.get, model.fields, _MISSINGS))
        if fields is None:
            kinds = tuple(map(id, map(type, values)))
            if kinds in self._plain or self._are_plain(kinds):
                numbers = tuple(map(hash, values))
                # Python has one hash for -1 and -2.
                if -2 not in numbers:
                    return kinds, numbers
        prints = [
            _print(value)
            if id(type(value)) in SCALARS_BY_ID and is_written(name, fields)
            else _ABSENT
            for name, value in zip(model.fields, values, strict=True)
        ]
        return tuple(kind for kind, _ in prints), tuple(number for _, number in prints)

    def _are_plain(self, kinds: tuple[int, ...]) -> bool:
        if not _PLAIN.issuperset(kinds):
            return False
        if len(self._plain) >= _MOST_KINDS:
            self._plain.clear()
        self._plain.add(kinds)
        return True


def is_written(name: str, fields: Any) -> bool:
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
        return _NUMBER, -1 if value == -1 else hash(value)
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
    if before == now or _ABSENT in (before, now):
        return False
    return before[0] == now[0] or _NONE in (before[0], now[0])


def _remember(entries: dict[int, Any], key: int, value: object, most: int) -> None:
    entries[key] = value
    if len(entries) > most:
        try:
            del entries[next(iter(entries))]
        except (KeyError, RuntimeError, StopIteration):
            # Another thread was faster.
            pass
