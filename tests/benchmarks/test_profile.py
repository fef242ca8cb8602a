"""The arithmetic of the profile, and that what it leaves out of the probe is really left out."""

from __future__ import annotations

import json
import sys

import pytest

from tests.benchmarks.parts import PARTS
from tests.benchmarks.profile import measure, shares, table
from tests.benchmarks.screen import as_text
from tests.benchmarks.starting import Start
from tests.benchmarks.starting import table as table_of_starts
from tests.support import ROOT, clean_environment, run_process

COUNT_WITHOUT = """
import dataclasses, json, sys
from tests.benchmarks.counting import Operations, total
from tests.benchmarks.parts import PARTS, only
from tests.benchmarks.worker import prepare, run

prepare()
(ours,) = sys.modules["_sigtrace"].__path__
recorder = only(sys.modules["_sigtrace.probe.recorder"].Recorder)
counted = {}
for name, part in PARTS.items():
    with part(recorder):
        run("save 3 default", iter([None] * 5))
        operations = Operations(f"{ours}/")
        run("save 3 default", operations)
    counted[name] = dataclasses.astuple(total(operations.typical()))
print(json.dumps(counted))
"""


def test_every_part_is_left_out(tmp_path):
    done = run_process(
        *(sys.executable, "-m", "sigtrace", "run", "--no-live", "--quiet"),
        *("--trace-dir", tmp_path / "run"),
        *(sys.executable, "-c", COUNT_WITHOUT, tmp_path),
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    assert counted.keys() == PARTS.keys()
    assert counted["everything"] == [0, 0, 0]
    full = counted.pop("nothing")
    # A tuple in the place of a page of memory is read by the same instruction.
    assert counted.pop("  asking for a fork") == full
    for name, cost in counted.items():
        assert sum(cost) < sum(full), name


def test_a_profile_measures_every_part():
    least = measure(["save 3 default"], 1)["save 3 default"]
    assert least.keys() == PARTS.keys()
    assert min(least.values()) > 0


def test_what_a_part_takes_is_what_leaving_it_out_saves():
    least = {"nothing": 30.0, "everything": 10.0, "all but the hooks": 11.0, "keys": 28.0}
    found = shares(least)
    assert found == {"tracing": 20.0, "hooks that let all pass": 1.0, "keys": 2.0}
    lines = as_text(table({"dispatch 5": least})).splitlines()
    assert [line.replace("│", " ").split() for line in lines if line.startswith("│")] == [
        ["untraced", "10.00"],
        ["tracing", "20.00", "100%"],
        ["hooks", "that", "let", "all", "pass", "1.00", "5%"],
        ["keys", "2.00", "10%"],
    ]


def test_starts_are_shown_in_starts_of_the_first():
    text = as_text(table_of_starts({"bare": [10**7] * 3, "click": [2 * 10**7] * 3}))
    assert "│ click │ 20.0 │        2.00 (2.00-2.00) │" in text


def test_a_start_runs_a_command_in_a_terminal(tmp_path):
    source = "import sys; open('seen', 'a').write(f'{sys.stdin.isatty()} ')"
    start = Start((sys.executable, "-c", source), clean_environment(), tmp_path)
    assert start.ask("", 2) > 0
    assert (tmp_path / "seen").read_text() == "True True "
    failing = Start((sys.executable, "-c", "exit('no such thing')"), clean_environment(), tmp_path)
    with pytest.raises(RuntimeError, match="ended with 1: no such thing"):
        failing.ask("", 1)
