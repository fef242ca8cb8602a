"""`--signals-on-failure`: with a test that fails goes what its signals set off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sigtrace.errors import SigtraceError
from sigtrace.testing.trace import Trace, trace

if TYPE_CHECKING:
    from collections.abc import Generator

_MOST_LINES = 200
_TRACE = pytest.StashKey[Trace]()


class ShowSignals:
    """Traces each test from its set-up to its tear-down."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        try:
            with trace() as traced:
                item.stash[_TRACE] = traced
                result = yield
        except SigtraceError:
            # What was gathered is incomplete; that is no fault of the test.
            pass
        finally:
            del item.stash[_TRACE]
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and _TRACE in item.stash:
            tree = _shortened(item.stash[_TRACE].tree())
            report.sections.append(("Signals", tree or "No receiver was called."))
        return report


def _shortened(tree: str) -> str:
    """The end of a tree that is long: that is where the failure is."""
    lines = tree.splitlines()
    left_out = len(lines) - _MOST_LINES
    if left_out <= 0:
        return tree
    return "\n".join([f"… {left_out:,} lines before", *lines[-_MOST_LINES:]])
