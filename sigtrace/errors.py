"""The one exception that a user is meant to read, with what to do next and how to exit."""

from __future__ import annotations


class SigtraceError(Exception):
    """A failure of ours or of the input, said in one sentence.

    `hint` is the next thing to try; `exit_status` is what the command ends with.
    """

    def __init__(self, message: str, hint: str = "", exit_status: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_status = exit_status
