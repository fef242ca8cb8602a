"""The pytest plugin: hooks that bring in the rest of sigtrace only where a run makes use of it."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.testing.trace import Trace

_MARKER = (
    "signals(max_depth=None, max_queries_per_receiver=None, only=None): fail the test if receivers "
    "set each other off more than max_depth deep, if one executes more queries than that, or if "
    "one runs that none of the globs in only match."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, which do nothing unless they are given."""
    group = parser.getgroup("sigtrace", "signals of Django (sigtrace)")
    group.addoption(
        "--signals-on-failure",
        action="store_true",
        help="Show with each test that fails what its signals set off.",
    )
    group.addoption(
        "--signal-cov",
        action="store_true",
        help="Record the run, and say at its end which connected receivers it never called.",
    )
    group.addoption(
        "--signal-cov-fail-under",
        type=_percent,
        metavar="PERCENT",
        help="Fail if fewer of the receivers were called; implies --signal-cov.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin to record before a conftest or another plugin sets the project up."""
    options = early_config.known_args_namespace
    if options.signal_cov or options.signal_cov_fail_under is not None:
        from sigtrace.testing.covering import begin

        begin(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker; watch tests where failures are to show their signals."""
    config.addinivalue_line("markers", _MARKER)
    if config.getoption("signals_on_failure"):
        from sigtrace.testing.failing import ShowSignals

        config.pluginmanager.register(ShowSignals(), "sigtrace-on-failure")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Watch the tests that have the marker; without Django one of that name is a project's own."""
    plugins, name = config.pluginmanager, "sigtrace-limits"
    # A session may collect more than once.
    if plugins.has_plugin(name) or not _has_django():
        return
    if any(item.get_closest_marker("signals") is not None for item in items):
        from sigtrace.testing.limits import CheckLimits

        plugins.register(CheckLimits(uses_django="django" in sys.modules), name)


@pytest.fixture
def signal_trace() -> Iterator[Trace]:
    """What signals set off in this test, from here on: a `sigtrace.Trace`."""
    from sigtrace.testing.trace import trace

    with trace() as traced:
        yield traced


def _has_django() -> bool:
    return importlib.util.find_spec("django") is not None


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage between 0 and 100")
    return value
