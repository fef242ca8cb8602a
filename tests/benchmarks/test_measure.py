"""The arithmetic of the benchmark, and that its workers do what they are asked."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from sigtrace.analysis.report import analyse
from sigtrace.reader import open_run
from tests.benchmarks.__main__ import notes
from tests.benchmarks.measure import Ratio, Size, Worker, alternate, batch_size, ratio, trace_size
from tests.benchmarks.reading import record, repeat
from tests.benchmarks.scenarios import SCENARIOS
from tests.benchmarks.tools import TOOLS
from tests.support import POSTGRESQL, clean_environment

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A worker whose operations take that many nanoseconds each."""

    def __init__(self, name: str, each: int, calls: list[str]) -> None:
        self.name, self.each, self.calls = name, each, calls

    def ask(self, scenario: str, operations: int) -> int:
        self.calls.append(self.name)
        return self.each * operations


def test_a_ratio_is_the_median_of_pairs():
    assert ratio([10, 40, 30, 20], [10, 10, 10, 10]) == Ratio(2.5, 1.75, 3.25)
    assert str(Ratio(1.234, 1.2, 1.3)) == "1.23 (1.20-1.30)"


def test_a_batch_lasts_long_enough():
    assert batch_size(Clock("a", 100, []), "load", 5_000) == 64


def test_workers_take_turns_and_none_always_begins():
    calls: list[str] = []
    taken = alternate({"a": Clock("a", 1, calls), "b": Clock("b", 3, calls)}, "load", 10, 3)
    assert taken == {"a": [10, 10, 10], "b": [30, 30, 30]}
    assert calls == ["a", "b", "a", "b", "b", "a", "a", "b"]


def test_bytes_a_span(tmp_path: Path):
    counts = b'{"event":"counts","dropped":%d}\n'
    spans = b'{"event":"process"}\n{"event":"end","id":"1-1"}\n{"event":"end","id":"1-2"}\n'
    (tmp_path / "1.jsonl").write_bytes(spans + counts % 5 + counts % 7)
    (tmp_path / "run.json").write_bytes(b"{}")
    size = trace_size(tmp_path)
    assert size == Size(len(spans) + 2 * len(counts) - 2, spans=2, dropped=7)
    assert Size(0, 0, 0).per_span is None
    assert Size(300, 2, 0).per_span == 150


def test_a_worker_runs_every_scenario(tmp_path: Path):
    command = [sys.executable, "-m", "tests.benchmarks.worker", str(tmp_path)]
    with Worker(command, clean_environment(), tmp_path / "log") as worker:
        for scenario in SCENARIOS.values():
            assert scenario.postgresql or worker.ask(scenario.asked, 2) > 0


@pytest.mark.parametrize("tool", ["sentry", "kolo", "viztracer", "cprofile"])
def test_a_worker_runs_under_a_tool(tmp_path: Path, tool: str):
    if not TOOLS[tool].is_installed():
        pytest.skip(f"{tool} is not installed: it comes with the extra `bench`")
    command = [sys.executable, "-m", "tests.benchmarks.worker", str(tmp_path), "cpu", tool]
    with Worker(command, clean_environment(), tmp_path / "log") as worker:
        assert worker.ask("save 3 default", 90) > 0


def test_what_is_not_measured_is_said(monkeypatch):
    monkeypatch.delenv(POSTGRESQL, raising=False)
    said = notes(["dispatch 5"], ["cprofile"], alone=False)
    assert said[0] == "cProfile: without sorting; it keeps sums, no calls."
    assert "NOT MEASURED: Sentry, kolo, viztracer: not installed" in said[1]
    assert notes(["load"], [], alone=True) == []
    (said_last,) = notes(["save 3 postgresql"], [*TOOLS], alone=False)[len(TOOLS) :]
    assert f"NOT MEASURED: PostgreSQL: {POSTGRESQL} names no server" in said_last


def test_the_stderr_of_a_worker_may_be_a_terminal(tmp_path: Path):
    log = tmp_path / "log"
    source = "import sys; print(sys.stderr.isatty()); print('seen', file=sys.stderr)"
    with Worker([sys.executable, "-c", source], clean_environment(), log, terminal=True):
        pass
    assert log.read_text().split() == ["seen"]


def test_a_worker_that_dies_says_why(tmp_path: Path):
    command = [sys.executable, "-c", "import sys; sys.exit('no such thing')"]
    with pytest.raises(RuntimeError, match="status 1: no such thing"):
        Worker(command, clean_environment(), tmp_path / "log")


def test_a_big_run_is_a_real_one_many_times(tmp_path):
    spans, size = repeat(record(tmp_path), tmp_path / "run", 2000, processes=2)
    run = open_run(tmp_path / "run", tmp_path)
    report = analyse([run])
    assert len(run.files) == 2
    assert sum(path.stat().st_size for path in run.files) == size
    assert report.damage.total == report.totals.unfinished == 0
    text = "".join(path.read_text() for path in run.files)
    ids = re.findall(r'"event":"end","kind":"\w+","id":"([^"]+)"', text)
    assert len(set(ids)) == len(ids) == spans >= 2000
    assert report.totals.chains % 28 == 0
