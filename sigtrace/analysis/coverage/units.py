"""What is to be covered: the connections of the runs of a suite, without what tests connect."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.connected import registry
from sigtrace.analysis.coverage.calls import Key, kind_of
from sigtrace.analysis.filters import Selection, is_connected_to
from sigtrace.events import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sigtrace.analysis.connected import Connection
    from sigtrace.analysis.coverage.testing import Tests
    from sigtrace.reader import Run


@dataclass
class Units:
    """Adds up what runs have connected.

    `connections` are those that count, with their dispatch_uids, and `apps` where they belong;
    `everyone` are all of them for whatever sender. `muted` and `in_tests` do not count.
    """

    selection: Selection
    tests: Tests
    everyone: set[Key] = field(default_factory=set)
    connections: dict[Key, Counter[str | None]] = field(default_factory=dict)
    apps: dict[Key, str] = field(default_factory=dict)
    muted: set[Key] = field(default_factory=set)
    in_tests: set[Key] = field(default_factory=set)
    _told: set[Key] = field(default_factory=set)

    def add(self, run: Run) -> None:
        """Add what a run has connected, but not up: the runs of a suite connect the same."""
        known, apps = registry(run), _apps(run)
        self._told |= _told(known.connections)
        here: dict[Key, Counter[str | None]] = {}
        for one in known.connections:
            key = _key(one)
            self.everyone.add(key.of(None))
            if not (self.selection.everything or one.origin == "own"):
                continue
            if one.origin == "own" and self.tests.connect(one):
                if is_connected_to(one, self.selection):
                    self.in_tests.add(key)
            elif one.signal in known.muted:
                self.muted.add(key)
            elif is_connected_to(one, self.selection):
                self.apps.setdefault(key, _app_of(one.receiver, apps))
                here.setdefault(key, Counter())[one.uid] += 1
        for key, uids in here.items():
            self.connections[key] = self.connections.get(key, Counter()) | uids

    def known(self) -> dict[Key, Counter[str | None]]:
        """Those that count; what is unknown in one run is not, where another has told them all."""
        return {
            key: uids
            for key, uids in self.connections.items()
            if key.sender != UNKNOWN or key.of(None) not in self._told
        }


def _key(one: Connection) -> Key:
    return Key(one.signal, one.receiver, one.file, one.line, kind_of(one.sender))


def _told(connections: Sequence[Connection]) -> set[Key]:
    """The receivers and signals of a run that came before each of their connections."""
    unknown = {_key(one).of(None) for one in connections if one.sender == UNKNOWN}
    return {_key(one).of(None) for one in connections} - unknown


def _apps(run: Run) -> list[str]:
    names = run.receivers.get("apps")
    return [str(name) for name in names] if isinstance(names, list) else []


def _app_of(receiver: str, apps: Iterable[str]) -> str:
    """The innermost app that a receiver's module lies in, else its top-level package."""
    homes = [name for name in apps if receiver.startswith(f"{name}.")]
    return max(homes, key=len) if homes else receiver.partition(".")[0]
