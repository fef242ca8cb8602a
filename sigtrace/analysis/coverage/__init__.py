"""Signal coverage: which of the connected receivers a test suite has called, and which never."""

from __future__ import annotations

from sigtrace.analysis.coverage.calls import Calls
from sigtrace.analysis.coverage.measuring import measure
from sigtrace.analysis.coverage.rows import App, Late, Row, SignalCoverage

__all__ = ["App", "Calls", "Late", "Row", "SignalCoverage", "measure"]
