"""`--signals-on-failure`: with a test that fails goes what its signals set off."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from sigtrace.errors import SigtraceError
from sigtrace.testing.drawing import draw
from sigtrace.testing.shortening import shortened
from sigtrace.testing.trace import Trace, trace

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sigtrace.tree import Event

_TRACE = pytest.StashKey[Trace]()
_SET_UP = pytest.StashKey[int]()
_WHY = pytest.StashKey[str]()


class ShowSignals:
    """Traces each test from its set-up to its tear-down."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        traced = trace()
        try:
            traced.__enter__()
        except SigtraceError as error:
            # Nothing can be traced here; that is no fault of the test.
            item.stash[_WHY] = error.message
            return (yield)
        item.stash[_TRACE] = traced
        try:
            return (yield)
        finally:
            del item.stash[_TRACE]
            with suppress(SigtraceError):
                traced.__exit__(None, None, None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "setup":
            item.stash[_SET_UP] = time.time_ns()
        if report.failed and _TRACE in item.stash:
            events = _unmigrated(item.stash[_TRACE].events, item.stash.get(_SET_UP, 0))
            tree = "\n".join(shortened(str(draw(events)).splitlines()))
            _add(report, tree or "No receiver was called.")
        elif report.failed and _WHY in item.stash:
            _add(report, item.stash[_WHY])
        return report


def _add(report: pytest.TestReport, text: str) -> None:
    # What stands beside the failure `--show-capture` hides, and JUnit XML lacks.
    add = getattr(report.longrepr, "addsection", None)
    if add is not None:
        add("Signals", text)
    else:
        report.sections.append(("Signals", text))


def _unmigrated(events: Sequence[Event], before: int) -> list[Event]:
    """Leave out how the test database was migrated `before` then (Unix nanoseconds)."""
    migrating: set[str] = set()
    for event in events:
        if event["event"] == "scope" and (
            event["parent"] in migrating
            or ((event["kind"], event["name"]) == ("command", "migrate") and event["time"] < before)
        ):
            migrating.add(event["id"])
    # Lines that begin a span need not name its scope; those that end it do.
    left_out = migrating | {event["id"] for event in events if event.get("scope") in migrating}
    return [event for event in events if event.get("id") not in left_out]
