"""What a finding is, and the rules by which one comes about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.tree import Span

PREFIX = "sigtrace."
EVIDENCE = 5
"""So many spans are named as evidence of one finding."""

ERROR, WARNING, NOTICE = "error", "warning", "notice"
LEVELS = (ERROR, WARNING, NOTICE)
"""How much a finding matters, most first; named as in GitHub's annotations."""


@dataclass(frozen=True)
class Rule:
    """One kind of finding. Its number is stable."""

    number: str
    title: str
    level: str = WARNING

    @property
    def id(self) -> str:
        return PREFIX + self.number


RULES = {
    rule.number: rule
    for rule in (
        Rule("R001", "fired more than once"),
        Rule("R002", "recursion"),
        Rule("R003", "slow receiver"),
        Rule("R004", "repeated queries"),
        Rule("R005", "receivers bypassed"),
        Rule("R006", "error in a receiver", ERROR),
        Rule("R007", "receivers not reached", ERROR),
        Rule("R008", "on_commit callback discarded"),
        Rule("R009", "receiver works while fixtures are loaded"),
        Rule("R010", "side effect before commit"),
        Rule("R011", "receiver never called", NOTICE),
    )
}
"""All rules by their number."""


@dataclass(frozen=True)
class Name:
    """The import path of a receiver, in a sentence: a screen shows its end, a file all of it."""

    path: str


@dataclass(frozen=True)
class Place:
    """A line of code, in a sentence; None is "not known"."""

    file: object
    line: object


Words = tuple["str | Name | Place", ...]
"""A sentence: what is said, and the names and places in it. It holds no values."""


@dataclass(frozen=True)
class Finding:
    """Something in a run that is worth a look.

    `file` and `line` are where to look, `evidence` ids of spans that show it, `count` is how often
    it was seen. `show` is what to give to `command` to see it. Of two findings of one rule the
    one of more `weight` comes first.
    """

    rule: Rule
    message: Words
    details: tuple[Words, ...] = ()
    file: str | None = None
    line: int | None = None
    evidence: tuple[str, ...] = ()
    count: int = 1
    show: tuple[str, ...] = ("--tree",)
    command: str = "report"
    level: str = ""
    weight: float = 0

    @property
    def severity(self) -> str:
        return self.level or self.rule.level


def finding(number: str, message: Words, at: Span | None = None, **fields: object) -> Finding:
    """Make a finding of a rule, at the place that a span names."""
    found = Finding(RULES[number], message)
    if at is not None:
        found = replace(found, file=at.event.get("file"), line=at.event.get("line"))
    return replace(found, **fields)  # type: ignore[arg-type]


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Put findings in the order in which they are shown."""
    return sorted(
        findings, key=lambda one: (LEVELS.index(one.severity), one.rule.number, -one.weight)
    )


def names(paths: Iterable[str]) -> Iterator[str | Name]:
    """Names for a sentence, with commas between them."""
    for number, path in enumerate(paths):
        if number:
            yield ", "
        yield Name(path)


def roots(ids: Iterable[str]) -> Iterator[str]:
    """The options that choose the chains of some spans, each of them once."""
    for one in dict.fromkeys(ids):
        yield from ("--root", one)


def times(count: int) -> str:
    """`once`, `2 times`."""
    return "once" if count == 1 else f"{count:,} times"
