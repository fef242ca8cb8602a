"""Why `report --tree` had no chain to draw: which name nothing has, or how to see more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.filters import visible
from sigtrace.analysis.ran import Ran
from sigtrace.analysis.reading import read_chains
from sigtrace.reader import Damage, merge_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sigtrace.analysis.choice import Choice
    from sigtrace.analysis.filters import Selection
    from sigtrace.reader import Run
    from sigtrace.tree import Chain

_NAMES = ("root", "around", "signal", "sender", "receiver")


def why_nothing(
    runs: Sequence[Run], options: Mapping[str, Any], choice: Choice, selection: Selection
) -> str:
    """What to say where no chain was drawn; the runs are read again."""
    ran = Ran(choice.root)
    is_short = is_hidden = False
    of_any_length = replace(selection, min_ms=0)
    noise_too = replace(selection, everything=True)
    for chain in _chains(runs):
        ran.add(chain)
        if choice.takes(chain):
            is_short = is_short or visible(chain, of_any_length) is not None
            is_hidden = is_hidden or visible(chain, noise_too) is not None
    said = "no chain to draw"
    for option in _NAMES:
        for glob in options[option]:
            if not ran.has(option, glob):
                if option == "receiver" and ran.has("around", glob):
                    return f"{said}: {glob} is a callback; --around {glob} draws where it ran"
                close = ran.close(option, glob)
                hint = f"; did you mean {' or '.join(close)}?" if close else ""
                return f"{said}: nothing that --{option} {glob} names was recorded{hint}"
    if choice.errors and not ran.failed:
        return f"{said}: there is no exception in any"
    if choice.unfinished and not ran.unfinished:
        return f"{said}: all have ended"
    if is_short:
        return f"{said}; --min-ms {selection.min_ms:g} hides what took less"
    return said + "; --all shows what is hidden" * is_hidden


def _chains(runs: Sequence[Run]) -> Iterator[Chain]:
    for run in runs:
        for chain in read_chains(merge_events(run.files, Damage())):
            if chain.root.kind != "transaction":
                yield chain
