"""A guard that cannot be noisy: no operation takes more instructions, calls, or bytes than it may."""

from __future__ import annotations

import sys

import pytest

from tests.benchmarks.costs import (
    BYTES_PER_SPAN,
    LIMITS,
    WITH_DJANGO,
    WITHOUT_DJANGO,
    complaint,
    count,
)
from tests.benchmarks.counting import Cost, Function, Operations, total
from tests.benchmarks.measure import trace_size
from tests.benchmarks.reading import record
from tests.benchmarks.starting import traced_environment
from tests.support import run_process

SHOW_MODULES = "import sys; print(*sorted(sys.modules), sep='\\n')"


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    return count([*LIMITS], tmp_path_factory.mktemp("costs"))


@pytest.mark.parametrize("scenario", LIMITS)
def test_an_operation(counted, scenario):
    functions = counted[0][scenario]
    cost, limit = total(functions), LIMITS[scenario]
    if cost.exceeds(limit):
        pytest.fail(complaint(scenario, functions, limit), pytrace=False)
    # Nor is the limit so high that it would not notice.
    assert cost.instructions > limit.instructions * 0.7, f"{cost}: lower the limit, {limit}"


def test_bytes_a_span(counted, tmp_path):
    for size in (counted[1], trace_size(record(tmp_path))):
        assert size.spans > 20
        assert size.size / size.spans <= BYTES_PER_SPAN


@pytest.mark.parametrize(
    ("program", "more"),
    [("", WITHOUT_DJANGO), ("import django.db.models; ", WITH_DJANGO)],
    ids=["without Django", "with Django"],
)
def test_modules_in_the_target(tmp_path, program, more):
    command = (sys.executable, "-c", program + SHOW_MODULES)
    untraced = run_process(*command, cwd=tmp_path)
    traced = run_process(*command, cwd=tmp_path, env=traced_environment(tmp_path))
    assert traced.returncode == 0
    assert traced.stderr == ""
    added = set(traced.stdout.split()) - set(untraced.stdout.split())
    changed = sorted(added ^ more)
    assert not changed, (
        f"{changed}: what every traced program loads has changed. If it must be, change the list "
        "in tests/benchmarks/costs.py; else import it where it is needed"
    )


def test_what_is_counted():
    namespace: dict[str, object] = {}
    source = "import os\ndef ours(n):\n    for _ in range(n):\n        os.getpid()\n"
    exec(compile(source, "/ours/some.py", "exec"), namespace)
    ours = namespace["ours"]
    assert callable(ours)
    operations = Operations("/ours/")
    for number, _ in enumerate(operations):
        ours(500 if number == 7 else 2)  # one is not like the others
        len("not ours")
    (function,) = operations.typical()
    assert (function.name, function.calls, function.system_calls) == ("some.py:ours", 1, 2)
    assert 10 <= function.instructions <= 40
    assert sys.gettrace() is None
    assert sys.getprofile() is None


def test_a_cost_is_compared_in_each_way():
    functions = [Function("a", 10, 2, 1), Function("b", 5, 1, 0)]
    cost = total(functions)
    assert cost == Cost(15, 3, 1)
    assert not cost.exceeds(Cost(15, 3, 1))
    for less in (Cost(14, 9, 9), Cost(99, 2, 9), Cost(99, 9, 0)):
        assert cost.exceeds(less)


def test_a_complaint_shows_where():
    functions = [Function("probe/a.py:f", 10, 2, 1), Function("probe/b.py:g", 500, 1, 0)]
    lines = complaint("dispatch 5", functions, Cost(400, 9, 9)).splitlines()
    assert lines[0] == (
        "dispatch 5: Cost(instructions=510, calls=3, system_calls=1) is more than "
        "Cost(instructions=400, calls=9, system_calls=9)"
    )
    named = [line.split()[1] for line in lines if line.startswith("│")]
    assert named == ["probe/b.py:g", "probe/a.py:f", "all"]
    assert "raise the limit in tests/benchmarks/costs.py" in lines[-1]
