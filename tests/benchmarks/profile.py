"""Where the microseconds go, part by part of the probe: `python -m tests.benchmarks.profile`.

Method. One traced process runs batches with one part of the probe left out, another part each time,
also without any hook; the order rotates from round to round. Taken is processor time, of each the
least of all rounds: what others use the machine for only adds to it. A part takes what is saved
where it alone is left out. Parts overlap (a receiver's line is written: both save it), and what
stands in for one is not for nothing, so that they do not add up.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tests.benchmarks.scenarios import SCENARIOS
from tests.benchmarks.screen import console
from tests.support import ROOT, run_process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT = ("save 3 default", "dispatch 5")
FULL, UNTRACED, HOOKS = "nothing", "everything", "all but the hooks"
PATIENCE = 3600


def main() -> int:
    options = arguments()
    taken = measure(options.scenarios, options.rounds)
    console().print(table(taken))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.profile")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", default=[*DEFAULT])
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    if unknown := set(options.scenarios) - SCENARIOS.keys():
        parser.error(f"no scenario {unknown.pop()!r}; there are {', '.join(SCENARIOS)}")
    return options


def measure(scenarios: Sequence[str], rounds: int) -> dict[str, dict[str, float]]:
    """The least microseconds an operation of each scenario takes without each of the parts.

    Raises RuntimeError with what the traced program wrote if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = run_process(
            *(sys.executable, "-m", "sigtrace", "run", "--no-live", "--quiet"),
            *("--trace-dir", Path(folder) / "run"),
            *(sys.executable, "-m", "tests.benchmarks.parts", folder, "cpu"),
            cwd=ROOT,
            stdin="".join(f"{SCENARIOS[name].asked} {rounds}\n" for name in scenarios),
            timeout=PATIENCE,
        )
    if done.returncode or done.stderr:
        raise RuntimeError(done.stderr)
    answers = done.stdout.splitlines()
    return {name: json.loads(line) for name, line in zip(scenarios, answers, strict=True)}


def shares(least: Mapping[str, float]) -> dict[str, float]:
    """Microseconds that each part takes, of what tracing adds; the hooks are what is left then."""
    saved = {
        part: least[FULL] - least[part] for part in least if part not in (UNTRACED, FULL, HOOKS)
    }
    return {
        "tracing": least[FULL] - least[UNTRACED],
        "hooks that let all pass": least[HOOKS] - least[UNTRACED],
        **saved,
    }


def table(taken: Mapping[str, Mapping[str, float]]) -> Table:
    """A row for each part, two columns for each scenario: microseconds, and of what is added."""
    found = Table("")
    for scenario in taken:
        found.add_column(f"{SCENARIOS[scenario].title}, µs", justify="right")
        found.add_column("%", justify="right")
    columns: Sequence[Mapping[str, float]] = [shares(least) for least in taken.values()]
    untraced = [cell for least in taken.values() for cell in (f"{least[UNTRACED]:.2f}", "")]
    found.add_row("untraced", *untraced, end_section=True)
    for part in columns[0]:
        cells = []
        for each in columns:
            cells += [f"{each[part]:.2f}", f"{each[part] / each['tracing']:.0%}"]
        found.add_row(part, *cells, end_section=part == "tracing")
    return found


if __name__ == "__main__":
    sys.exit(main())
