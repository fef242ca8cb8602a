"""What a project has connected, as its own interpreter wrote it: records, and their reader."""

from __future__ import annotations

from sigtrace.inspection.reading import read_inspection
from sigtrace.inspection.records import (
    DJANGO,
    OWN,
    THIRD_PARTY,
    App,
    Connection,
    Connector,
    Inspection,
    ManyToMany,
    Model,
    Place,
    Receiver,
    Relation,
    Sender,
    Settings,
    Signal,
)

__all__ = [
    "DJANGO",
    "OWN",
    "THIRD_PARTY",
    "App",
    "Connection",
    "Connector",
    "Inspection",
    "ManyToMany",
    "Model",
    "Place",
    "Receiver",
    "Relation",
    "Sender",
    "Settings",
    "Signal",
    "read_inspection",
]
