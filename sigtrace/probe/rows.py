"""Which row a save writes, by a number of its own, and what differs from its last save."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING, Any

from .models import state
from .scalars import SCALARS_BY_ID
from .text import quote

if TYPE_CHECKING:
    from .models import Model

    Prints = tuple[int | None, ...]

UNKNOWN = ',"row":null,"differs":null'

_ROWS = 20_000
_PRINTS = 1_000
_MOST_TYPES = 1_000
_MISSING: Any = object()
_PLAIN = frozenset(map(id, (type(None), bool, int, str, bytes, dt.date, dt.datetime, uuid.UUID)))


class Rows:
    """Remembers what was saved by hashes: no value and no object of the target is kept.

    Of the oldest rows the fields are forgotten first, then the number.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._prints: dict[int, Prints] = {}
        # By the ids of their types: values whose hash tells them apart.
        self._plain: set[tuple[int, ...]] = set()
        self._last = 0

    def saved(self, instance: Any, model: Model, alias: Any, fields: Any, *, created: bool) -> str:
        """Take note of a row that has just been written; `fields` are those of update_fields.

        Returns `,"row":…,"differs":[…]`: null for a row without a plain key, and for the fields of
        one that was not met before. A row that was `created` is another one than any that had its
        key before it.
        """
        held = state(instance)
        key = [held.get(name) for name in model.key]
        if any([value is None or id(type(value)) not in SCALARS_BY_ID for value in key]):
            return UNKNOWN
        row = hash((model.label, alias, *map(_print, key)))
        number = None if created else self._numbers.get(row)
        if number is None:
            self._last = number = self._last + 1
            _remember(self._numbers, row, number, _ROWS)
        now = self._prints_of(held, model, fields)
        before = self._prints.pop(row, None)
        # A migration's model may have other fields than the one of that name before it.
        if before is None or created or len(before) != len(now):
            _remember(self._prints, row, now, _PRINTS)
            return f',"row":{number},"differs":null'
        if now == before:
            self._prints[row] = now
            return f',"row":{number},"differs":[]'
        both = [*zip(model.fields, before, now, strict=True)]
        self._prints[row] = tuple([old if new is None else new for _, old, new in both])
        differs = [
            quote(name)
            for name, old, new in both
            if old is not None and new is not None and old != new
        ]
        return f',"row":{number},"differs":[{",".join(differs)}]'

    def _prints_of(self, held: dict[str, Any], model: Model, fields: Any) -> Prints:
        """A number for each field of the model that was written, None for the others."""
        values = [held.get(name, _MISSING) for name in model.fields]
        if fields is None:
            types = tuple(map(id, map(type, values)))
            if types in self._plain or self._are_plain(types):
                prints = tuple(map(hash, values))
                # Python has one hash for -1 and -2.
                if -2 not in prints:
                    return prints
        return tuple(
            [
                _print(value)
                if id(type(value)) in SCALARS_BY_ID and _is_written(name, fields)
                else None
                for name, value in zip(model.fields, values, strict=True)
            ]
        )

    def _are_plain(self, types: tuple[int, ...]) -> bool:
        if not _PLAIN.issuperset(types):
            return False
        if len(self._plain) >= _MOST_TYPES:
            self._plain.clear()
        self._plain.add(types)
        return True


def _is_written(name: str, fields: Any) -> bool:
    """Whether `update_fields` let a field through, under its name or that of its column."""
    if fields is None:
        return True
    return name in fields or name.removesuffix("_id") in fields


def _print(value: Any) -> int:
    """A number that differs where plain values do; Python has one hash for -1 and -2."""
    if type(value) is int:
        return -1 if value == -1 else hash(value)
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
