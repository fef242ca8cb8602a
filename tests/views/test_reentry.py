"""Receivers that are called again below themselves, on the screen."""

from __future__ import annotations

from textwrap import dedent

from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from tests.factories import end


def screen(*events, **options):
    view = LiveTree(Display(**options))
    texts = view.feed(events) + view.finish()
    return "\n".join(text.plain for text in texts) + "\n"


def expected(text):
    return dedent(text).removeprefix("\n")


def recursion(depth, **innermost):
    """A draft that a receiver saves again, `depth` times; another receiver hears each save."""
    lines = []
    for level in range(depth, -1, -1):
        save, send, again, other = (f"1-{level}{digit}" for digit in range(1, 5))
        fields = innermost if level == depth else {}
        lines += [
            end("receiver", again, send, at=level, ms=9, name="blog.save_again", **fields),
            end("receiver", other, send, at=level + 0.5, name="blog.log", line=30),
            end("send", send, save, at=level, **fields),
            end("save", save, f"1-{level - 1}3" if level else None, at=level, **fields),
        ]
    return lines


def test_a_receiver_that_saves_once_more_is_drawn_to_its_end():
    assert screen(*recursion(1)) == expected("""
        ● Article.save()  created                                 blog/views.py:41                1.0 ms
        └─ post_save  created=True                                                                1.0 ms
           ├─ save_again                                          blog/signals.py:24              9.0 ms
           │  └─ Article.save()  created                          blog/views.py:41                1.0 ms
           │     └─ post_save  created=True                                                       1.0 ms
           │        ├─ save_again  ↻ same receiver                blog/signals.py:24              9.0 ms
           │        └─ log                                        blog/signals.py:30              1.0 ms
           └─ log                                                 blog/signals.py:30              1.0 ms
        """)


def test_a_receiver_that_goes_on_saving_is_drawn_once():
    assert screen(*recursion(93)) == expected("""
        ● Article.save()  created                                 blog/views.py:41                1.0 ms
        └─ post_save  created=True                                                                1.0 ms
           ├─ save_again                                          blog/signals.py:24              9.0 ms
           │  └─ Article.save()  created                          blog/views.py:41                1.0 ms
           │     └─ post_save  created=True                                                       1.0 ms
           │        ├─ save_again                                 blog/signals.py:24              9.0 ms
           │        │  ↻ same receiver ×93 · below it: log ×92
           │        └─ log                                        blog/signals.py:30              1.0 ms
           └─ log                                                 blog/signals.py:30              1.0 ms
        """)


def test_what_went_wrong_below_it_is_shown():
    swallowed = {"swallowed": True, "not_reached": ["blog.late"]}
    drawn = screen(*recursion(9, exception="builtins.RecursionError", **swallowed))
    assert "✗ RecursionError in save_again · swallowed by send_robust · not reached: late" in drawn
    assert drawn.count("RecursionError") == 1


def test_only_the_commonest_errors_below_it_are_named():
    lines = recursion(9)
    for level in range(2, 7):
        lines[:0] = [
            end("query", f"1-{level}{n}9", f"1-{level}3", exception=f"Error{level}")
            for n in range(level)
        ]
    drawn = screen(*lines)
    assert "✗ Error6 in INSERT blog_article ×6" in drawn
    assert "Error3" not in drawn
    assert "… 2 other errors" in drawn
    assert "below it: log ×8, 20 queries" in drawn


def test_receivers_that_call_each_other():
    lines = []
    for level in range(9, -1, -1):
        save, send, receiver = (f"1-{level}{digit}" for digit in range(1, 4))
        name = "blog.ping" if level % 2 == 0 else "blog.pong"
        lines += [
            end("receiver", receiver, send, name=name),
            end("send", send, save),
            end("save", save, f"1-{level - 1}3" if level else None),
        ]
    drawn = screen(*lines)
    assert "↻ same receiver ×4 · below it: pong ×4" in drawn


def test_all_draws_each_call_and_still_says_so():
    drawn = screen(*recursion(9), all=True)
    assert drawn.count("save_again  ↻ same receiver") == 9
    assert drawn.count("save_again") == drawn.count(" log ") == 10


def test_in_ascii():
    assert "^ same receiver x9 - below it: log x8" in screen(*recursion(9), ascii=True)


def test_the_number_of_calls_is_not_cut():
    assert "  ↻ same receiver ×93" in screen(*recursion(93), width=40, crop=True)
