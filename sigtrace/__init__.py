"""strace for Django signals: run any command of a project, see what every save sets off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigtrace.testing.trace import Trace, trace

__all__ = ["Trace", "__version__", "trace"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Late: what only wants the version or the entry point of pytest gets nothing else.
    if name in ("Trace", "trace"):
        import sigtrace.testing.trace as home

        return getattr(home, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
