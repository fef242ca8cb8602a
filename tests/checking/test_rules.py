"""Every rule fires on its mistake and nowhere else."""

from __future__ import annotations

import re
from collections import Counter

from sigtrace.analysis.rules import RULES

NOT_MARKED = {"E001", "E002", "E012", "W010", "W011"}


def marks(project):
    found = Counter()
    for path in project.path.rglob("*.py"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            shown = str(path.relative_to(project.path))
            for rule in re.findall(r"# !(\w+)", line):
                found[f"{shown}:{number} {rule}"] += 1
    return found


def test_each_mistake_is_found_where_it_is_and_nothing_else(faulty, findings):
    found = findings(faulty)
    places = Counter(f"{one['file']}:{one['line']} {one['id'][9:]}" for one in found)
    assert places == marks(faulty)
    assert {one["id"][9:] for one in found} == set(RULES) - NOT_MARKED
