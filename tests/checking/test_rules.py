"""Every rule fires on its mistake and nowhere else."""

from __future__ import annotations

import re
from collections import Counter

import pytest

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


BREAKS_NOW = "takes no **kwargs and no {}, which every send passes: each raises TypeError"
MAY_BREAK = "takes no **kwargs: an argument that it does not name breaks it"


@pytest.mark.parametrize(
    ("connects", "said"),
    [
        ("def f(sender, instance): ...", BREAKS_NOW.format("signal")),
        ("def f(instance): ...", BREAKS_NOW.format("signal and no sender")),
        ("def f(sender, /, signal): ...", BREAKS_NOW.format("sender")),
        ("class A:\n    def f(signal, sender): ...\nf = A().f", BREAKS_NOW.format("signal")),
        ("class A:\n    def f(self, sender, *, signal): ...\nf = A().f", MAY_BREAK),
        ("def f(sender, signal, instance, raw, using, update_fields): ...", MAY_BREAK),
        (
            "import functools\ndef g(sender): ...\n@functools.wraps(g)\ndef f(sender, **kw): ...",
            MAY_BREAK,
        ),
    ],
)
def test_what_breaks_at_every_send_and_what_may_some_day(small, findings, connects, said):
    text = f"from django.db.models.signals import pre_save\n{connects}\n"
    (small.path / "shop/receivers.py").write_text(
        text + "pre_save.connect(f, sender='shop.Item', weak=False)\n"
    )
    (found,) = (one for one in findings(small) if one["id"] == "sigtrace.W007")
    assert found["message"].endswith(f" {said}")
