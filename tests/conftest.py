"""Fixtures for tests that start real processes, and the rule about missing services."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import (
    POSTGRESQL,
    SAMPLE_SITE,
    Finished,
    Site,
    Trace,
    free_port,
    postgresql_database,
    run_process,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

pytest.register_assert_rewrite("tests.e2e.plays")

SERVICE = "service:"
"""How the reason of a skip begins that is due to something missing on this machine."""


def pytest_configure() -> None:
    """Take signals as a terminal's program does, also where the tests run in the background.

    A shell without job control starts those with SIGINT and SIGQUIT ignored, and what the tests
    start would inherit that.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def migrated_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A copy of the sample site, migrated once. Copy it (`site` does); do not change it."""
    path = tmp_path_factory.mktemp("template") / "site"
    ignored = shutil.ignore_patterns("__pycache__", ".sigtrace", "*.sqlite3*")
    shutil.copytree(SAMPLE_SITE, path, ignore=ignored)
    site = Site(path)
    done = site.manage("migrate", "-v0")
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture
def site(migrated_site: Site, tmp_path: Path) -> Site:
    """A copy of the sample site with a SQLite database of its own, migrated and empty.

    `site.path` is the folder of manage.py; `site.manage("demo")` runs it untraced,
    `site.sigtrace("run", "--no-live", "manage.py", "demo")` traced, `site.script(source)` writes
    a script with Django set up, `site.trace()` reads the newest run.
    """
    path = tmp_path / "site"
    shutil.copytree(migrated_site.path, path)
    return Site(path)


@pytest.fixture
def sigtrace(tmp_path: Path) -> Callable[..., Finished]:
    """`sigtrace("report", cwd=…, env={"CI": "1"}, stdin="", timeout=60)`: a real process.

    It runs in a clean environment (no CI, NO_COLOR, VIRTUAL_ENV, PYTHON… or SIGTRACE_… unless
    `env` sets them), in `tmp_path` unless `cwd` says where. Returns `returncode`, `stdout` and
    `stderr`.
    """

    def run(*args: str | Path, cwd: Path = tmp_path, **options: Any) -> Finished:
        return run_process(sys.executable, "-m", "sigtrace", *args, cwd=cwd, **options)

    return run


@pytest.fixture
def trace() -> Callable[[Path], Trace]:
    """`trace(run_directory)`: its lines, to be asked for: `.events`, `.spans("send")`, `.run`."""
    return Trace


@pytest.fixture
def postgresql_site(site: Site) -> Iterator[Site]:
    """As `site`, on a PostgreSQL database of its own; skips where no server is named.

    Mark the test `postgresql`.
    """
    address = os.environ.get(POSTGRESQL)
    if not address:
        pytest.skip(f"{SERVICE} PostgreSQL ({POSTGRESQL} names no server)")
    pytest.importorskip("psycopg", reason=f"{SERVICE} psycopg is missing")
    with postgresql_database(address) as variables:
        copy = Site(site.path, {**variables, "SAMPLE_SITE_POSTGRES": "1"})
        done = copy.manage("migrate", "-v0")
        assert done.returncode == 0, done.stderr
        yield copy


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis that is there for the tests alone; skips where none is installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip(f"{SERVICE} redis-server is missing")
    port = str(free_port())
    words = ["--bind", "127.0.0.1", "--port", port, "--save", ""]
    folder = tmp_path_factory.mktemp("redis")
    server = subprocess.Popen([program, *words], cwd=folder, stdout=subprocess.PIPE, text=True)
    with server:
        assert server.stdout is not None
        written = ""
        while "Ready to accept connections" not in written:
            line = server.stdout.readline()
            assert line, f"Redis has ended:\n{written}"
            written += line
        yield f"redis://127.0.0.1:{port}"
        server.terminate()


def _refuse_missing_service(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip for a missing service into a failure, where all services must be there."""
    if not report.skipped or os.environ.get("SIGTRACE_REQUIRE_SERVICES") != "1":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if reason.removeprefix("Skipped: ").startswith(SERVICE):
        report.outcome = "failed"
        report.longrepr = f"SIGTRACE_REQUIRE_SERVICES=1, but {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_missing_service(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_missing_service(report)
    return report
