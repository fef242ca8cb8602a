"""What a project has asked to ignore, by globs or comments, and what of that is unused."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sigtrace.analysis.filters import matches
from sigtrace.analysis.rules.finding import RULES, Finding
from sigtrace.errors import SigtraceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sigtrace.analysis.source import Comment

_UNUSED = RULES["W011"]


@dataclass(frozen=True)
class Glob:
    """An item of `ignore`: `W008:audit.*` of some rules, `audit.*` of all, `W008` all of a rule."""

    text: str
    rules: str
    names: str
    source: str = ""

    def matches(self, finding: Finding) -> bool:
        """Whether it is about the finding, by its rule and by one of its names."""
        return fnmatchcase(finding.rule.id, self.rules) and (
            self.names == "*" or any(matches(name, (self.names,)) for name in finding.subjects)
        )


def read_glob(text: str, source: str) -> Glob:
    """Read an item of `ignore`; `source` says where it stands. Raises SigtraceError for none."""
    before, colon, after = text.removeprefix("sigtrace.").partition(":")
    if not colon:
        is_rule = any(fnmatchcase(rule, before) for rule in RULES) and "." not in before
        return Glob(text, before, "*", source) if is_rule else Glob(text, "*", before, source)
    if not after or not any(fnmatchcase(rule, before) for rule in RULES):
        raise SigtraceError(
            f"{source} has {text!r}, which names no rule.",
            f"Write RULE:GLOB, such as W008:audit.*; the rules are {', '.join(RULES)}.",
        )
    return Glob(text, before, after, source)


@dataclass
class Ignores:
    """Sorts findings out, and remembers which of the ignores have matched.

    `statement` gives the lines of the statement that a line of a file is on.
    """

    globs: tuple[Glob, ...] = ()
    comments: tuple[Comment, ...] = ()
    statement: Callable[[str, int], range] = lambda _, line: range(line, line + 1)
    _used: set[Glob | Comment] = field(default_factory=set)

    def __call__(self, finding: Finding) -> bool:
        """Whether a finding is ignored; every ignore that matches it counts as used."""
        found: list[Glob | Comment] = [glob for glob in self.globs if glob.matches(finding)]
        found += self._commented(finding)
        self._used.update(found)
        return bool(found)

    def unused(self) -> Iterator[Finding]:
        """What has matched nothing, after all findings have been sorted out."""
        for glob in self.globs:
            if glob not in self._used and not fnmatchcase(_UNUSED.id, glob.rules):
                said = f"{glob.text!r} ignores nothing"
                where = (f"in {glob.source}",)
                yield Finding(_UNUSED, said, "Remove it.", None, None, where, (glob.text,))
        for comment in self.comments:
            wrong = [rule for rule in comment.rules or () if rule not in RULES]
            if wrong or comment not in self._used:
                rules = "" if comment.rules is None else f"[{', '.join(comment.rules)}]"
                said = f"# sigtrace: ignore{rules} ignores nothing"
                hint = f"There is no rule {', '.join(wrong)}." if wrong else "Remove it."
                if comment.rules == ():
                    hint = "Name rules in its brackets, or remove it."
                yield Finding(_UNUSED, said, hint, comment.file, comment.line)

    def _commented(self, finding: Finding) -> Iterable[Comment]:
        here = [
            comment
            for comment in self.comments
            if finding.rule is not _UNUSED
            and (comment.rules is None or finding.rule.id in comment.rules)
        ]
        own = ((finding.file, finding.line),) if finding.file and finding.line else ()
        for file, line in dict.fromkeys((*own, *finding.places)):
            nearby = [comment for comment in here if comment.file == file]
            lines = self.statement(file, line) if nearby else ()
            yield from (comment for comment in nearby if comment.line in lines)
