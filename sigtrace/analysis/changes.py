"""What can differ between two runs: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigtrace.analysis.edges import Edge
    from sigtrace.analysis.profile import Calls, Profile, Receiver


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
    """A statement that is new in these chains, or that most of them execute more often."""

    statement: str


@dataclass(frozen=True)
class Spread:
    """Nanoseconds: one call in ten took less than `low`, one in ten more than `high`."""

    low: int
    median: int
    high: int


@dataclass(frozen=True)
class Slower:
    """A receiver whose faster calls now take longer than its slower ones did."""

    receiver: Receiver
    calls: Calls
    before: Spread
    after: Spread

    @property
    def ratio(self) -> float:
        return self.after.median / max(self.before.median, 1)


@dataclass(frozen=True)
class Noise:
    """How the times of those receivers changed that are not slower: their ratios' quartiles.

    What differs between two runs in load or machine changes all of them alike.
    """

    receivers: int
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Difference:
    """What differs between two runs; each list begins with what matters most.

    Of the receivers that both called, `timed` had calls enough to compare their times, `untimed`
    had not. `noise` is None where there is none to tell it from.
    """

    before: Profile
    after: Profile
    new_receivers: tuple[ReceiverChange, ...]
    gone_receivers: tuple[ReceiverChange, ...]
    new_edges: tuple[EdgeChange, ...]
    gone_edges: tuple[EdgeChange, ...]
    more_calls: tuple[MoreCalls, ...]
    slower: tuple[Slower, ...]
    sql: tuple[MoreSql, ...]
    more_sql: tuple[MoreSql, ...]
    timed: int
    untimed: int
    noise: Noise | None

    @property
    def compares_sql(self) -> bool:
        """Whether both runs were recorded with SQL."""
        return self.before.has_sql and self.after.has_sql

    @property
    def is_of_one_command(self) -> bool:
        """Whether both runs are of the same command line, or that is not known."""
        words = [one.run.meta.get("argv") for one in (self.before, self.after)]
        return None in words or words[0] == words[1]
