"""A chain that takes long is shown as far as it has got, later what is new."""

from __future__ import annotations

from itertools import chain
from textwrap import dedent

from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from tests.factories import SECOND, START, begin, end, heard_save, registered, scope

LATE = START + 50 * SECOND

OPEN = (
    begin("save", "1-1", scope=None),
    begin("send", "1-2", "1-1", at=1, name="pre_save"),
    end("receiver", "1-3", "1-2", at=2, ms=3, name="blog.signals.first"),
    begin(
        "receiver", "1-4", "1-2", at=6, file="blog/signals.py", line=24, name="blog.signals.slow"
    ),
)


def plain(texts):
    return "".join(text.plain + "\n" for text in texts)


def expected(text):
    return dedent(text).removeprefix("\n")


def fed(*events, **options):
    """A view that has read these lines some time ago."""
    view = LiveTree(Display(**options))
    assert view.feed(events, START) == []
    assert view.tick(START) == []
    return view


def test_after_a_second_it_is_shown_as_far_as_it_has_got():
    view = fed(*OPEN)
    assert view.tick(START + SECOND - 1) == []
    assert plain(view.tick(START + SECOND)) == expected("""
        ● Article.save()                                                           … still running 1.0 s
        └─ pre_save                                                                … still running 1.0 s
           ├─ first                                               blog/signals.py:24              3.0 ms
           └─ slow                                             blog/signals.py:24  … still running 1.0 s
        """)
    assert view.tick(START + 9 * SECOND) == []


def test_in_ascii():
    assert plain(fed(*OPEN, ascii=True).tick(START + SECOND)).count("... still running") == 3


def test_after_ten_and_a_hundred_seconds_comes_what_is_new():
    view = fed(*OPEN)
    view.tick(START + SECOND)
    view.feed([end("query", "1-5", "1-4", at=3000)])
    view.tick(START + 4 * SECOND)
    assert plain(view.tick(START + 10 * SECOND)) == expected("""
        ● Article.save()  continued                                               … still running 10.0 s
        └─ pre_save                                                               … still running 10.0 s
           └─ slow                                            blog/signals.py:24  … still running 10.0 s
              └─ INSERT blog_article                                                              1.0 ms
        """)
    assert view.tick(START + 99 * SECOND) == []
    assert "INSERT" not in plain(view.tick(START + 100 * SECOND))
    assert view.tick(START + 999 * SECOND) == []
    assert len(view.tick(START + 1000 * SECOND)) == 1


def test_when_it_ends_the_remainder_is_drawn():
    view = fed(*OPEN)
    view.tick(START + SECOND)
    rest = [
        end("receiver", "1-4", "1-2", at=6, ms=3000, name="blog.signals.slow"),
        end("receiver", "1-6", "1-2", at=3006, name="blog.signals.last"),
        end("send", "1-2", "1-1", at=1, ms=3008, name="pre_save"),
        end("query", "1-7", "1-1", at=3010),
        end("save", "1-1", ms=3012),
    ]
    assert plain(view.feed(rest)) == expected("""
        ● Article.save()  created · continued                     blog/views.py:41             3012.0 ms
        ├─ pre_save  created=True                                                              3008.0 ms
        │  ├─ slow                                                blog/signals.py:24           3000.0 ms
        │  └─ last                                                blog/signals.py:24              1.0 ms
        └─ INSERT blog_article                                                                    1.0 ms
        """)
    assert view.finish() == view.tick(LATE) == []


def test_what_ended_without_news_is_said_to_have_ended():
    view = fed(begin("save", "1-1"))
    view.tick(START + SECOND)
    (text,) = view.feed([end("save", "1-1", ms=1500)])
    assert text.plain.startswith("● Article.save()  created · continued")
    assert "no receivers" not in text.plain


