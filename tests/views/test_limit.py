"""More than 200 chains in a second are counted."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from tests.factories import START, begin, end, heard_save

MS = 1_000_000


def distinct(count, first=0):
    """Chains of which no two look alike."""
    return [
        event
        for number in range(first, first + count)
        for event in heard_save(f"1-{10 * number + 1}", line=number)
    ]


def test_what_is_beyond_the_limit_is_one_line_a_second():
    view = LiveTree(Display())
    tags = [end("bulk", f"2-{n}", name="Tag.bulk()", bypassed=["r"], line=n) for n in range(3)]
    assert len(view.feed(distinct(1012), START)) == 200
    assert view.feed(tags, START + 900 * MS) == []
    assert view.tick(START + 999 * MS) == []
    (line,) = view.tick(START + 1000 * MS)
    assert line.plain == "… 815 more chains in this second: 812 Article.save(), 3 Tag.bulk()"
    assert len(view.feed(distinct(201, 2000), START + 1000 * MS)) == 200
    assert "… 1 more chain in this second: 1 Article.save()" in view.settle(0)[-1].plain


def test_the_commonest_chains_are_named():
    view = LiveTree(Display())
    view.feed(distinct(200), START)
    names = ["a", "a", "a", "\x1b[31m", "\x1b[31m", "blog.tasks.mail", "blog.tasks.mail", "d"]
    view.feed([end("on_commit", f"2-{n}", name=name) for n, name in enumerate(names)], START)
    (line,) = view.finish()
    assert line.plain == (r"… 8 more chains in this second: 3 a, 2 \x1b[31m, 2 mail, …")


@pytest.mark.parametrize("options", [{"receiver": ("log",)}, {"min_ms": 5}], ids=str)
def test_what_is_not_selected_is_not_counted(options):
    view = LiveTree(Display(**options))
    fields: dict[str, Any] = {"ms": 9, "name": "blog.log", "receiver": "blog.log"}
    chains = [
        (
            end("receiver", f"1-{number}2", f"1-{number}1", **(fields if number < 205 else {})),
            end("send", f"1-{number}1", line=number, ms=fields["ms"] if number < 205 else 1),
        )
        for number in range(300)
    ]
    view.feed(chain.from_iterable(chains), START)
    assert view.finish()[0].plain.startswith("… 5 more chains")


def test_the_end_of_a_chain_that_was_shown_is_drawn():
    view = LiveTree(Display())
    view.feed([begin("save", "9-1")])
    view.tick(START)
    assert len(view.tick(START + 1000 * MS)) == 1
    view.feed(distinct(210), START + 1000 * MS)
    count, ended = view.feed([end("save", "9-1")], START + 1000 * MS)
    assert count.plain.startswith("… 10 more chains")
    assert "continued" in ended.plain


def test_what_comes_later_is_drawn_after_the_count():
    view = LiveTree(Display())
    view.feed(distinct(203), START)
    count, drawn = view.feed(distinct(1, 300), START + 1000 * MS)
    assert count.plain.startswith("… 3 more chains")
    assert drawn.plain.startswith("● Article.save()")


def test_repetitions_are_no_part_of_it():
    view = LiveTree(Display())
    equal = [event for n in range(9000, 14000) for event in heard_save(f"1-{10 * n + 1}")]
    assert len(view.feed([*equal, *distinct(199)], START)) == 1 + 1 + 199
    assert view.finish() == []


def test_hidden_chains_are_no_part_of_it():
    view = LiveTree(Display())
    view.feed(distinct(203), START)
    view.feed([end("save", f"3-{n}") for n in range(50)], START)
    view.feed(
        [
            end("receiver", "4-2", "4-1", origin="django"),
            end("send", "4-1", name="request_started"),
        ],
        START,
    )
    (line,) = view.finish()
    assert line.plain.startswith("… 3 more chains")


def test_a_pending_count_of_repetitions_comes_first():
    view = LiveTree(Display())
    equal = [event for n in range(9000, 9004) for event in heard_save(f"1-{10 * n + 1}")]
    texts = view.feed([*distinct(199), *equal, *distinct(2, 300)], START) + view.finish()
    assert [text.plain.split("   ")[0] for text in texts[-2:]] == [
        "  ×3 more  Article.save()",
        "… 2 more chains in this second: 2 Article.save()",
    ]


def test_without_a_clock_and_with_all_there_is_no_limit():
    assert len(LiveTree(Display()).feed(distinct(300))) == 300
    assert len(LiveTree(Display(all=True)).feed(distinct(300), START)) == 300


def test_rolled_back_chains_that_were_only_counted_count():
    view = LiveTree(Display())
    chains = [
        event
        for number in range(203)
        for event in heard_save(f"1-{10 * number + 1}", line=number, transaction="2-1")
    ]
    assert len(view.feed(chains, START)) == 200
    assert view.feed([end("transaction", "2-1", outcome="rolled back")], START) == []
    assert [text.plain for text in view.tick(START + 1000 * MS)] == [
        "… 3 more chains in this second: 3 Article.save()",
        "↺ 203 chains rolled back",
    ]
