"""Which values are hidden: by the name under which they stand, asked once for each name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..privacy import hides

if TYPE_CHECKING:
    from ..options import RecordOptions

_MOST_NAMES = 10_000


class Hiding:
    """Says whether a value that stands under a name is hidden."""

    def __init__(self, options: RecordOptions) -> None:
        self._options = options
        self._known: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        """Say whether a value that stands under `name` is hidden."""
        if self._options.values == "all":
            return False
        known = self._known.get(name)
        if known is None:
            if len(self._known) > _MOST_NAMES:
                self._known.clear()
            known = self._known[name] = hides(name, self._options.redact, self._options.show)
        return known
