"""What an operation may cost, by measures that are the same on any machine and under any load.

`python -m tests.benchmarks.costs [SCENARIO]…` shows what it does cost, function by function;
`test_costs` fails where it is more. A limit is a little above what was counted when it was set: with
a change that makes something cheaper, lower it; with one that is worth more, raise it and say why.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tests.benchmarks.counting import Cost, Function, total
from tests.benchmarks.measure import trace_size
from tests.benchmarks.screen import as_text, console
from tests.support import ROOT, run_process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.measure import Size

LIMITS = {
    "dispatch 0": Cost(instructions=18, calls=1, system_calls=0),
    "unheard": Cost(instructions=75, calls=3, system_calls=0),
    "dispatch 5": Cost(instructions=2_750, calls=48, system_calls=12),
    "save 0 default": Cost(instructions=1_750, calls=46, system_calls=4),
    "save 3 default": Cost(instructions=5_750, calls=104, system_calls=16),
    "save 10 default": Cost(instructions=10_000, calls=132, system_calls=44),
    # A thousand rows, each with two sends that nobody hears.
    "load": Cost(instructions=35_000, calls=2_002, system_calls=0),
}
"""By the names of the benchmark's scenarios. Python 3.11 counts most: later ones about 6 % less."""

BYTES_PER_SPAN = 800
"""Of finished spans, with everything else in the process file."""

WITHOUT_DJANGO = frozenset({"sitecustomize"})
"""The modules that a traced interpreter has more when it begins: its hook."""

WITH_DJANGO = frozenset(
    {"__future__", "mmap", "sitecustomize", "_sigtrace", "_sigtrace.probe"}
    | {f"_sigtrace.{name}" for name in "events options privacy".split()}
    | {
        f"_sigtrace.probe.{name}"
        for name in """
        addresses blocks bulk callbacks calls cascades changes connections counts describe effects
        failures forks hiding identity late models muting naming operations patching places process
        prompt queries receiving recorder relations requests rows saves scalars scopes sending sends
        signals sink sites spans sql standins steps tasks testcases text tools tracing transactions uids wording
        writer
        """.split()
    }
)
"""The modules that a program has more after `import django.db.models`."""

ADVICE = """\
Is it needed on the way of every operation? What is the same each time can be made once (wording.py),
what is asked seldom need not be done before it is asked, a call costs more than the same lines in
place. `python -m tests.benchmarks.profile` says how many microseconds a part takes. If it is worth
it, raise the limit in tests/benchmarks/costs.py and say why in the commit."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.costs")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(LIMITS))
    scenarios = parser.parse_args().scenarios or [*LIMITS]
    if unknown := set(scenarios) - LIMITS.keys():
        parser.error(f"no scenario {unknown.pop()!r}; there are {', '.join(LIMITS)}")
    screen = console()
    with tempfile.TemporaryDirectory() as name:
        counted, size = count(scenarios, Path(name))
    for scenario, functions in counted.items():
        screen.print(table(scenario, functions))
    screen.print(f"{size.spans:,} spans, {size.per_span or 0:.0f} bytes a span")
    return 0


def count(scenarios: Sequence[str], folder: Path) -> tuple[dict[str, list[Function]], Size]:
    """Run a traced program through the scenarios; also return how big its trace is.

    Raises RuntimeError with what it wrote if it fails.
    """
    done = run_process(
        *(sys.executable, "-m", "sigtrace", "run", "--no-live", "--quiet"),
        *("--values", "redacted", "--trace-dir", folder / "run"),
        *(sys.executable, "-m", "tests.benchmarks.counting", folder),
        cwd=ROOT,
        stdin="".join(f"{scenario}\n" for scenario in scenarios),
    )
    if done.returncode or done.stderr:
        raise RuntimeError(done.stderr)
    answers = done.stdout.splitlines()[1:]
    counted = {
        scenario: [Function(**each) for each in json.loads(answer)]
        for scenario, answer in zip(scenarios, answers, strict=True)
    }
    return counted, trace_size(folder / "run")


def table(title: str, functions: list[Function]) -> Table:
    """Show where an operation spends its instructions, most first."""
    found = Table("", "instructions", "calls", "system calls", title=title)
    for column in found.columns[1:]:
        column.justify = "right"
    for each in sorted(functions, key=lambda one: (-one.instructions, one.name)):
        found.add_row(each.name, str(each.instructions), str(each.calls), str(each.system_calls))
    cost = total(functions)
    found.add_row("all", str(cost.instructions), str(cost.calls), str(cost.system_calls))
    return found


def complaint(scenario: str, functions: list[Function], limit: Cost) -> str:
    """Say that a scenario costs too much, and where."""
    found = f"{scenario}: {total(functions)} is more than {limit}"
    return f"{found}\n{as_text(table(scenario, functions))}\n{ADVICE}"


if __name__ == "__main__":
    sys.exit(main())
