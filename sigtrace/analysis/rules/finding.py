"""What a check can find: the rules with their stable ids, and one finding."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003
from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Rule:
    """A rule: an error fails the check, a warning with `--strict` only."""

    id: str
    title: str
    description: str

    @property
    def level(self) -> str:
        return ERROR if self.id.startswith("E") else WARNING

    @property
    def full_id(self) -> str:
        """The id as it is shown, which never changes: `sigtrace.E001`."""
        return f"sigtrace.{self.id}"


RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("E001", "unexpected", "A receiver of the project is not in the baseline."),
        Rule("E002", "missing", "A receiver of the baseline is not connected."),
        Rule("E003", "not imported", "A module that connects receivers was not imported."),
        Rule("E004", "connected twice", "A send calls the same function more than once."),
        Rule("E012", "third-party", "A package connects other receivers than the baseline says."),
        Rule("W005", "collected", "A weakly connected receiver is garbage before it is called."),
        Rule("W006", "sender never matches", "Nothing ever sends that signal with this sender."),
        Rule("W007", "no **kwargs", "A receiver does not take arguments that may be added."),
        Rule("W008", "any sender", "A receiver of a model signal is called for every model."),
        Rule("W009", "no stable name", "A receiver's name does not tell it from others."),
        Rule("W010", "order changed", "Receivers are called in another order than before."),
        Rule("W011", "unused ignore", "An ignore matches no finding."),
    )
}


@dataclass(frozen=True)
class Finding:
    """What a rule found: in one sentence, where, and what to do next.

    `file` is relative to the project where it can be. `subjects` are the names that an ignore's
    glob may match, `places` further lines on which a comment may stand that ignores it. `level` is
    the rule's, but for what is only a warning in this case.
    """

    rule: Rule
    message: str
    hint: str
    file: str | None = None
    line: int | None = None
    details: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    places: tuple[tuple[str, int], ...] = ()
    level: str = ""
    sign: str = "!"

    @property
    def severity(self) -> str:
        """`error` or `warning`."""
        return self.level or self.rule.level

    @property
    def where(self) -> tuple[str, int]:
        """The order in which findings are shown: by file and line."""
        return (self.file or "", self.line or 0)
