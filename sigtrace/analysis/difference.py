"""What a second run of a command does that the first one did not, and the other way round."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from sigtrace.analysis.changes import (
    Difference,
    EdgeChange,
    Frequency,
    MoreCalls,
    MoreSql,
    Noise,
    ReceiverChange,
    Slower,
    Spread,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.profile import Calls, Profile

FEWEST = 5
"""Fewer calls than that say nothing about time."""

_MORE = 1.1
_SLOWER = 1.2


def difference(before: Profile, after: Profile) -> Difference:
    """Compare two runs."""
    both = sorted(before.receivers.keys() & after.receivers.keys())
    timed = [
        receiver
        for receiver in both
        if min(before.receivers[receiver].count, after.receivers[receiver].count) >= FEWEST
    ]
    slower = [
        Slower(
            receiver,
            after.receivers[receiver],
            _spread(before.receivers[receiver]),
            _spread(after.receivers[receiver]),
        )
        for receiver in timed
    ]
    noise = _noise([one.ratio for one in slower])
    usual = max(noise.median, 1.0) if noise is not None else 1.0
    return Difference(
        before=before,
        after=after,
        new_receivers=tuple(_only_in(after, before)),
        gone_receivers=tuple(_only_in(before, after)),
        new_edges=tuple(_edges_only_in(after, before)),
        gone_edges=tuple(_edges_only_in(before, after)),
        more_calls=tuple(sorted(_more_calls(before, after), key=_increase)),
        slower=tuple(
            sorted(
                (one for one in slower if _is_slower(one, usual)),
                key=lambda one: (one.before.median - one.after.median) * one.calls.count,
            )
        ),
        sql=tuple(sorted(_more_sql(before, after), key=_increase)),
        noise=noise,
    )


def _only_in(one: Profile, other: Profile) -> Iterator[ReceiverChange]:
    found = one.receivers.keys() - other.receivers.keys()
    for receiver in sorted(found, key=lambda key: (-one.receivers[key].count, key)):
        yield ReceiverChange(receiver, one.receivers[receiver])


def _edges_only_in(one: Profile, other: Profile) -> Iterator[EdgeChange]:
    for edge in sorted(one.edges.keys() - other.edges.keys()):
        yield EdgeChange(edge, one.edges[edge])


def _more_calls(before: Profile, after: Profile) -> Iterator[MoreCalls]:
    """Of the receivers that both runs called; a new one is said once, with all its calls."""
    for name, root in after.roots.items():
        earlier = before.roots.get(name)
        if earlier is None:
            continue
        for receiver, count in root.calls.items():
            if receiver not in before.receivers:
                continue
            now, then = count / root.chains, earlier.calls[receiver] / earlier.chains
            if now > then * _MORE:
                yield MoreCalls(name, then, now, receiver, after.receivers[receiver])


def _more_sql(before: Profile, after: Profile) -> Iterator[MoreSql]:
    for name, root in after.roots.items():
        earlier = before.roots.get(name)
        if earlier is None:
            continue
        for statement, count in root.statements.items():
            now, then = count / root.chains, earlier.statements[statement] / earlier.chains
            if now > then * _MORE:
                yield MoreSql(name, then, now, statement)


def _increase(one: Frequency) -> tuple[bool, float, str]:
    """What was not there before comes first, then what grew most."""
    return (one.before > 0, one.before - one.after, one.root)


def _spread(calls: Calls) -> Spread:
    return Spread(*(calls.durations.percentile(percent) for percent in (10, 50, 90)))


def _is_slower(one: Slower, usual: float) -> bool:
    """Whether nine calls in ten take longer than nine in ten did, and not by noise.

    Another load shifts half of the calls of some receivers and leaves others as they are; their
    fastest and slowest calls still overlap. `usual` is by how much all became slower together.
    """
    return one.after.low > one.before.high and one.ratio >= usual * _SLOWER


def _noise(ratios: list[float]) -> Noise | None:
    if len(ratios) < 2:
        return None
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Noise(len(ratios), low, median, high)
