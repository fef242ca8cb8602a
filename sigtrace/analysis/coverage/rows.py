"""What there is to say of signal coverage: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigtrace.reader import Run


@dataclass(frozen=True)
class Row:
    """A connection of a receiver, and whether it was of use.

    `sender` is None for any; `senders` are then those that it was called for, with how often.
    `test` is the one that first had it called, None if none did.
    """

    app: str
    receiver: str
    signal: str
    sender: str | None
    file: str | None
    line: int | None
    calls: int = 0
    test: str | None = None
    senders: tuple[tuple[str | None, int], ...] = ()


@dataclass(frozen=True)
class Late:
    """A receiver that was called for a signal to which it was connected after `django.setup()`."""

    receiver: str
    signal: str
    file: str | None
    line: int | None
    calls: int


@dataclass(frozen=True)
class App:
    """The rows of one app; what belongs to none goes by its top-level package."""

    name: str
    rows: tuple[Row, ...]

    @property
    def called(self) -> int:
        return sum(row.calls > 0 for row in self.rows)

    @property
    def percent(self) -> float:
        return percent(self.called, len(self.rows))


@dataclass(frozen=True)
class SignalCoverage:
    """The coverage of runs together, by app and in the order of their names.

    `muted` are connections to signals that were not recorded, so that nothing can be said of them,
    `in_tests` those that tests have connected themselves, as far as the names of files tell.
    `doubts` are reasons, in words, why calls may be missing. `late` are not counted: what was
    connected late and not called is not known.
    """

    runs: tuple[Run, ...]
    apps: tuple[App, ...]
    muted: int
    doubts: tuple[str, ...]
    everyone: bool
    late: tuple[Late, ...] = ()
    in_tests: int = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for app in self.apps for row in app.rows)

    @property
    def called(self) -> int:
        return sum(app.called for app in self.apps)

    @property
    def connected(self) -> int:
        return sum(len(app.rows) for app in self.apps)

    @property
    def percent(self) -> float:
        """The share of connections that were called; 100 where there are none."""
        return percent(self.called, self.connected)

    def reaches(self, least: float) -> bool:
        """Whether at least so many percent were called."""
        return self.called * 100 >= least * self.connected


def percent(part: int, whole: int) -> float:
    """A share in percent, cut to one decimal: 100.0 means all of it."""
    return 100.0 if not whole else part * 1000 // whole / 10
