"""What is done about exceptions: the target's lose our frames, ours are told from the target's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .places import is_internal

if TYPE_CHECKING:
    from collections.abc import Callable

# The base class's own: a subclass may define attributes that raise, or forbid assignment.
_traceback = vars(BaseException)["__traceback__"].__get__
_with_traceback = BaseException.with_traceback


def strip(error: BaseException) -> None:
    """Take the frame that caught `error` out of its traceback; re-raise by a bare `raise`."""
    trace = _traceback(error)
    _with_traceback(error, trace.tb_next if trace is not None else None)


def own_place(error: BaseException) -> str | None:
    """Return which line of ours raised `error` (`sends.py:12`); None if other people's code did.

    A signal handler of the target, or of a package that it uses, may raise while our code runs.
    """
    place = "unknown"
    trace = _traceback(error)
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if not is_internal(filename):
            return None
        place = f"{os.path.basename(filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def say(message: str) -> None:
    """Write one line of ours to stderr, whatever has become of that."""
    try:
        os.write(2, f"sigtrace: {message}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass


class FailureLogger:
    """Stands for 4.2's `dispatcher.logger`: the one place that sees what `send_robust` caught."""

    def __init__(self, logger: Any, swallowed: Callable[[Any], None]) -> None:
        self._logger = logger
        self._swallowed = swallowed

    def error(self, *args: Any, **kwargs: Any) -> None:
        """Note the exception and log as before, from the same line."""
        self._swallowed(kwargs.get("exc_info"))
        stacklevel = kwargs.pop("stacklevel", 1) + 1
        try:
            self._logger.error(*args, stacklevel=stacklevel, **kwargs)
        except BaseException as error:
            strip(error)
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)
