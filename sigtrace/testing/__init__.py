"""Assert on what signals set off: in tests, notebooks and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigtrace.testing.errors import TraceError
    from sigtrace.testing.mixin import SignalTestMixin
    from sigtrace.testing.records import Call, Send
    from sigtrace.testing.trace import Trace, trace

__all__ = ["Call", "Send", "SignalTestMixin", "Trace", "TraceError", "trace"]

# pytest imports this package in every project: nothing more before it is used.
_HOMES = {
    "Call": "records",
    "Send": "records",
    "SignalTestMixin": "mixin",
    "Trace": "trace",
    "TraceError": "errors",
    "trace": "trace",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
