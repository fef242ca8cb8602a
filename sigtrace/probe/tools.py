"""What the hooks need to say what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .wording import Wordings

if TYPE_CHECKING:
    from .changes import Changes
    from .connections import Connections
    from .describe import Describer
    from .naming import Receivers, Signals
    from .recorder import Recorder
    from .sites import Sites


class Tools:
    """The describers of one probe, and its recorder."""

    __slots__ = (
        "changes",
        "connections",
        "describe",
        "receivers",
        "recorder",
        "signals",
        "sites",
        "wordings",
    )

    def __init__(
        self,
        recorder: Recorder,
        describe: Describer,
        changes: Changes,
        receivers: Receivers,
        signals: Signals,
        sites: Sites,
        connections: Connections,
    ) -> None:
        self.recorder = recorder
        self.describe = describe
        self.changes = changes
        self.receivers = receivers
        self.signals = signals
        self.sites = sites
        self.connections = connections
        self.wordings = Wordings(signals, receivers, describe, connections)
