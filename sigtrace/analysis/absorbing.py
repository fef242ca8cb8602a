"""Adds up what was gathered in two parts of a run, the earlier one first."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any, TypeVar

K = TypeVar("K")

_GREATEST = ("most", "depth", "max_ns")
_EVIDENCE = 5


def absorb(found: dict[K, Any], later: dict[K, Any]) -> None:
    """Add the records of a later part to those of an earlier one, by their keys.

    Numbers add up, of some the greatest is kept, and one that is not known makes the sum unknown;
    flags, sets of names and evidence are joined; of all else the earlier one stands.
    """
    for key, record in later.items():
        if key in found:
            _add(found[key], record)
        else:
            found[key] = record


def _add(record: Any, later: Any) -> None:
    for field in fields(record):
        mine, other = getattr(record, field.name), getattr(later, field.name)
        if field.name == "line":
            continue
        if isinstance(mine, bool):
            setattr(record, field.name, mine or other)
        elif isinstance(mine, int):
            setattr(record, field.name, _sum(field.name, mine, other))
        elif isinstance(mine, Counter | dict):
            mine.update(other)
        elif field.name == "evidence":
            mine += other[: max(_EVIDENCE - len(mine), 0)]
        elif hasattr(mine, "absorb"):
            mine.absorb(other)


def _sum(name: str, mine: int, other: int | None) -> int | None:
    if other is None:
        return None
    return max(mine, other) if name in _GREATEST else mine + other
