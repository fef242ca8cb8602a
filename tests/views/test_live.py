"""The live tree: one text a chain, in order, and what became of transactions."""

from __future__ import annotations

from itertools import chain

import pytest

from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from tests.factories import START, article_save, begin, end, heard_save, prompt, scope


def feed(view, *events):
    return [text.plain for text in view.feed(events)]


def test_a_text_comes_when_its_chain_is_finished():
    view, events = LiveTree(Display()), article_save()
    assert feed(view, *events[:-1]) == []
    (text,) = feed(view, events[-1])
    assert text.startswith("● Article.save()")
    assert not text.endswith("\n")
    assert view.finish() == []


def test_hidden_chains_give_no_text_and_no_heading():
    assert feed(LiveTree(Display()), scope("1-1"), end("save", "1-2", scope="1-1")) == []


def test_a_request_that_touches_no_receiver_of_the_project_gives_no_text():
    view = LiveTree(Display())
    signals = "django.core.signals."
    assert (
        feed(
            view,
            scope("1-1", "GET articles/"),
            end("receiver", "1-3", "1-2", name="django.db.reset_queries", origin="django"),
            end("send", "1-2", name="request_started", signal=signals + "request_started"),
            end("query", "1-5", "1-4"),
            end("save", "1-4", model="sessions.Session", scope="1-1"),
            end("receiver", "1-7", "1-6", name="django.db.close_old_connections", origin="django"),
            end("send", "1-6", name="request_finished", signal=signals + "request_finished"),
        )
        == []
    )
    assert view.tick(START + 10**12) == view.finish() == []


def test_at_a_prompt_a_silent_chain_is_one_line():
    view = LiveTree(Display())
    silent = [end("query", "1-2", "1-1"), end("save", "1-1", name="AuditLog.save()")]
    assert feed(view, *silent) == []
    later = [end("query", "1-4", "1-3"), end("save", "1-3", name="AuditLog.save()")]
    (line,) = feed(view, prompt("1"), *later)
    assert line.startswith("● AuditLog.save()  created · 1 query · no receivers  ")
    assert "\n" not in line
    other = [end("query", "2-2", "2-1"), end("save", "2-1")]
    assert feed(view, *other) == []


def test_at_a_prompt_what_only_django_hears_stays_hidden():
    view = LiveTree(Display())
    events = [end("receiver", "1-2", "1-1", origin="django"), end("send", "1-1")]
    assert feed(view, prompt("1"), *events) == []


def test_min_ms_hides_a_repetition_too():
    view = LiveTree(Display(min_ms=5))
    assert len(feed(view, *heard_save("1-1", ms=6))) == 1
    assert feed(view, *heard_save("1-4", ms=4), *heard_save("1-7", ms=4)) == []
    assert view.finish() == []


def test_a_receiver_that_min_ms_hides_is_not_said_to_be_missing():
    view = LiveTree(Display(min_ms=5))
    (drawn,) = feed(view, *heard_save("1-1", ms=6))
    assert "Article.save()" in drawn
    assert "no receivers" not in drawn


def test_a_rollback_is_a_line_of_its_own():
    view = LiveTree(Display())
    saves = [heard_save(f"1-{n}", line=n, scope="1-1", transaction="1-2") for n in (10, 20)]
    feed(view, scope("1-1"), *saves[0], *saves[1])
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == [
        "↺ 2 chains rolled back · request POST articles/<int:pk>/"
    ]


def test_a_committed_savepoint_waits_for_the_block_around_it():
    view = LiveTree(Display())
    feed(view, *heard_save("1-10", transaction="1-3"))
    assert feed(view, end("transaction", "1-3", transaction="1-2")) == []
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == ["↺ 1 chain rolled back"]


