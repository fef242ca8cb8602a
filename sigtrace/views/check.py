"""What a check found, for people: what, where, and what to do about it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from sigtrace.analysis.rules import ERROR, WARNING
from sigtrace.views.layout import wrapped
from sigtrace.views.links import file_link
from sigtrace.views.text import clean, data, place, plural, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.check import Result
    from sigtrace.analysis.rules import Finding
    from sigtrace.views.display import Display

_STYLES = {ERROR: "red", WARNING: "yellow"}
_INDENT = " " * 6


def render_check(result: Result, display: Display, *, strict: bool) -> Text:
    """The findings below a line that says what was compared; `strict`: warnings fail too."""
    dot = f" {display.glyphs.dot} "
    blocks = [_words(dot.join(("sigtrace check", *head_words(result))), display, style="bold")]
    blocks += (list(_finding(finding, result, display)) for finding in result.findings)
    blocks.append(list(_end(result, display, strict=strict)))
    blank = Text(end="")
    lines = [line for block in blocks if block for line in (*block, blank)]
    return Text("\n", end="").join(lines[:-1])


def head_words(result: Result) -> list[str]:
    """What was compared with what; not cleaned."""
    said = [f"{plural(result.receivers, 'receiver')}, {result.file.name} has {result.known}"]
    if result.run is not None:
        said = [f"run {result.run} called {said[0]}"]
    if result.settings is not None:
        said.append(f"settings {result.settings.module} ({result.settings.source})")
    return [*said, *(f"imported {name}" for name in result.imports)]


def summary(result: Result) -> str:
    """How many findings of which rules there are, in one line."""
    said = []
    for what, level in (("error", ERROR), ("warning", WARNING)):
        titles = Counter(one.rule.title for one in result.findings if one.severity == level)
        if titles:
            each = ", ".join(f"{count} {title}" for title, count in titles.items())
            said.append(f"{plural(titles.total(), what)} ({each})")
    said += [plural(result.ignored, "finding") + " ignored"] * bool(result.ignored)
    return ", ".join([*said, f"{result.unchanged:,} unchanged"])


def _finding(finding: Finding, result: Result, display: Display) -> Iterator[Text]:
    glyphs = display.glyphs
    colour = _STYLES[finding.severity]
    sign = glyphs.minus if finding.sign == "-" else finding.sign
    words = [data(f"{finding.rule.full_id} ", f"bold {colour}")]
    words += [data(_arrow(word, display)) for word in finding.message.split(" ")]
    first, *more = wrapped(f"  {sign} ", _INDENT, words, display)
    first.stylize(colour, 0, 4)
    yield from (first, *more)
    link = file_link(finding.file, finding.line, display)
    style = Style(color="cyan", link=link or None)
    where = [Text(place(finding.file, finding.line), style, end="")] if finding.file else []
    details = map(shortened, finding.details)
    said = [word for detail in details for word in (glyphs.dot, *detail.split(" "))]
    words = [*where, *(data(word, "dim") for word in (said if where else said[1:]))]
    if words:
        yield from wrapped(_INDENT, _INDENT, words, display)
    if finding.hint != result.file.intended:
        yield from wrapped(
            _INDENT, _INDENT, [data(word) for word in finding.hint.split(" ")], display
        )


def _end(result: Result, display: Display, *, strict: bool) -> Iterator[Text]:
    if not result.findings:
        said = f"All as {clean(result.file.name)} has it: {summary(result)}."
        yield from _words(said, display, style="green")
        return
    said = summary(result) + "."
    if not result.errors and not strict:
        said += " Warnings fail with --strict only."
    yield from _words(said, display)
    if any(finding.hint == result.file.intended for finding in result.findings):
        yield from _words(result.file.intended, display)


def _words(said: str, display: Display, style: str = "") -> list[Text]:
    return wrapped("", "  ", [data(word, style) for word in said.split(" ")], display)


def _arrow(word: str, display: Display) -> str:
    return display.glyphs.arrow if word == "→" else word
