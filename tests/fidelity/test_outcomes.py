"""The parser and the comparison of the fidelity harness."""

from __future__ import annotations

from tests.fidelity.outcomes import Difference, Outcomes, compare, parse

OUTPUT = """\
Importing application signals
test_save (signals.tests.SignalTests.test_save) ... ok
test_lazy (signals.tests.SignalTests.test_lazy)
A docstring (with parentheses) of the test. ... ok
test_prints (signals.tests.SignalTests.test_prints) ... a line of its own
and another that says ok
 ... FAIL is not at its end here
ok
test_skipped (signals.tests.SignalTests.test_skipped) ... skipped 'needs a database (really)'
test_known (signals.tests.SignalTests.test_known) ... expected failure
test_raises (signals.tests.SignalTests.test_raises) ... ERROR
test_sub (signals.tests.SignalTests.test_sub) ...\x20
  test_sub (signals.tests.SignalTests.test_sub) (case=1) ... FAIL
test_last (signals.tests.SignalTests.test_last) ... ok

======================================================================
ERROR: setUpClass (signals.tests.OtherTests)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "x.py", line 1, in f
ok

======================================================================
ERROR: test_raises (signals.tests.SignalTests.test_raises)
----------------------------------------------------------------------
======================================================================
FAIL: test_sub (signals.tests.SignalTests.test_sub) (case=1)
----------------------------------------------------------------------
Ran 8 tests in 0.104s

FAILED (failures=1, errors=2, skipped=1, expected failures=1)
"""


def path(name: str) -> str:
    return f"{name} (signals.tests.SignalTests.{name})"


def test_every_result_is_read():
    assert parse(OUTPUT) == Outcomes(
        {
            path("test_save"): "ok",
            path("test_lazy"): "ok",
            path("test_prints"): "ok",
            path("test_skipped"): "skipped 'needs a database (really)'",
            path("test_known"): "expected failure",
            path("test_raises"): "ERROR",
            path("test_sub") + " (case=1)": "FAIL",
            path("test_last"): "ok",
            "setUpClass (signals.tests.OtherTests)": "ERROR",
        },
        ran=8,
    )


def test_a_run_that_never_ended():
    assert parse("Traceback (most recent call last):\nSystemError\n") == Outcomes({}, None)


def test_equal_runs_do_not_differ():
    assert compare(parse(OUTPUT), parse(OUTPUT)) == []


def test_each_difference_is_named():
    untraced = Outcomes({"a": "ok", "b": "ok", "c": "skipped 'x'"}, 3)
    traced = Outcomes({"a": "FAIL", "c": "skipped 'y'", "d": "ok"}, 3)
    assert compare(untraced, traced) == [
        Difference("a", "ok", "FAIL"),
        Difference("b", "ok", None),
        Difference("c", "skipped 'x'", "skipped 'y'"),
        Difference("d", None, "ok"),
    ]
