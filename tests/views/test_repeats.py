"""Chains that look alike are drawn once and counted."""

from __future__ import annotations

import re
import time
from itertools import chain

import pytest

from sigtrace.analysis.folding import outline
from sigtrace.tree import Builder
from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from sigtrace.views.tree import draw_chain
from tests.factories import START, article_save, end, heard_save, prompt, registered, scope

MS = 1_000_000


class Numbered:
    """Makes chains with ids of their own."""

    def __init__(self):
        self.number = 0

    def __call__(self, **fields):
        self.number += 10
        return heard_save(f"1-{self.number}", **fields)


@pytest.fixture
def save():
    return Numbered()


def lines(texts):
    """The first line of each text, without its columns."""
    return [text.plain.partition("\n")[0].split("   ")[0] for text in texts]


def test_what_comes_again_is_counted_when_another_comes(save):
    view = LiveTree(Display())
    assert lines(view.feed(save())) == ["● Article.save()  created"]
    for _ in range(119):
        assert view.feed(save(ms=2)) == []
    folded, other = view.feed(save(name="Tag.save()"))
    assert folded.plain == (
        "  ×119 more  Article.save()                               "
        "blog/views.py:41              238.0 ms"
    )
    assert lines([other]) == ["● Tag.save()  created"]
    assert view.finish() == []


def test_a_single_repetition_is_drawn(save):
    view = LiveTree(Display())
    texts = [*view.feed([*save(), *save()]), *view.finish()]
    assert lines(texts) == ["● Article.save()  created"] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Tag.save()"},
        {"created": False},
        {"exception": "ValueError"},
        {"line": 42},
        {"transaction": "1-9"},
        {"scope": "1-1"},
        {"update_fields": ["slug"]},
    ],
    ids=str,
)
def test_what_is_drawn_differently_is_drawn(save, change):
    view = LiveTree(Display())
    texts = view.feed([scope("1-1"), *save(), *save(**change), *save(**change), *save(**change)])
    assert len(texts) == 2
    assert "×2 more" in view.finish()[0].plain


def test_callbacks_that_others_registered_are_drawn():
    view = LiveTree(Display())
    for number, name in enumerate("aab"):
        by = f"2-{number}"
        view.feed([registered(f"3-{number}", by), end("receiver", by, "9-1", name=name)])
    runs = [end("on_commit", f"3-{number}", registered_by=f"2-{number}") for number in range(3)]
    drawn = "".join(text.plain for text in [*view.feed(runs), *view.finish()])
    assert re.findall(r"on_commit send_mail  registered by (\w)", drawn) == [*"aab"]


def test_what_continues_another_chain_is_drawn():
    view = LiveTree(Display())
    for number in range(1, 5):
        view.feed([end("send", f"2-{number}", name=f"s{number // 3}")])
    late = [
        line | {"parent": f"2-{number}"} if line["kind"] == "save" else line
        for number in range(1, 5)
        for line in heard_save(f"2-{number}00")
    ]
    texts = [*view.feed(late), *view.finish()]
    assert [text.plain.split()[5] for text in texts] == ["s0", "s0", "s1", "s1"]


def test_values_and_times_make_no_difference(save):
    view = LiveTree(Display())
    chains = [save(pk=pk, ms=pk, at=pk) for pk in range(1, 5)]
    view.feed(chain.from_iterable(chains))
    assert "×3 more" in view.finish()[0].plain


def test_other_processes_do_not_fold_with_each_other():
    view = LiveTree(Display())
    chains = [heard_save(f"{pid}-1") for pid in "1234"]
    assert len(view.feed(chain.from_iterable(chains))) == 4


def test_hidden_chains_between_do_not_matter(save):
    view = LiveTree(Display())
    chains = [[*save(), end("save", f"2-{n}")] for n in range(4)]
    assert len(view.feed(chain.from_iterable(chains))) == 1
    assert "×3 more" in view.finish()[0].plain


