"""What a project has connected, as its own interpreter wrote it: records, and their reader."""

from __future__ import annotations

from sigtrace.inspection.connections import (
    DJANGO,
    OWN,
    THIRD_PARTY,
    Connection,
    Connector,
    Place,
    Receiver,
    Sender,
    Signal,
    Uid,
)
from sigtrace.inspection.failure import MissingSettingsError
from sigtrace.inspection.models import ManyToMany, Model, Relation
from sigtrace.inspection.reading import read_inspection
from sigtrace.inspection.records import App, Inspection, Settings

__all__ = [
    "DJANGO",
    "OWN",
    "THIRD_PARTY",
    "App",
    "Connection",
    "Connector",
    "Inspection",
    "ManyToMany",
    "MissingSettingsError",
    "Model",
    "Place",
    "Receiver",
    "Relation",
    "Sender",
    "Settings",
    "Signal",
    "Uid",
    "read_inspection",
]
