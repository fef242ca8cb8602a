"""How fast a big trace is read, and with how much memory: `python -m tests.benchmarks.reading`.

Method. The sample site's demo is recorded once, and its lines are repeated with other ids and later
times until there are so many spans: chains, names and SQL of a real run. Then jq, which computes
nothing but the calls and the time of each receiver, and `sigtrace report` read the same files in
turns; a ratio is that of two neighbours, the median of the rounds is shown with its quartiles.
Peak memory is that of the largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tests.benchmarks.measure import ratio
from tests.benchmarks.screen import console
from tests.support import SAMPLE_SITE, Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

JQ = """
reduce (inputs | select(.event == "end" and .kind == "receiver")) as $span
  ({}; .[$span.receiver] |= {calls: (.calls + 1), ns: (.ns + $span.duration_ns)})
"""


@dataclass(frozen=True)
class Taken:
    """One process: seconds on the clock and of the processors, and bytes at its peak."""

    wall: float
    cpu: float
    peak: int


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "run"
        spans, size = repeat(record(Path(name)), run, options.spans, options.processes)
        files = [str(path) for path in sorted(run.glob("*.jsonl"))]
        commands = {
            "jq": ["jq", "-n", JQ, *files],
            "sigtrace report": [sys.executable, "-m", "sigtrace", "report", str(run)],
        }
        taken: dict[str, list[Taken]] = {what: [] for what in commands}
        for number in range(options.rounds):
            for what in list(commands)[:: -1 if number % 2 else 1]:
                taken[what].append(measure(commands[what]))
    console().print(table(taken, f"{spans:,} spans in {len(files)} files, {size / 1e6:,.0f} MB"))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reading", description=__doc__)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=1, help="so many process files")
    parser.add_argument("--rounds", type=int, default=5, help="at least 2")
    return parser.parse_args()


def record(folder: Path) -> Path:
    """Record the demo in a copy of the sample site; return its run's folder."""
    site = Site(folder / "site")
    shutil.copytree(SAMPLE_SITE, site.path, ignore=shutil.ignore_patterns(".sigtrace", "*.sqlite3"))
    for done in (
        site.manage("migrate", "-v0"),
        site.sigtrace("run", "--no-live", "--values", "redacted", "manage.py", "demo"),
    ):
        if done.returncode:
            raise RuntimeError(done.stderr)
    return site.trace().path


def repeat(source: Path, run: Path, spans: int, processes: int = 1) -> tuple[int, int]:
    """Write a run of at least so many spans; return how many it has, and its bytes."""
    run.mkdir()
    for path in (source / "run.json", source / "receivers.json"):
        shutil.copy(path, run)
    (lines,) = source.glob("*.jsonl")
    head, *body = lines.read_text("ascii").splitlines(keepends=True)
    pattern = Pattern(head, body)
    files = [(run / f"{1000 + n}.jsonl").open("w", encoding="ascii") for n in range(processes)]
    written = 0
    for file in files:
        file.write(pattern.head(Path(file.name).stem))
    while written < spans:
        for file in files:
            file.writelines(pattern.copy(Path(file.name).stem))
            written += pattern.spans
        pattern.copies += 1
    for file in files:
        file.close()
    return written, sum(path.stat().st_size for path in run.glob("*.jsonl"))


class Pattern:
    """The lines of one process, to be written again with other ids and later times."""

    def __init__(self, head: str, body: Sequence[str]) -> None:
        self._head = head
        self._stem = str(json.loads(head)["process"])
        self._lines = [line for line in body if not line.startswith('{"event":"counts"')]
        text = "".join(self._lines)
        # Text, number of an id, text, time, …: every second part is one of the two.
        self._parts = re.split(rf'(?:"{self._stem}-(\d+)"|"time":(\d+))', text)
        numbers = [int(number) for number in re.findall(rf'"{self._stem}-(\d+)"', text)]
        times = [int(found) for found in re.findall(r'"time":(\d+)', text)]
        self._numbers, self._span = max(numbers), max(times) - min(times) + 1_000_000
        self.spans = sum(line.startswith('{"event":"end"') for line in self._lines)
        self.copies = 0

    def head(self, stem: str) -> str:
        return self._head.replace(f'"process":"{self._stem}"', f'"process":"{stem}"')

    def copy(self, stem: str) -> Iterator[str]:
        """The next copy for a process file."""
        number, later = self.copies * self._numbers, self.copies * self._span
        parts = iter(self._parts)
        yield next(parts)
        for span_id, time_, text in zip(parts, parts, parts, strict=True):
            if span_id is not None:
                yield f'"{stem}-{int(span_id) + number}"'
            else:
                yield f'"time":{int(time_) + later}'
            yield text


def measure(command: Sequence[str]) -> Taken:
    """Run a command to its end. Raises RuntimeError if it fails."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Taken(
        wall=time.perf_counter() - began,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * 1024,
    )


def table(taken: dict[str, list[Taken]], title: str) -> Table:
    """Medians, and what each takes of the first one's time."""
    found = Table("", "seconds", "of jq's", "CPU seconds", "of jq's", "peak MB", title=title)
    for column in found.columns[1:]:
        column.justify = "right"
    first = next(iter(taken.values()))
    for what, rounds in taken.items():
        walls, cpus = ([getattr(one, name) for one in rounds] for name in ("wall", "cpu"))
        found.add_row(
            what,
            f"{statistics.median(walls):.2f}",
            str(_ratio(walls, [one.wall for one in first])),
            f"{statistics.median(cpus):.2f}",
            str(_ratio(cpus, [one.cpu for one in first])),
            f"{max(one.peak for one in rounds) / 1e6:.0f}",
        )
    return found


def _ratio(over: Sequence[float], under: Sequence[float]) -> object:
    return ratio([round(x * 1e6) for x in over], [round(x * 1e6) for x in under])


if __name__ == "__main__":
    sys.exit(main())
