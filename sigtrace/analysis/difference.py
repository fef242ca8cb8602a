"""What a second run of a command does that the first one did not, and the other way round."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.edges import Edge
    from sigtrace.analysis.profile import Calls, Profile, Receiver

FEWEST = 5
"""Fewer calls than that say nothing about time."""

_MORE = 1.1
_SLOWER = 1.2


@dataclass(frozen=True)
class ReceiverChange:
    """A receiver that only one of the runs called."""

    receiver: Receiver
    calls: Calls


@dataclass(frozen=True)
class EdgeChange:
    """A way that only one of the runs took, and how often."""

    edge: Edge
    count: int


@dataclass(frozen=True)
class Frequency:
    """How often something happens in a chain that begins with `root`, on average of each run."""

    root: str
    before: float
    after: float


@dataclass(frozen=True)
class MoreCalls(Frequency):
    """A receiver that is called more often."""

    receiver: Receiver
    calls: Calls


@dataclass(frozen=True)
class MoreSql(Frequency):
    """A statement that is new in these chains, or that there is more of."""

    statement: str


@dataclass(frozen=True)
class Quartiles:
    """Nanoseconds: half of the calls took from `low` to `high`."""

    low: int
    median: int
    high: int


@dataclass(frozen=True)
class Slower:
    """A receiver whose faster calls now take longer than its slower ones did."""

    receiver: Receiver
    calls: Calls
    before: Quartiles
    after: Quartiles

    @property
    def ratio(self) -> float:
        return self.after.median / max(self.before.median, 1)


@dataclass(frozen=True)
class Noise:
    """How the times of all compared receivers changed: the median of their ratios and quartiles.

    What differs between two runs in load or machine changes all of them alike.
    """

    receivers: int
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Difference:
    """What differs between two runs; each list begins with what matters most."""

    before: Profile
    after: Profile
    new_receivers: tuple[ReceiverChange, ...]
    gone_receivers: tuple[ReceiverChange, ...]
    new_edges: tuple[EdgeChange, ...]
    gone_edges: tuple[EdgeChange, ...]
    more_calls: tuple[MoreCalls, ...]
    slower: tuple[Slower, ...]
    sql: tuple[MoreSql, ...]
    noise: Noise | None


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
            _quartiles(before.receivers[receiver]),
            _quartiles(after.receivers[receiver]),
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


def _quartiles(calls: Calls) -> Quartiles:
    return Quartiles(*(calls.durations.percentile(percent) for percent in (25, 50, 75)))


def _is_slower(one: Slower, usual: float) -> bool:
    """Whether three quarters of the calls take longer than three quarters did, and not by noise.

    `usual` is by how much all receivers became slower together.
    """
    return one.after.low > one.before.high and one.ratio >= usual * _SLOWER


def _noise(ratios: list[float]) -> Noise | None:
    if len(ratios) < 2:
        return None
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Noise(len(ratios), low, median, high)
