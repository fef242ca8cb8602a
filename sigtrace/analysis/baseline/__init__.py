"""The committed list of the receivers that a team has agreed to, and what differs from it."""

from __future__ import annotations

from sigtrace.analysis.baseline.comparison import Change, Comparison, compare, compare_called
from sigtrace.analysis.baseline.entries import (
    Called,
    Connected,
    called,
    connected,
    entry_of,
    origin,
)
from sigtrace.analysis.baseline.entry import ANY, Entry
from sigtrace.analysis.baseline.file import Baseline, Line, parse, render, updated

__all__ = [
    "ANY",
    "Baseline",
    "Called",
    "Change",
    "Comparison",
    "Connected",
    "Entry",
    "Line",
    "called",
    "compare",
    "compare_called",
    "connected",
    "entry_of",
    "origin",
    "parse",
    "render",
    "updated",
]
