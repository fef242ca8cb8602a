"""What a test is told when it cannot be traced, or asks for what there is not."""

from __future__ import annotations

from sigtrace.errors import SigtraceError


class TraceError(SigtraceError):
    """A SigtraceError that is read in a traceback, which shows its hint too."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        if hint:
            self.add_note(hint)
