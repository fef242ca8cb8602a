"""The live tree: one text a chain, headings once, what became of transactions."""

from __future__ import annotations

from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from tests.factories import article_save, begin, end, scope


def feed(view, *events):
    return [text.plain for text in view.feed(events)]


def chain(save_id, **fields):
    number = int(save_id.rpartition("-")[2])
    stem = save_id.rpartition("-")[0]
    return [
        end("receiver", f"{stem}-{number + 2}", f"{stem}-{number + 1}"),
        end("send", f"{stem}-{number + 1}", save_id),
        end("save", save_id, **fields),
    ]


def test_a_text_comes_when_its_chain_is_finished():
    view, events = LiveTree(Display()), article_save()
    assert feed(view, *events[:-1]) == []
    (text,) = feed(view, events[-1])
    assert text.startswith("● Article.save()")
    assert not text.endswith("\n")
    assert view.finish() == []


def test_hidden_chains_give_no_text_and_no_heading():
    assert feed(LiveTree(Display()), scope("1-1"), end("save", "1-2", scope="1-1")) == []


def test_a_scope_is_named_once_above_its_first_chain():
    view = LiveTree(Display())
    first, second = feed(view, scope("1-1"), *chain("1-2", scope="1-1"), *chain("1-5", scope="1-1"))
    assert first.startswith("▸ request POST articles/<int:pk>/\n● Article.save()")
    assert second.startswith("● Article.save()")
    (third,) = feed(view, *chain("1-8"))
    assert third.startswith("▸ outside of requests and commands\n")


def test_the_process_is_said_once_there_are_several():
    view = LiveTree(Display())
    texts = feed(view, *chain("1-1"), *chain("2-1"), *chain("1-4"), *chain("1-7"))
    assert [text.partition("\n")[0][:11] for text in texts] == [
        "● Article.s",
        "▸ process 2",
        "▸ process 1",
        "● Article.s",
    ]


def test_the_process_is_said_as_soon_as_another_has_begun():
    view = LiveTree(Display())
    (text,) = feed(view, begin("save", "1-1"), *chain("2-1"))
    assert text.startswith("▸ process 2\n")


def test_a_rollback_is_a_line_of_its_own():
    view = LiveTree(Display())
    feed(
        view,
        scope("1-1"),
        *chain("1-10", scope="1-1", transaction="1-2"),
        *chain("1-20", scope="1-1", transaction="1-2"),
    )
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == [
        "↺ 2 chains rolled back · request POST articles/<int:pk>/"
    ]


def test_a_committed_savepoint_waits_for_the_block_around_it():
    view = LiveTree(Display())
    feed(view, *chain("1-10", transaction="1-3"))
    assert feed(view, end("transaction", "1-3", transaction="1-2")) == []
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == ["↺ 1 chain rolled back"]


def test_what_commits_or_belongs_to_a_test_is_no_line():
    view = LiveTree(Display())
    for outcome in ("committed", "test", None):
        feed(view, *chain("1-10", transaction="1-2"))
        assert feed(view, end("transaction", "1-2", outcome=outcome)) == []


def test_hidden_chains_are_not_said_to_be_rolled_back():
    view = LiveTree(Display())
    feed(view, end("save", "1-1", transaction="1-2"))
    assert feed(view, end("transaction", "1-2", outcome="rolled back")) == []


def test_what_is_left_at_the_end_is_unfinished():
    view = LiveTree(Display())
    assert feed(view, begin("save", "1-1")) == []
    (text,) = view.finish()
    assert text.plain.endswith("unfinished")


def test_what_comes_late_says_what_it_continues():
    view = LiveTree(Display())
    feed(view, *chain("1-1"))
    (late,) = feed(
        view,
        end("receiver", "1-12", "1-11"),
        end("send", "1-11", "1-3", name="late"),
    )
    assert late.startswith(
        "● late  sender=blog.Article · created=True · continued notify_about_article"
    )
