"""`python -m tests.benchmarks [--rounds N] [--option=--no-sql] [SCENARIO]…` prints the table."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tests.benchmarks.measure import Ratio, Size, Worker, alternate, batch_size, ratio, trace_size
from tests.benchmarks.scenarios import SCENARIOS, Scenario
from tests.benchmarks.screen import console
from tests.benchmarks.tools import TOOLS
from tests.support import POSTGRESQL, clean_environment, postgresql_database

if TYPE_CHECKING:
    from collections.abc import Sequence

FEW = 100


@dataclass(frozen=True)
class Row:
    """One line of the table; times are medians in microseconds an operation.

    `others` are the other tools' ratios, by name.
    """

    untraced_us: float
    traced_us: float
    traced: Ratio
    noise: Ratio
    others: dict[str, Ratio]
    size: Size


def main() -> int:
    options = arguments()
    tools = [] if options.alone else [name for name in TOOLS if TOOLS[name].is_installed()]
    chosen = options.scenarios or [*SCENARIOS]
    table = Table("", "untraced µs", "traced µs", "added µs", "ratio", "noise", "bytes a span")
    table.columns[0].no_wrap = True
    for name in tools:
        table.add_column(TOOLS[name].title)
    for column in table.columns[1:]:
        column.justify = "right"
    sizes = []
    for name in chosen:
        if SCENARIOS[name].postgresql and not os.environ.get(POSTGRESQL):
            continue
        row = measure(SCENARIOS[name], options, tools)
        sizes.append(row.size)
        table.add_row(SCENARIOS[name].title, *cells(row, tools))
    screen = console()
    screen.print(table)
    for note in notes(chosen, tools, alone=options.alone):
        screen.print(note, highlight=False)
    spans = sum(size.spans for size in sizes)
    total = sum(size.size for size in sizes)
    if spans:
        screen.print(f"{spans:,} spans, {total / spans:.0f} bytes a span")
    if dropped := sum(size.dropped for size in sizes):
        screen.print(f"{dropped:,} spans were dropped at the size limit: use fewer --rounds")
    return 1 if dropped or not spans else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=25, help="at least 2")
    parser.add_argument("--python", default=sys.executable, help="the target's interpreter")
    parser.add_argument("--option", action="append", default=[], help="for `sigtrace run`")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu where others use the machine"
    )
    parser.add_argument("--alone", action="store_true", help="without other tools")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - SCENARIOS.keys():
        parser.error(f"no scenario {unknown.pop()!r}; there are {', '.join(SCENARIOS)}")
    return options


def measure(scenario: Scenario, options: argparse.Namespace, tools: Sequence[str]) -> Row:
    """Compare the workers in one scenario, each a fresh process."""
    program = [options.python, "-m", "tests.benchmarks.worker"]
    used = [] if scenario.live else tools
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        run = [
            *(sys.executable, "-m", "sigtrace", "run", "--quiet"),
            "--live" if scenario.live else "--no-live",
            *("--trace-dir", str(folder / "run"), *options.option),
        ]
        commands = {
            "untraced": [*program, str(folder / "untraced"), options.clock],
            "again": [*program, str(folder / "again"), options.clock],
            "traced": [*run, *program, str(folder / "traced"), options.clock],
            **{tool: [*program, str(folder / tool), options.clock, tool] for tool in used},
        }
        env = clean_environment()
        if scenario.postgresql:
            env |= stack.enter_context(postgresql_database(os.environ[POSTGRESQL]))
        workers: dict[str, Worker] = {}
        with ExitStack() as running:
            for kind, command in commands.items():
                (folder / kind).mkdir()
                worker = Worker(
                    command,
                    env,
                    folder / f"{kind}.log",
                    terminal=scenario.live and kind == "traced",
                )
                workers[kind] = running.enter_context(worker)
            operations = batch_size(workers["untraced"], scenario.asked, scenario.batch_ns)
            taken = alternate(workers, scenario.asked, operations, options.rounds)
        size = trace_size(folder / "run")
    return Row(
        untraced_us=statistics.median(taken["untraced"]) / operations / 1000,
        traced_us=statistics.median(taken["traced"]) / operations / 1000,
        traced=ratio(taken["traced"], taken["untraced"]),
        noise=ratio(taken["again"], taken["untraced"]),
        others={tool: ratio(taken[tool], taken["untraced"]) for tool in used},
        size=size,
    )


def cells(row: Row, tools: Sequence[str]) -> list[str]:
    # Where nothing is recorded there are only the spans of the preparation.
    per_span = row.size.per_span if row.size.spans >= FEW else None
    return [
        f"{row.untraced_us:,.2f}",
        f"{row.traced_us:,.2f}",
        f"{row.traced_us - row.untraced_us:+,.2f}",
        str(row.traced),
        str(row.noise),
        "-" if per_span is None else f"{per_span:.0f}",
        *(f"{row.others[tool].median:.2f}" if tool in row.others else "-" for tool in tools),
    ]


def notes(chosen: Sequence[str], tools: Sequence[str], *, alone: bool) -> list[str]:
    """What the figures of other tools leave out, and which rows and columns are missing."""
    said = [f"{TOOLS[name].title}: without {TOOLS[name].omits}." for name in tools]
    missing = [] if alone else [tool.title for name, tool in TOOLS.items() if name not in tools]
    if missing:
        said.append(
            f"[bold red]NOT MEASURED: {', '.join(missing)}: not installed "
            r"(pip install -e '.\[bench]').[/]"
        )
    if any(SCENARIOS[name].postgresql for name in chosen) and not os.environ.get(POSTGRESQL):
        said.append(f"[bold red]NOT MEASURED: PostgreSQL: {POSTGRESQL} names no server.[/]")
    return said


if __name__ == "__main__":
    sys.exit(main())
