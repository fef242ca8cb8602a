"""Plain values as JSON text, by the methods of the built-in types alone."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from typing import TYPE_CHECKING, Any

from .text import quote

if TYPE_CHECKING:
    from collections.abc import Callable

CUT = 80
"""After so many characters a text is cut."""

_WIDE_INTEGER = 256


def _integer(value: int) -> str:
    bits = int.bit_length(value)
    # Long ones take quadratic time to write, and more digits than Python allows.
    return int.__repr__(value) if bits <= _WIDE_INTEGER else f'"<int {bits} bits>"'


def _float(value: float) -> str:
    return float.__repr__(value) if math.isfinite(value) else f'"{float.__repr__(value)}"'


def _string(value: str) -> str:
    length = str.__len__(value)
    text = str.__getitem__(value, slice(CUT))
    return quote(text) if length <= CUT else quote(f"{text}…")


def _text(value: Any) -> str:
    return quote(str(value))


SCALARS: dict[type, Callable[[Any], str]] = {
    int: _integer,
    float: _float,
    str: _string,
    complex: _text,
    bytes: lambda value: f'"<bytes {bytes.__len__(value)}>"',
    bytearray: lambda value: f'"<bytearray {bytearray.__len__(value)}>"',
    dt.date: _text,
    dt.datetime: _text,
    dt.time: _text,
    dt.timedelta: _text,
    decimal.Decimal: _text,
    uuid.UUID: _text,
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
}
SCALARS_BY_ID = {id(cls): write for cls, write in SCALARS.items()}
"""The same by `id`: a metaclass may have a hash of its own."""

SCALAR_BASES = (int, float, str, bytes, bytearray)
"""An instance of a subclass of these is written as one of the base."""
