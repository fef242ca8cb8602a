"""Which receivers ran at the same time."""

from __future__ import annotations

import pytest

from sigtrace.analysis.concurrency import concurrent
from sigtrace.tree import UNFINISHED, Span
from tests.factories import begin, end


def receivers(*times):
    return [
        Span(end("receiver", str(number), at=at, ms=ms, mode="async"))
        for number, (at, ms) in enumerate(times)
    ]


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ([(0, 5), (5, 5), (10, 1)], ""),
        ([(0, 5), (4, 5), (9, 1)], "01"),
        ([(0, 100), (10, 5), (50, 5)], "012"),
        ([(0, 10), (2, 20), (15, 1), (30, 1)], "012"),
        ([(20, 5), (0, 5), (22, 1)], "02"),
        ([], ""),
    ],
    ids=str,
)
def test_those_whose_times_overlap(times, found):
    assert concurrent(receivers(*times)) == set(found)


def test_what_is_open_overlaps_all_that_begins_later():
    open_ = Span(begin("receiver", "open", at=5), state=UNFINISHED)
    assert concurrent([*receivers((0, 5), (9, 1)), open_]) == {"open", "1"}


def test_only_async_receivers_count():
    others = [Span(end("query", "a", at=0, ms=9)), Span(end("receiver", "b", at=1, ms=9))]
    assert concurrent([*others, *receivers((2, 1))]) == set()
