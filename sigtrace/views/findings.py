"""What was found in a run, as lines and as sentences."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.findings import RULES, Name, Place
from sigtrace.views.layout import row, wrapped
from sigtrace.views.links import file_link
from sigtrace.views.text import clean, data, place, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sigtrace.analysis.findings import Finding, Words
    from sigtrace.views.display import Display

_MOST = {"error": 10, "warning": 6, "notice": 3}
_STYLES = {"error": "red", "warning": "yellow", "notice": "dim"}


def finding_lines(findings: Sequence[Finding], display: Display, command: str) -> Iterator[Text]:
    """The findings, what matters most first; of many by one rule the first few.

    `command` is how `sigtrace report` is asked for the same runs.
    """
    shown: Counter[str] = Counter()
    for finding in findings:
        shown[finding.rule.id] += 1
        if shown[finding.rule.id] <= _MOST[finding.rule.level]:
            yield from _finding(finding, display, command)
    for rule, count in shown.items():
        left = count - _MOST[RULES[rule.rpartition(".")[2]].level]
        if left > 0:
            more = f"  {display.glyphs.more} {left:,} more of {rule}: --format json"
            yield Text(more, "dim", end="")


def next_command(finding: Finding, command: str) -> str:
    """The command that shows what a finding is about."""
    start = command if finding.command == "report" else f"sigtrace {finding.command}"
    return f"{start} {shlex.join(finding.show)}"


def sentence(words: Words, name: Callable[[str], str] = clean) -> str:
    """A finding's words as text; `name` writes the import paths in it."""
    return "".join(
        name(word.path)
        if isinstance(word, Name)
        else place(word.file, word.line) or "an unknown place"
        if isinstance(word, Place)
        else clean(word)
        for word in words
    )


def _finding(finding: Finding, display: Display, command: str) -> Iterator[Text]:
    glyphs = display.glyphs
    sign = glyphs.failed if finding.severity == "error" else glyphs.warning
    style = _STYLES[finding.severity]
    what = Text("  ", end="").append(f"{sign} ", style).append(finding.rule.id, "bold")
    what.append(f" {finding.rule.title}")
    where = place(finding.file, finding.line)
    link = file_link(finding.file, finding.line, display)
    yield row(what, where, Text(end=""), display, link)
    yield from wrapped("    ", "    ", _words(finding.message, display), display)
    for detail in finding.details:
        for line in wrapped("      ", "        ", _words(detail, display), display):
            line.stylize("dim")
            yield line
    next_ = Text(end="").append(f"    {glyphs.arrow} ", "dim")
    yield next_.append_text(data(next_command(finding, command), "cyan"))


def _words(words: Words, display: Display) -> list[Text]:
    """A finding's words, one text for each, as the screen can show them."""
    glyphs = display.glyphs
    line = Text(end="")
    for word in words:
        if isinstance(word, Name):
            line.append_text(data(short(word.path), "green"))
        elif isinstance(word, Place):
            line.append(place(word.file, word.line) or "an unknown place", "cyan")
        else:
            signs = word.replace("→", glyphs.arrow).replace("·", glyphs.dot)
            line.append(clean(signs.replace("…", glyphs.more)))
    return list(line.split(" "))