def test_what_was_shown_is_said_to_have_ended_also_where_it_would_be_hidden():
    view = fed(*OPEN, min_ms=5000)
    assert "first" not in plain(view.tick(START + SECOND))
    rest = [
        end("receiver", "1-4", "1-2", at=6, ms=1500, name="blog.signals.slow"),
        end("send", "1-2", "1-1", at=1, ms=1506, name="pre_save"),
        end("query", "1-7", "1-1", at=1600, ms=9000),
        end("save", "1-1", ms=1601),
    ]
    text = plain(view.feed(rest))
    assert [name in text for name in ("Article.save()", "pre_save", "slow")] == [True] * 3
    view = fed(*OPEN[:2])
    view.tick(START + SECOND)
    view.feed([end("query", "1-7", "1-1", at=1600), end("send", "1-2", "1-1", name="pre_save")])
    assert "├─ pre_save" in plain(view.feed([end("save", "1-1")]))


def test_at_the_end_of_the_run_the_remainder_is_unfinished():
    view = fed(*OPEN)
    view.tick(START + SECOND)
    text = plain(view.finish())
    assert text.startswith("● Article.save()  continued")
    assert text.count("unfinished") == 3
    assert "first" not in text


def test_what_is_shown_in_part_is_kept_in_mind_no_longer_than_it_is_open():
    view = fed(*OPEN)
    view.tick(START + SECOND)
    builder = vars(view)["_builder"]
    assert vars(builder)["_waiting"] == {}
    view.feed(
        [
            end("receiver", "1-4", "1-2"),
            end("send", "1-2", "1-1"),
            end("save", "1-1"),
        ]
    )
    view.tick(LATE)
    assert vars(builder)["_resumed"] == set()
    assert vars(vars(view)["_running"])["_due"] == {}


def test_a_callback_that_was_registered_before_knows_by_whom():
    view = fed(begin("send", "1-1"), begin("receiver", "1-2", "1-1"), registered("1-3", "1-2"))
    assert "⧗ deferred send_mail" in plain(view.tick(START + SECOND))
    (run,) = view.feed([end("on_commit", "1-3", registered_by="1-2")])
    assert "registered by notify_about_article" in run.plain


def test_what_is_pending_comes_before_and_equal_chains_are_drawn_after():
    view = fed(begin("save", "9-1"))
    equal = [heard_save(f"1-{n}0") for n in range(1, 5)]
    now = START + SECOND - 1
    assert len(view.feed(chain.from_iterable(equal), now)) == 1
    assert view.tick(now) == []
    folded, partial = view.tick(START + SECOND)
    assert "×3 more" in folded.plain
    assert "still running" in partial.plain
    assert "▸ pid 1" in plain(view.feed(heard_save("1-90"), START + SECOND))


def test_its_scope_is_named():
    view = fed(scope("1-9", "GET articles/"), begin("save", "1-1", scope="1-9"))
    assert plain(view.tick(LATE)).startswith("▸ request GET articles/\n● Article.save()")


def test_a_transaction_alone_is_no_chain():
    view = fed(begin("transaction", "1-1"))
    assert view.tick(LATE) == view.finish() == []


def test_a_chain_of_a_forked_process_is_one_of_its_own():
    view = fed(begin("save", "1-1", name="Parent.save()"), begin("save", "2-1", "1-1"))
    parent, child = view.tick(LATE)
    assert "● Parent.save()" in parent.plain
    assert "● Article.save()  continued Parent.save()" in child.plain


def test_a_chain_that_ended_on_lines_not_yet_read_is_not_said_to_run():
    view = LiveTree(Display())
    view.feed(OPEN, LATE)
    assert view.tick(LATE) == []
    assert len(view.tick(LATE + 1)) == 1


def test_a_selection_shows_only_what_leads_to_it():
    view = fed(*OPEN, receiver=("slow",))
    assert "first" not in plain(view.tick(LATE))
    view.feed([end("receiver", "1-4", "1-2", name="blog.signals.slow")])
    view.feed([end("send", "1-2", "1-1", name="pre_save")])
    assert "slow" in plain(view.feed([end("save", "1-1")]))
    view = fed(*OPEN, receiver=("nobody",))
    assert view.tick(LATE) == []
    view.feed([end("receiver", "1-4", "1-2"), end("send", "1-2", "1-1")])
    assert view.feed([end("save", "1-1")]) == []
