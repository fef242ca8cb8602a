"""W005: a receiver was connected weakly, and is garbage before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.rules.context import (
    Context,
    connector_place,
    elsewhere,
    own,
    places,
    subjects,
    title,
)
from sigtrace.analysis.rules.finding import RULES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "Keep the receiver in its module, or connect it with weak=False."


def weak(context: Context) -> Iterator[Finding]:
    """What is collected already, and what is sure to be by its source."""
    # Where a weak receiver lives after all, something that the source does not show holds it.
    seen = {connector_place(one) for one in context.own if one.weak}
    for connection in own(
        tuple(one for signal in context.inspection.signals for one in signal.collected)
    ):
        place = connector_place(connection)
        seen.add(place)
        yield Finding(
            RULES["W005"],
            f"{title(connection)} is connected weakly and has been collected",
            _HINT,
            *place,
            elsewhere(connection, place),
            subjects(connection),
            places(connection),
        )
    for file, site in context.sources.sites:
        lines = range(site.line, site.last_line + 1)
        if site.doomed and not any((file.shown, line) in seen for line in lines):
            yield Finding(
                RULES["W005"],
                f"{file.module} connects {site.doomed}, weakly: it is collected at once",
                _HINT,
                file.shown,
                site.line,
                (),
                (file.module, file.shown),
                ((file.shown, site.line),),
            )
