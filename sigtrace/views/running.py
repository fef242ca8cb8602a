"""Chains that take long: when each of them is to be shown as far as it has got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigtrace.tree import Builder, Chain

Event = dict[str, Any]

_SECOND_NS = 1_000_000_000
_STEP = 10
"""After a second, ten seconds, a hundred."""


class Running:
    """Watches the open chains of a builder; times are Unix nanoseconds."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._due: dict[str, int] = {}
        self._newest: int | None = None

    def note(self, event: Event) -> None:
        """Take the line of a span: it tells up to when the trace has been read."""
        took = event.get("duration_ns")
        at = event["time"] + took if isinstance(took, int) else event["time"]
        if self._newest is None or at > self._newest:
            self._newest = at

    def due(self, now: int) -> list[Chain]:
        """The open chains that are to be shown, as they stand.

        While lines come in, the newest of them says how late it is: where the reader lags behind,
        a chain that looks open may have ended on a line that is not read yet.
        """
        if self._newest is not None:
            now, self._newest = min(now, self._newest), None
        begun = {event["id"]: event["time"] for event in self._builder.open_roots()}
        self._due = {root: self._due.get(root, _SECOND_NS) for root in begun}
        late = [root for root, age in self._due.items() if now - begun[root] >= age]
        for root in late:
            while now - begun[root] >= self._due[root]:
                self._due[root] *= _STEP
        return self._builder.running(late, now) if late else []
