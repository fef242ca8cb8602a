"""What an operation on a model would set off now, from what is connected: nothing is run."""

from __future__ import annotations

from sigtrace.analysis.explaining.chains import OPERATIONS, Explanation, explain
from sigtrace.analysis.explaining.steps import Chain, NotCalled, Sent, Step, Unknown, Written

__all__ = [
    "OPERATIONS",
    "Chain",
    "Explanation",
    "NotCalled",
    "Sent",
    "Step",
    "Unknown",
    "Written",
    "explain",
]
