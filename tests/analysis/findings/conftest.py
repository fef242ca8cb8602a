"""`find(rule, *events)`: the findings of one rule on made-up lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sigtrace.analysis.connected import Connection, Registry
from sigtrace.analysis.findings import Findings, ranked, slow_receivers
from sigtrace.analysis.statistics import Statistics
from sigtrace.analysis.unfolded import Unfolded
from sigtrace.tree import Builder
from sigtrace.views.findings import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from sigtrace.analysis.findings import Finding


NOTHING = Registry()


@pytest.fixture
def find() -> Callable[..., list[Finding]]:
    """Keyword arguments are `registry` and `slow_ms`; events are lines in their order."""

    def run(
        rule: str, *events: dict[str, Any], registry: Registry = NOTHING, **options
    ) -> list[Finding]:
        builder, findings, statistics = Builder(), Findings(registry), Statistics()
        chains = []
        for event in events:
            ended = builder.feed(event)
            if event["event"] != "end" or event["kind"] == "transaction":
                findings.note(event)
            for chain in ended:
                findings.chain(Unfolded(chain))
                statistics.add(Unfolded(chain))
        chains += builder.finish()
        for chain in chains:
            findings.chain(Unfolded(chain))
        called = {(signal, receiver) for receiver, signal, _ in statistics.receivers}
        found = findings.finish(called)
        found += slow_receivers(statistics.receivers.values(), **options)
        return ranked(one for one in found if one.rule.number == rule)

    return run


@pytest.fixture
def said() -> Callable[[Finding], str]:
    """The message and the details of a finding."""
    return lambda one: "\n".join(map(sentence, (one.message, *one.details)))


@pytest.fixture
def connection() -> Callable[..., Connection]:
    """A connection with its usual fields."""

    def make(**fields) -> Connection:
        usual = {
            "signal": "django.db.models.signals.post_save",
            "receiver": "blog.signals.notify_about_article",
            "sender": "blog.Article",
            "file": "blog/signals.py",
            "line": 24,
            "origin": "own",
            "at_file": "blog/apps.py",
            "at_line": 9,
        }
        return Connection(**{**usual, **fields})

    return make
