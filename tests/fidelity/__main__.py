"""The harness: `python -m tests.fidelity [--python PATH] [--option=--all | --blocks] [LABEL]…`.

Exits with 0 if every test ended traced as it ended untraced, with 1 if one did not, with 2 if
that could not be told.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.fidelity.outcomes import Difference, Outcomes, compare, parse
from tests.fidelity.source import default_cache, django_tests, django_version
from tests.support import ROOT, clean_environment

LABELS = (
    *("dispatch", "signals", "m2m_signals", "migrate_signals", "save_delete_hooks", "async"),
    *("update_only_fields", "get_or_create", "delete", "model_inheritance", "transaction_hooks"),
    *("test_utils", "settings_tests", "asgi", "handlers"),
)
TIMEOUT = 3600
BLOCKS = Path(__file__).with_name("blocks.py")


def main() -> int:
    options = arguments()
    console = Console()
    version = django_version(options.python)
    tests = django_tests(version, options.cache)
    console.print(f"Django {version}, {options.python}: {' '.join(options.labels)}")
    runtests = [
        *("runtests.py", "--parallel=1", "-v", "2", "--settings=test_sqlite"),
        *options.labels,
    ]
    with tempfile.TemporaryDirectory() as folder:
        sigtrace = [
            *(sys.executable, "-m", "sigtrace", "run", "--no-live", "--quiet"),
            *("--trace-dir", f"{folder}/run", "--python", options.python, *options.option),
        ]
        untraced = run("untraced", [options.python, *runtests], tests, console)
        if options.blocks:
            traced = run("in blocks", [options.python, str(BLOCKS), *runtests], tests, console)
            size = sum(map(int, re.findall(r"^(\d+) chains in blocks$", traced, re.MULTILINE)))
            console.print(f"There were {size:,} chains in blocks.")
        else:
            traced = run("traced", [*sigtrace, *runtests], tests, console)
            size = sum(path.stat().st_size for path in Path(folder).glob("run/*.jsonl"))
            console.print(f"The trace has {size / 1e6:.1f} MB.")
        if not size:
            console.print("Nothing was traced: this says nothing.")
            return 2
    if options.keep:
        Path(options.keep).mkdir(parents=True, exist_ok=True)
        Path(options.keep, "untraced.txt").write_text(untraced, "utf-8")
        Path(options.keep, "traced.txt").write_text(traced, "utf-8")
    return verdict(parse(untraced), parse(traced), set(options.allow), console)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("labels", nargs="*", default=LABELS, metavar="LABEL")
    parser.add_argument("--python", default=sys.executable, help="the target's interpreter")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        help="for `sigtrace run`, as in --option=--all; repeatable",
    )
    parser.add_argument(
        "--blocks", action="store_true", help="run each test in a block of `sigtrace.trace()`"
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="TEST",
        help="a test (last part of its path) that may differ; repeatable",
    )
    parser.add_argument("--cache", type=Path, default=default_cache(), help="place of the sdists")
    parser.add_argument("--keep", metavar="DIR", help="write both outputs there")
    return parser.parse_args()


def run(name: str, command: list[str], tests: Path, console: Console) -> str:
    """Run Django's tests and return their standard error; what goes wrong shows in the results."""
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=tests,
        env=clean_environment(**({"PYTHONPATH": str(ROOT)} if str(BLOCKS) in command else {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=TIMEOUT,
        check=False,
    )
    found = parse(done.stderr)
    seconds = time.perf_counter() - began
    console.print(f"{name}: {found.ran} tests, status {done.returncode}, {seconds:.1f} s")
    if found.ran is None:
        console.print(done.stderr[-3000:], markup=False, highlight=False)
    return done.stderr


def verdict(untraced: Outcomes, traced: Outcomes, allowed: set[str], console: Console) -> int:
    """Print the comparison and return the exit status."""
    counted = {outcomes.ran == len(outcomes.results) for outcomes in (untraced, traced)}
    if not untraced.ran or not traced.ran:
        console.print("A run came to no end: this says nothing.")
        return 2
    if counted != {True}:
        # Failures in subtests and in setUpClass are results of their own: no error, worth a look.
        console.print(
            f"Read {len(untraced.results)} results of {untraced.ran} untraced, "
            f"{len(traced.results)} of {traced.ran} traced."
        )
    differences = compare(untraced, traced)
    refused = [each for each in differences if not may_differ(each, allowed)]
    allowed_count = len(differences) - len(refused)
    if differences:
        console.print(table(differences))
    console.print(
        f"{untraced.ran} tests, differences: {len(differences)}, allowed: {allowed_count}"
    )
    return 1 if refused or untraced.ran != traced.ran else 0


def may_differ(difference: Difference, allowed: set[str]) -> bool:
    return any(name in difference.test for name in allowed)


def table(differences: list[Difference]) -> Table:
    found = Table("test", "untraced", "traced")
    for each in differences:
        found.add_row(each.test, each.untraced or "-", each.traced or "-")
    return found


if __name__ == "__main__":
    sys.exit(main())
