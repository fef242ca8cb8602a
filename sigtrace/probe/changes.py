"""Which fields of an instance a receiver has changed."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from .models import state
from .scalars import SCALARS_BY_ID
from .text import quote

if TYPE_CHECKING:
    from ..options import RecordOptions
    from .describe import Describer

    Found = dict[str, tuple[Any, Any]]

_MISSING: Any = object()


class Changes:
    """Finds and writes changed fields under the privacy options of the run."""

    def __init__(self, options: RecordOptions, describe: Describer) -> None:
        self._mode = options.values
        self._describe = describe

    def find(self, instance: Any, before: dict[str, Any]) -> Found | None:
        """Compare an instance's fields with a copy of its `__dict__`: field → (old, new).

        By identity, then by `==` for exact built-in types only; a field that was or is deferred is
        no change, since loading it is none.
        """
        now = state(instance)
        if len(now) == len(before) and all(map(is_, before.values(), now.values())):
            return None
        model = self._describe.model(type(instance))
        if model is None:
            return None
        found = {}
        for name in model.fields:
            old = before.get(name, _MISSING)
            new = now.get(name, _MISSING)
            if old is new or old is _MISSING or new is _MISSING:
                continue
            if type(old) is type(new) and id(type(old)) in SCALARS_BY_ID and old == new:
                continue
            found[name] = (old, new)
        return found or None

    def text(self, instance: Any, found: Found | None) -> str:
        """Write changed fields as a JSON object."""
        if not found:
            return "{}"
        if self._mode == "none":
            return "{%s}" % ",".join(f"{quote(name)}:null" for name in found)
        model = self._describe.model(type(instance))
        fields = model.fields if model is not None else {}
        value = self._describe.value
        return "{%s}" % ",".join(
            f"{quote(name)}:[{value(old, fields.get(name, True))},"
            f"{value(new, fields.get(name, True))}]"
            for name, (old, new) in found.items()
        )