def test_a_count_comes_250_ms_after_the_last_one_and_the_next_is_drawn(save):
    view = LiveTree(Display())
    view.feed(save(), START)
    view.feed([*save(), *save()], START + 100 * MS)
    assert view.tick(START + 349 * MS) == []
    (folded,) = view.tick(START + 350 * MS)
    assert "×2 more" in folded.plain
    assert view.tick(START + 10_000 * MS) == []
    assert lines(view.feed(save(), START + 20_000 * MS)) == ["● Article.save()  created"]


def test_a_long_loop_shows_a_count_a_second(save):
    view, counts = LiveTree(Display()), []
    for now in range(0, 3000, 50):
        texts = view.feed(save(), START + now * MS) + view.tick(START + now * MS)
        counts += [(now, text.plain.split()[0]) for text in texts]
    assert counts == [(0, "●"), (1050, "×20"), (2050, "×20")]
    assert "×19 more" in view.finish()[0].plain


def test_a_prompt_gets_the_count_at_once_and_the_next_statement_is_drawn(save):
    view = LiveTree(Display())
    view.feed([prompt("1"), *save(), *save(), *save()], START)
    assert "×2 more" in view.settle(START)[0].plain
    assert lines(view.feed(save(), START)) == ["● Article.save()  created"]


def test_a_few_chains_in_a_row_fold_as_one(save):
    view, texts = LiveTree(Display()), []
    for number in range(120):
        run = end("on_commit", f"2-{number}", file="blog/tasks.py")
        texts += view.feed([*save(), *save(name="Tag.save()"), run])
    assert len(texts) == 3
    (folded,) = view.finish()
    assert folded.plain.startswith(
        "  ×119 more  Article.save(), Tag.save(), ⧗ on_commit send_mail  "
    )
    assert folded.plain.endswith(" 357.0 ms")


def test_a_row_that_is_not_complete_is_drawn(save):
    view = LiveTree(Display())
    row = [*save(), *save(line=1), *save(), *save(line=1), *save(), *save(line=1)]
    assert len(view.feed(row)) == 2
    assert view.feed(save()) == []
    texts = view.feed(save(line=2))
    assert lines(texts) == [
        "  ×2 more  Article.save(), Article.save()",
        "● Article.save()  created",
        "● Article.save()  created",
    ]
    assert [text.plain.count("views.py:2") for text in texts] == [0, 0, 1]


def test_after_a_row_that_is_not_complete_what_it_began_with_may_repeat(save):
    view = LiveTree(Display())
    view.feed([*save(), *save(line=1), *save()])
    assert lines(view.feed(save())) == ["● Article.save()  created"]
    view.feed([*save(), *save()])
    assert lines(view.finish()) == ["  ×3 more  Article.save()"]


def test_rolled_back_repetitions_are_counted_behind_them(save):
    view, texts = LiveTree(Display()), []
    for number in range(5):
        block = f"2-{number}"
        rolled_back = end("transaction", block, outcome="rolled back")
        texts += view.feed([*save(transaction=block), rolled_back])
    assert lines(texts) == ["● Article.save()  created · ⎇ atomic", "↺ 1 chain rolled back"]
    assert lines(view.finish()) == ["  ×4 more  Article.save()", "↺ 4 chains rolled back"]


def test_a_count_a_second_tells_of_rollbacks_too(save):
    view = LiveTree(Display())
    for number in range(11):
        rolled_back = end("transaction", f"2-{number}", outcome="rolled back")
        now = START + number * 100 * MS
        view.feed([*save(transaction=f"2-{number}"), rolled_back], now)
    assert lines(view.feed(save(transaction="2-11"), START + 1100 * MS)) == [
        "  ×10 more  Article.save()",
        "↺ 10 chains rolled back",
    ]


def test_all_draws_each(save):
    view = LiveTree(Display(all=True))
    assert len(view.feed(chain.from_iterable(save() for _ in range(300)), START)) == 300
    assert view.finish() == []


def test_folding_costs_far_less_than_drawing():
    builder = Builder()
    chains = [
        ended
        for number in range(50)
        for event in article_save(first=1 + 20 * number)
        for ended in builder.feed(event)
    ]
    began = time.process_time()
    for one in chains:
        outline(one.root)
    folded = time.process_time() - began
    for one in chains:
        draw_chain(one, Display())
    drawn = time.process_time() - began - folded
    assert folded * 5 < drawn