@pytest.mark.parametrize(
    ("outer", "inner", "said"),
    [
        (("default", "rolled back"), ("other", "committed"), True),
        (("default", "rolled back"), ("other", "rolled back"), True),
        (("default", "committed"), ("other", "rolled back"), False),
        (("other", "rolled back"), ("default", "committed"), False),
        (("other", "rolled back"), ("other", "rolled back"), False),
        (("other", "committed"), ("default", "rolled back"), True),
    ],
)
def test_only_a_block_of_its_own_database_rolls_a_chain_back(outer, inner, said):
    view = LiveTree(Display())
    feed(view, begin("transaction", "1-2", alias=outer[0], transaction=None))
    feed(view, begin("transaction", "1-3", alias=inner[0], transaction="1-2"))
    (drawn,) = feed(view, *heard_save("1-10", transaction="1-3"))
    assert ("⎇" in drawn) == ("default" in (outer[0], inner[0]))
    texts = feed(view, end("transaction", "1-3", **_outcome(inner), transaction="1-2"))
    texts += feed(view, end("transaction", "1-2", **_outcome(outer)))
    assert texts == ["↺ 1 chain rolled back"] * said
    assert view.finish() == []


def _outcome(block):
    return {"alias": block[0], "outcome": block[1]}


def test_a_block_of_another_database_that_never_ended_is_none_of_the_chains():
    view = LiveTree(Display())
    feed(view, begin("transaction", "1-2", alias="other", transaction=None))
    feed(view, *heard_save("1-10", transaction="1-2"))
    assert view.finish() == []


def test_what_commits_or_belongs_to_a_test_is_no_line():
    view = LiveTree(Display())
    for number, outcome in enumerate(("committed", "test", None), start=1):
        feed(view, *heard_save(f"1-{number}0", line=number, transaction="1-2"))
        assert feed(view, end("transaction", "1-2", outcome=outcome)) == []


def test_hidden_chains_are_not_said_to_be_rolled_back():
    view = LiveTree(Display())
    feed(view, end("save", "1-1", transaction="1-2"))
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == []


def test_a_discarded_callback_is_not_said_to_be_rolled_back():
    view = LiveTree(Display())
    assert len(feed(view, end("on_commit", "1-1", discarded=True, transaction="1-2"))) == 1
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == []


def test_a_transaction_that_never_ended_is_said_at_the_end():
    view = LiveTree(Display())
    feed(view, begin("transaction", "1-2"), *heard_save("1-10", transaction="1-2"))
    assert [text.plain for text in view.finish()] == ["⎇ 1 chain in a transaction that never ended"]


def test_a_rollback_of_a_prompts_chains_names_no_shell():
    view = LiveTree(Display())
    shell = scope("1-1", "shell", kind="command")
    feed(view, prompt("1"), shell, *heard_save("1-10", scope="1-1", transaction="1-2"))
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == ["↺ 1 chain rolled back"]


def test_what_is_left_at_the_end_is_unfinished():
    view = LiveTree(Display())
    assert feed(view, begin("save", "1-1")) == []
    (text,) = view.finish()
    assert text.plain.endswith("unfinished")


def test_what_comes_late_says_what_it_continues():
    view = LiveTree(Display())
    feed(view, *heard_save("1-1"))
    (late,) = feed(
        view,
        end("receiver", "1-12", "1-11"),
        end("send", "1-11", "1-3", name="late"),
    )
    assert late.startswith(
        "● late  sender=blog.Article · created=True · continued notify_about_article"
    )


@pytest.mark.parametrize("width", [60, 200])
def test_no_line_about_chains_is_wider_than_the_terminal(width):
    view = LiveTree(Display(width=width, crop=True))
    long = scope("1-1", "POST " + "long/" * 80)
    chains = [heard_save(f"1-{n}", scope="1-1", transaction="1-2") for n in range(10, 50, 10)]
    texts = view.feed(
        [long, *chain.from_iterable(chains), end("transaction", "1-2", outcome="rolled back")]
    )
    texts += view.finish()
    assert [text.plain.split()[0] for text in texts] == ["▸", "×3", "↺"]
    assert max(text.cell_len for drawn in texts for text in drawn.split()) <= min(width, 132)
