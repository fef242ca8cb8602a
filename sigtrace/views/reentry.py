"""What a nested call of a receiver led to, in lines that stand for the tree below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.views.labels import exception_name
from sigtrace.views.text import data, listed, plural, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.figures import Failure
    from sigtrace.analysis.reentry import Reentry
    from sigtrace.views.display import Display, Glyphs

_FAILURES = 3


def summed_up(reentry: Reentry, display: Display) -> Iterator[list[Text]]:
    """How often it was called, with whom else, and what went wrong there, as words to wrap."""
    glyphs = display.glyphs
    words = [Text(f"{glyphs.again} same receiver {glyphs.times}{reentry.calls:,}", end="")]
    others = [
        f"{short(path)} {glyphs.times}{calls:,}" for path, calls in reentry.others.most_common()
    ]
    if reentry.queries:
        others.append(plural(reentry.queries, "query", "queries"))
    if others:
        words += [Text(f"{glyphs.dot} below it:", "dim", end=""), *listed(others)]
    yield words
    for failure, times in reentry.failures.most_common(_FAILURES):
        yield _failure(failure, times, glyphs)
    left = len(reentry.failures) - _FAILURES
    if left > 0:
        yield [Text(f"{glyphs.more} {plural(left, 'other error')}", "red", end="")]


def _failure(failure: Failure, times: int, glyphs: Glyphs) -> list[Text]:
    words = [Text(end="").append(f"{glyphs.failed} ", "red")]
    words[0].append_text(data(exception_name(failure.exception), "bold red"))
    words.append(data(f"in {short(failure.inside)}", "red"))
    if times > 1:
        words.append(Text(f"{glyphs.times}{times:,}", "red", end=""))
    if failure.swallowed:
        words.append(Text(f"{glyphs.dot} swallowed by send_robust", "red", end=""))
    if failure.not_reached:
        words.append(Text(f"{glyphs.dot} not reached:", "red", end=""))
        words += listed([short(path) for path in failure.not_reached])
    return words
