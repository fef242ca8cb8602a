"""Reads what unittest printed with `-v 2`, and says where two runs differ."""

from __future__ import annotations

import re
from dataclasses import dataclass

# "test_save (signals.tests.SignalTests.test_save)", and in a subtest " (case=1)" or " [text]".
TEST = re.compile(r"^(?P<id>\w+ \([\w.<>]+\)(?: [\[(].*?[\])])?)(?= \.\.\. |$)")
RESULT = re.compile(
    r"(?:^|\.\.\. )(?P<result>ok|FAIL|ERROR|skipped|expected failure|unexpected success)"
    r"(?: (?P<reason>['\"].*))?$"
)
FAILED = re.compile(r"^(?P<result>FAIL|ERROR): (?P<id>.+)$")
RAN = re.compile(r"^Ran (?P<count>\d+) tests? in ")


@dataclass(frozen=True)
class Outcomes:
    """What a run said: the result of each test by its id, and how many it counted itself."""

    results: dict[str, str]
    ran: int | None


@dataclass(frozen=True)
class Difference:
    """One test whose result is not the same; None where a run has no such test."""

    test: str
    untraced: str | None
    traced: str | None


def parse(output: str) -> Outcomes:
    """Read the standard error of `runtests.py -v 2` or of any unittest program.

    A test's result stands on its line, on that of its docstring or, if it printed something,
    on one of its own. A skip carries its reason. What stands under "FAIL:" or "ERROR:" at the
    end holds against what stands above, and is all that is known of `setUpClass`.
    """
    results: dict[str, str] = {}
    current: str | None = None
    ran: int | None = None
    for line in output.splitlines():
        if counted := RAN.match(line):
            ran = int(counted["count"])
        elif failed := FAILED.match(line):
            results[failed["id"]] = failed["result"]
            current = None
        else:
            if started := TEST.match(line.lstrip()):
                current = started["id"]
            finished = RESULT.search(line)
            if current is not None and finished is not None:
                reason = f" {finished['reason']}" if finished["reason"] else ""
                results[current] = finished["result"] + reason
                current = None
    return Outcomes(results, ran)


def compare(untraced: Outcomes, traced: Outcomes) -> list[Difference]:
    """The tests whose results differ, in the order of the untraced run, then the new ones."""
    tests = dict.fromkeys((*untraced.results, *traced.results))
    return [
        Difference(test, untraced.results.get(test), traced.results.get(test))
        for test in tests
        if untraced.results.get(test) != traced.results.get(test)
    ]
