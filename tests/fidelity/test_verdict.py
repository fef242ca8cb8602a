"""What the fidelity harness ends with."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.fidelity.__main__ import verdict
from tests.fidelity.outcomes import Outcomes

OK = Outcomes({"test_a (x.A.test_a)": "ok"}, 1)
FAILED = Outcomes({"test_a (x.A.test_a)": "FAIL"}, 1)


@pytest.mark.parametrize(
    ("traced", "allowed", "status", "said"),
    [
        (OK, set(), 0, "1 tests, differences: 0, allowed: 0"),
        (FAILED, set(), 1, "1 tests, differences: 1, allowed: 0"),
        (FAILED, {"test_a"}, 0, "1 tests, differences: 1, allowed: 1"),
        (Outcomes(OK.results, 2), set(), 1, "Read 1 results of 1 untraced, 1 of 2 traced."),
        (Outcomes({}, None), set(), 2, "A run came to no end"),
    ],
)
def test_the_verdict(traced, allowed, status, said):
    with io.StringIO() as screen:
        assert verdict(OK, traced, allowed, Console(file=screen, width=100)) == status
        assert said in screen.getvalue()
