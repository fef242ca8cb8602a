"""`python -m tests.benchmarks [--rounds N] [--option=--no-sql] [SCENARIO]…` prints the table."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure import Ratio, Size, Worker, alternate, batch_size, ratio, trace_size
from tests.support import clean_environment

SCENARIOS = {
    "dispatch 0": "send() to 0 receivers",
    "dispatch 1": "send() to 1 receiver",
    "dispatch 5": "send() to 5 receivers",
    "dispatch 20": "send() to 20 receivers",
    "save 0 default": "save() 0+0, :memory:",
    "save 3 default": "save() 3+3, :memory:",
    "save 10 default": "save() 10+10, :memory:",
    "save 0 file": "save() 0+0, file",
    "save 3 file": "save() 3+3, file",
    "save 10 file": "save() 10+10, file",
    "load": "loading 1,000 rows",
}
"""What a worker is asked for, and how the table calls it."""

BATCH_NS = 5_000_000
FEW = 100


@dataclass(frozen=True)
class Row:
    """One line of the table; times are medians in microseconds an operation."""

    untraced_us: float
    traced_us: float
    traced: Ratio
    noise: Ratio
    size: Size


def main() -> int:
    options = arguments()
    table = Table("", "untraced µs", "traced µs", "added µs", "ratio", "noise", "bytes a span")
    for column in table.columns[1:]:
        column.justify = "right"
    sizes = []
    for scenario in options.scenarios:
        row = measure(scenario, options.rounds, options.python, options.option)
        sizes.append(row.size)
        table.add_row(SCENARIOS[scenario], *cells(row))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    spans = sum(size.spans for size in sizes)
    total = sum(size.size for size in sizes)
    if spans:
        console.print(f"{spans:,} spans, {total / spans:.0f} bytes a span")
    if dropped := sum(size.dropped for size in sizes):
        console.print(f"{dropped:,} spans were dropped at the size limit: use fewer --rounds")
    return 1 if dropped or not spans else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=[*SCENARIOS], metavar="SCENARIO")
    parser.add_argument("--rounds", type=int, default=25, help="at least 2")
    parser.add_argument("--python", default=sys.executable, help="the target's interpreter")
    parser.add_argument("--option", action="append", default=[], help="for `sigtrace run`")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - SCENARIOS.keys():
        parser.error(f"no scenario {unknown.pop()!r}; there are {', '.join(SCENARIOS)}")
    return options


def measure(scenario: str, rounds: int, python: str, options: list[str]) -> Row:
    """Compare the workers in one scenario, each a fresh process."""
    program = str(Path(__file__).with_name("worker.py"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = [
            *(sys.executable, "-m", "sigtrace", "run", "--no-live", "--quiet"),
            *("--python", python, "--trace-dir", str(folder / "run"), *options),
        ]
        commands = {"untraced": [python], "again": [python], "traced": run}
        workers: dict[str, Worker] = {}
        with ExitStack() as stack:
            for kind, command in commands.items():
                (folder / kind).mkdir()
                started = [*command, program, str(folder / kind)]
                worker = Worker(started, clean_environment(), folder / f"{kind}.log")
                workers[kind] = stack.enter_context(worker)
            operations = batch_size(workers["untraced"], scenario, BATCH_NS)
            taken = alternate(workers, scenario, operations, rounds)
        size = trace_size(folder / "run")
    return Row(
        untraced_us=statistics.median(taken["untraced"]) / operations / 1000,
        traced_us=statistics.median(taken["traced"]) / operations / 1000,
        traced=ratio(taken["traced"], taken["untraced"]),
        noise=ratio(taken["again"], taken["untraced"]),
        size=size,
    )


def cells(row: Row) -> list[str]:
    # Where nothing is recorded there are only the spans of the preparation.
    per_span = row.size.per_span if row.size.spans >= FEW else None
    return [
        f"{row.untraced_us:,.2f}",
        f"{row.traced_us:,.2f}",
        f"{row.traced_us - row.untraced_us:+,.2f}",
        str(row.traced),
        str(row.noise),
        "-" if per_span is None else f"{per_span:.0f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
