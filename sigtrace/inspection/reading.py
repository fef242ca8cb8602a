"""Reads the file that the probe wrote, or the reason why it could not."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from sigtrace.errors import SigtraceError
from sigtrace.inspection.failure import failure
from sigtrace.inspection.records import Inspection

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1


def read_inspection(text: str) -> Inspection:
    """Return what the file says. Raises SigtraceError for a failure, or a file that is not ours."""
    try:
        data = json.loads(text)
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']}")
        if "error" in data:
            raise failure(data["error"])
        found: Inspection = _record(Inspection, data)
    except (KeyError, TypeError, ValueError) as error:
        raise SigtraceError(
            f"What the project's interpreter wrote cannot be read: {error!r}.",
            "Two versions of sigtrace may be mixed: reinstall it.",
        ) from error
    return found


def _record(cls: Any, data: Mapping[str, Any]) -> Any:
    """Make a record of an object: fields that it lacks have their default, others are left out."""
    hints = _hints(cls)
    known = {
        field.name: _value(hints[field.name], data[field.name])
        for field in fields(cls)
        if field.name in data
    }
    return cls(**known)


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    for kind in get_args(hint) if NoneType in get_args(hint) else (hint,):
        if isinstance(kind, type) and is_dataclass(kind):
            return _record(kind, value)
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return tuple(_value(item, one) for one in value)
    return value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)
