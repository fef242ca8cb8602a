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
from sigtrace.analysis.profile import Executions
from sigtrace.analysis.statements import may_be_one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.profile import Calls, Profile

FEWEST = 5
"""Fewer calls than that say nothing about time."""

_MORE = 1.1
_STEP = 0.5
"""So much more in a chain, or it is by chance that one more or one less of them does it."""

_SLOWER = 1.2
_SLOWER_ALONE = 1.5
"""Where too few others tell how the machine, or what else ran on it, changed."""

_OTHERS = 3
_LONG_NS = 100_000
"""What takes less is a measure only of what takes no more than ten times as long."""


def difference(before: Profile, after: Profile) -> Difference:
    """Compare two runs."""
    both = sorted(before.receivers.keys() & after.receivers.keys())
    timed = [
        Slower(
            receiver,
            after.receivers[receiver],
            _spread(before.receivers[receiver]),
            _spread(after.receivers[receiver]),
        )
        for receiver in both
        if all(one.receivers[receiver].durations.count >= FEWEST for one in (before, after))
    ]
    slower = [one for one in timed if _is_slower(one, timed)]
    compares_sql = before.has_sql and after.has_sql
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
                slower,
                key=lambda one: (one.before.median - one.after.median) * one.calls.count,
            )
        ),
        sql=tuple(sorted(_new_sql(before, after), key=_increase)) if compares_sql else (),
        more_sql=tuple(sorted(_more_sql(before, after), key=_increase)) if compares_sql else (),
        timed=len(timed),
        untimed=len(both) - len(timed),
        noise=_noise([one.ratio for one in timed if one not in slower]),
    )


def _only_in(one: Profile, other: Profile) -> Iterator[ReceiverChange]:
    found = one.receivers.keys() - other.receivers.keys()
    for receiver in sorted(found, key=lambda key: (-one.receivers[key].count, key)):
        yield ReceiverChange(receiver, one.receivers[receiver])


def _edges_only_in(one: Profile, other: Profile) -> Iterator[EdgeChange]:
    for edge in sorted(one.edges.keys() - other.edges.keys()):
        yield EdgeChange(edge, one.edges[edge])


def _more_calls(before: Profile, after: Profile) -> Iterator[MoreCalls]:
    """Of the receivers that both runs called; a new one is said once, with all its calls.

    Where there was only less of something else, neither all calls nor those of most chains grew.
    """
    for name, root in after.roots.items():
        earlier = before.roots.get(name)
        if earlier is None:
            continue
        for receiver, called in root.calls.items():
            if receiver not in before.receivers:
                continue
            known = earlier.calls.get(receiver, Executions())
            now, then = called.total / root.chains, known.total / earlier.chains
            grew = called.total > known.total or (
                called.median(root.chains) > known.median(earlier.chains)
            )
            if grew and now >= then + _STEP and now > then * _MORE:
                yield MoreCalls(name, then, now, receiver, after.receivers[receiver])


def _new_sql(before: Profile, after: Profile) -> Iterator[MoreSql]:
    """What A executed in other chains only is new where most chains execute it.

    Which chain fills a cache is chance.
    """
    known = {statement for root in before.roots.values() for statement in root.statements}
    for name, root in after.roots.items():
        earlier = before.roots.get(name)
        if earlier is None:
            continue
        for statement, executed in root.statements.items():
            if statement in earlier.statements or may_be_one_of(statement, earlier.statements):
                continue
            if not (statement in known or may_be_one_of(statement, known)) or executed.median(
                root.chains
            ):
                yield MoreSql(name, 0, executed.total / root.chains, statement)


def _more_sql(before: Profile, after: Profile) -> Iterator[MoreSql]:
    """What most chains execute once more, or more often, than most did."""
    for name, root in after.roots.items():
        earlier = before.roots.get(name)
        if earlier is None:
            continue
        for statement, executed in root.statements.items():
            then = earlier.statements.get(statement)
            if then is None or executed.median(root.chains) <= then.median(earlier.chains):
                continue
            one = MoreSql(
                name, then.total / earlier.chains, executed.total / root.chains, statement
            )
            if one.after - one.before >= _STEP:
                yield one


def _increase(one: Frequency) -> tuple[bool, float, str]:
    """What was not there before comes first, then what grew most."""
    return (one.before > 0, one.before - one.after, one.root)


def _spread(calls: Calls) -> Spread:
    return Spread(*(calls.durations.percentile(percent) for percent in (10, 50, 90)))


def _is_slower(one: Slower, timed: list[Slower]) -> bool:
    """Whether nine calls in ten take longer than nine in ten did, and not by noise.

    Another load shifts half of the calls of some receivers and leaves others as they are; their
    fastest and slowest calls still overlap. What made all slower together is told by the others,
    but not by those that are so short that chance makes most of their times.
    """
    if one.after.low <= one.before.high:
        return False
    shortest = min(one.before.median // 10, _LONG_NS)
    ratios = [
        other.ratio for other in timed if other is not one and other.before.median >= shortest
    ]
    usual = max(statistics.median(ratios), 1.0) if ratios else 1.0
    return one.ratio >= usual * (_SLOWER if len(ratios) >= _OTHERS else _SLOWER_ALONE)


def _noise(ratios: list[float]) -> Noise | None:
    if len(ratios) < 2:
        return Noise(1, *ratios * 3) if ratios else None
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Noise(len(ratios), low, median, high)
