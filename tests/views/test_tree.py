"""Chains as trees: whole screens."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from tests.factories import article_save, begin, end, registered, scope

PRE_SAVE = "django.db.models.signals.pre_save"
M2M = "django.db.models.signals.m2m_changed"
DELETE = "django.db.models.signals.post_delete"


def screen(*events, **options):
    view = LiveTree(Display(**options))
    texts = view.feed(events) + view.finish()
    return "\n".join(text.plain for text in texts) + "\n"


def expected(text):
    return dedent(text).removeprefix("\n")


def test_the_chain_of_a_save():
    assert screen(*article_save()) == expected("""
        ● Article.save()  created                                 blog/views.py:41                6.7 ms
        ├─ pre_save                                                                               0.2 ms
        │  └─ generate_slug                                       blog/signals.py:12              0.2 ms
        │     ~ slug  '' → 'my-first-article'
        ├─ INSERT blog_article                                                                    0.9 ms
        └─ post_save  created=True                                                                5.4 ms
           ├─ notify_about_article                                blog/signals.py:24              3.1 ms
           └─ update_search_index                                 search/signals.py:8             2.2 ms
              └─ AuditLog.save()  created · 1 query · no receivers  blog/views.py:41              1.4 ms
        """)


def test_ascii():
    assert screen(*article_save(), ascii=True) == expected("""
        * Article.save()  created                                 blog/views.py:41                6.7 ms
        |- pre_save                                                                               0.2 ms
        |  `- generate_slug                                       blog/signals.py:12              0.2 ms
        |     ~ slug  '' -> 'my-first-article'
        |- INSERT blog_article                                                                    0.9 ms
        `- post_save  created=True                                                                5.4 ms
           |- notify_about_article                                blog/signals.py:24              3.1 ms
           `- update_search_index                                 search/signals.py:8             2.2 ms
              `- AuditLog.save()  created - 1 query - no receivers  blog/views.py:41              1.4 ms
        """)


def test_a_narrow_terminal_cuts_paths_before_words():
    assert screen(*article_save(), width=60, crop=True) == expected("""
        ● Article.save()  created           blog/views.py:41  6.7 ms
        ├─ pre_save                                           0.2 ms
        │  └─ generate_slug               blog/signals.py:12  0.2 ms
        │     ~ slug  '' → 'my-first-article'
        ├─ INSERT blog_article                                0.9 ms
        └─ post_save  created=True                            5.4 ms
           ├─ notify_about_article        blog/signals.py:24  3.1 ms
           └─ update_search_index        search/signals.py:8  2.2 ms
              └─ AuditLog.save()  created · …  …/views.py:41  1.4 ms
        """)


@pytest.mark.parametrize("width", [20, 40, 60, 96, 200])
def test_no_line_of_a_terminal_is_wider_than_it(width):
    bulk = end("bulk", "1-1", bypassed=[f"blog.signals.receiver_{n}" for n in range(9)])
    drawn = screen(*article_save(), bulk, width=width, crop=True, args=True)
    assert max(map(len, drawn.splitlines())) <= min(width, 132)


def test_all_shows_every_level_and_args_every_argument():
    drawn = screen(*article_save(), all=True, args=True, width=132)
    assert "└─ INSERT search_auditlog  rows=1" in drawn
    assert "no receivers" not in drawn
    assert (
        "instance=blog.Article pk=7 created=True raw=False using='default' update_fields=None"
        in drawn
    )
    assert "● Article.save()  created · pk=7" in drawn


def test_depth_says_what_it_leaves_out():
    assert screen(*article_save(), depth=2) == expected("""
        ● Article.save()  created                                 blog/views.py:41                6.7 ms
        ├─ pre_save                                                                               0.2 ms
        │  └─ … 1 line below
        ├─ INSERT blog_article                                                                    0.9 ms
        └─ post_save  created=True                                                                5.4 ms
           └─ … 4 lines below
        """)


def test_an_error_with_the_receivers_that_were_not_reached():
    error: dict[str, Any] = {"exception": "smtplib.SMTPServerDisconnected"}
    drawn = screen(
        end("query", "1-4", "1-3", ms=0.01, name="SELECT blog_article"),
        end("receiver", "1-3", "1-2", ms=3.1, **error),
        end(
            "send",
            "1-2",
            "1-1",
            ms=3.1,
            not_reached=["search.signals.update_search_index"],
            **error,
        ),
        end("save", "1-1", ms=3.9, transaction="1-9", **error),
        end("transaction", "1-9"),
    )
    assert drawn == expected("""
        ● Article.save()  created · ⎇ atomic                      blog/views.py:41              ✗ 3.9 ms
        └─ post_save  created=True                                                              ✗ 3.1 ms
           ├─ notify_about_article                                blog/signals.py:24            ✗ 3.1 ms
           │  │  ✗ smtplib.SMTPServerDisconnected
           │  └─ SELECT blog_article                                                             0.01 ms
           └─ update_search_index  not reached: send() stopped at the error
        """)


def test_a_custom_signal_with_what_send_robust_swallowed():
    drawn = screen(
        end(
            "receiver",
            "1-2",
            "1-1",
            exception="ValueError",
            exception_message="no\nlink",
            swallowed=True,
            name="blog.receivers.check_links",
        ),
        end("receiver", "1-3", "1-1", at=1, mode="async", name="blog.receivers.Push.send"),
        end(
            "send",
            "1-1",
            name="article_published",
            signal="blog.signals.article_published",
            sender="blog.views.Publisher",
            method="send_robust",
            arguments={
                "article": "blog.Article pk=7",
                "channel": "mail",
                "urgent": True,
                "note": None,
            },
        ),
    )
    assert drawn == expected(r"""
        ● article_published  send_robust · sender=blog.views.Publisher  blog/views.py:41          1.0 ms
        │  article=blog.Article pk=7 channel='mail' urgent=True note=None
        ├─ check_links                                            blog/signals.py:24            ✗ 1.0 ms
        │  ✗ ValueError no\x0alink · swallowed by send_robust
        └─ Push.send  async                                       blog/signals.py:24              1.0 ms
        """)


def test_async_receivers_are_drawn_as_concurrent_where_they_were():
    sends = [
        end("receiver", "1-2", "1-1", at=0, mode="async", name="blog.refresh"),
        end("receiver", "1-3", "1-1", at=0.5, mode="async", name="blog.ping"),
        end("receiver", "1-4", "1-1", at=2, mode="async", name="blog.later"),
        end("receiver", "1-5", "1-1", at=2, name="blog.sync"),
        end("send", "1-1", name="published", method="asend"),
    ]
    assert screen(*sends) == expected("""
        ● published  asend · sender=blog.Article · created=True   blog/views.py:41                1.0 ms
        ├─ refresh  async · ∥ concurrent                          blog/signals.py:24              1.0 ms
        ├─ ping  async · ∥ concurrent                             blog/signals.py:24              1.0 ms
        ├─ later  async                                           blog/signals.py:24              1.0 ms
        └─ sync                                                   blog/signals.py:24              1.0 ms
        """)
    assert "ping  async - || concurrent" in screen(*sends, ascii=True)


def test_an_error_that_is_raised_in_place_of_another_is_drawn_too():
    lines = [
        end("save", "1-3", "1-2", exception="ValueError"),
        end("receiver", "1-2", "1-1", exception="RuntimeError"),
        end("send", "1-1", exception="RuntimeError"),
    ]
    drawn = screen(*lines)
    assert (drawn.count("✗ ValueError"), drawn.count("✗ RuntimeError")) == (1, 1)


@pytest.mark.parametrize("method", ["send", "asend", None])
def test_what_was_not_reached_says_which_send_stopped(method):
    drawn = screen(
        end("receiver", "1-2", "1-1", exception="E"),
        end("send", "1-1", exception="E", method=method, not_reached=["blog.late"]),
    )
    assert f"late  not reached: {method or 'send'}() stopped at the error" in drawn


def test_what_a_send_of_its_own_leaves_out_was_stopped_by_no_error():
    drawn = screen(
        end("receiver", "1-2", "1-1"), end("send", "1-1", method="send", not_reached=["blog.late"])
    )
    assert "late  not called: its signal's own send() left it out" in drawn


def test_bulk_writes_say_whom_they_bypassed():
    bypassed = ["blog.signals.generate_slug", "search.signals.update_search_index"]
    drawn = screen(end("query", "1-2", "1-1"), end("bulk", "1-1", bypassed=bypassed))
    assert drawn == expected("""
        ● QuerySet.bulk_create(Article)  50 rows                  blog/views.py:41                1.0 ms
        │  ! no signals sent · 2 receivers bypassed: generate_slug, update_search_index
        └─ INSERT blog_article                                                                    1.0 ms
        """)


def test_relations_say_whom_their_through_model_bypassed():
    drawn = screen(
        end("query", "1-2", "1-1"), end("m2m", "1-1", bypassed=["blog.signals.line_saved"])
    )
    assert drawn == expected("""
        ● Article.tags.add()  2 added                             blog/views.py:41                1.0 ms
        │  ! no save signals sent · 1 receiver bypassed: line_saved
        └─ INSERT blog_article                                                                    1.0 ms
        """)


def test_long_lists_wrap_behind_their_guide_in_a_terminal():
    bypassed = [f"blog.signals.receiver_{number}" for number in range(4)]
    drawn = screen(
        end("query", "1-2", "1-1"), end("bulk", "1-1", bypassed=bypassed), width=60, crop=True
    )
    assert drawn == expected("""
        ● QuerySet.bulk_create(Article)  50 …  …/views.py:41  1.0 ms
        │  ! no signals sent · 4 receivers bypassed: receiver_0,
        │    receiver_1, receiver_2, receiver_3
        └─ INSERT blog_article                                1.0 ms
        """)


def test_unfinished_spans_say_so():
    drawn = screen(
        begin("save", "1-1"),
        begin("send", "1-2", "1-1"),
        begin("receiver", "1-3", "1-2", file="blog/signals.py", line=24),
    )
    assert drawn == expected("""
        ● Article.save()                                                                      unfinished
        └─ post_save                                                                          unfinished
           └─ notify_about_article                                blog/signals.py:24          unfinished
        """)


def test_m2m_delete_and_sends_of_other_models():
    drawn = screen(
        end("receiver", "1-3", "1-2", signal=M2M),
        end(
            "send",
            "1-2",
            "1-1",
            name="m2m_changed",
            signal=M2M,
            sender="blog.Article_tags",
            arguments={
                "action": "pre_add",
                "reverse": False,
                "pk_set": "<set 2>",
                "using": "default",
            },
        ),
        end("m2m", "1-1"),
        end("receiver", "1-6", "1-5", signal=DELETE),
        end(
            "send",
            "1-5",
            "1-4",
            name="post_delete",
            signal=DELETE,
            sender="blog.Comment",
            arguments={},
        ),
        end("delete", "1-4", counts={"blog.Comment": 2, "blog.Article": 1}),
    )
    assert drawn == expected("""
        ● Article.tags.add()  2 added                             blog/views.py:41                1.0 ms
        └─ m2m_changed  pre_add pk_set=<set 2>                                                    1.0 ms
           └─ notify_about_article                                blog/signals.py:24              1.0 ms
        ● Article.delete()  3 rows: 2 Comment, 1 Article          blog/views.py:41                1.0 ms
        └─ post_delete  sender=blog.Comment                                                       1.0 ms
           └─ notify_about_article                                blog/signals.py:24              1.0 ms
        """)


def test_what_a_save_tells_of_itself():
    drawn = screen(
        end("receiver", "1-3", "1-2"),
        end(
            "send",
            "1-2",
            "1-1",
            arguments={"raw": True, "using": "other", "update_fields": "<frozenset 1>"},
        ),
        end(
            "save",
            "1-1",
            created=False,
            raw=True,
            update_fields=["slug"],
            alias="other",
            historical=True,
        ),
        width=200,
    )
    first, second, arguments, _ = drawn.splitlines()
    assert "updated · raw · update_fields=slug · using=other · historical model" in first
    assert "post_save" in second
    assert arguments == "   │  raw=True using='other' update_fields=slug"


def test_a_deferred_callback_where_it_was_registered_and_where_it_ran():
    drawn = screen(
        registered("1-3", "1-2"),
        end("receiver", "1-2", "1-1", name="blog.signals.queue"),
        end("send", "1-1"),
        end("on_commit", "1-3", registered_by="1-2", ms=2),
        end("on_commit", "1-4", discarded=True, transaction="1-9", ms=0),
        end("on_commit", "1-5", discarded=True, discarded_by="exception", ms=0),
    )
    assert drawn == expected("""
        ● post_save  sender=blog.Article · created=True           blog/views.py:41                1.0 ms
        └─ queue                                                  blog/signals.py:24              1.0 ms
           └─ ⧗ deferred send_mail                                blog/signals.py:60
        ● ⧗ on_commit send_mail  registered by queue              blog/signals.py:60              2.0 ms
        ● ⧗ on_commit send_mail                                   blog/signals.py:60           discarded
        ● ⧗ on_commit send_mail                                   blog/signals.py:60         not reached
        """)


def test_an_atomic_block_that_a_receiver_opened_and_rolled_back():
    drawn = screen(
        end("receiver", "1-6", "1-5", transaction="1-3"),
        end("send", "1-5", "1-4", transaction="1-3"),
        end("save", "1-4", "1-2", transaction="1-3"),
        end("transaction", "1-3", "1-2", name="savepoint", outcome="rolled back"),
        end("receiver", "1-2", "1-1"),
        end("send", "1-1"),
    )
    assert "└─ Article.save()  created · ⎇ savepoint · ↺ rolled back" in drawn
    assert drawn.count("⎇") == 1


def test_an_atomic_block_of_another_database_is_not_shown_at_what_it_does_not_hold():
    events = [
        end("receiver", "1-6", "1-5", transaction="1-3"),
        end("send", "1-5", "1-4", transaction="1-3"),
        end("save", "1-4", "1-2", transaction="1-3"),
        end("transaction", "1-3", "1-2", alias="other", outcome="rolled back", transaction="1-9"),
        end("receiver", "1-2", "1-1", transaction="1-9"),
        end("send", "1-1", transaction="1-9"),
    ]
    drawn = screen(*events)
    assert drawn.count("⎇ atomic") == 1  # at the root, which says no database
    assert "└─ Article.save()  created  " in drawn
    drawn = screen(*events[:2], events[2] | {"alias": "other"}, *events[3:])
    assert "using=other · ⎇ atomic · ↺ rolled back" in drawn


def test_djangos_own_atomic_block_around_an_operation_is_not_shown_unless_all():
    events = [
        end("receiver", "1-4", "1-3", transaction="1-2"),
        end("send", "1-3", "1-1", transaction="1-2"),
        end("transaction", "1-2", "1-1"),
        end("delete", "1-1"),
    ]
    assert "⎇" not in screen(*events)
    assert "post_save  created=True · ⎇ atomic" in screen(*events, all=True, width=132)


HOSTILE = "\x1b[31m\x07[bold]x[/red]\n\u202egnp\u2028\x9b\ud800"


def hostile_lines(text):
    """Lines that show this text wherever something recorded is shown."""
    place = {"file": text, "line": 3}
    wrong = {"exception": text, "exception_message": text}
    calls = [
        line
        for level in range(4, -1, -1)
        for line in (
            end("receiver", f"1-{level}3", f"1-{level}2", name=text, **place, **wrong),
            end("receiver", f"1-{level}4", f"1-{level}2", name=f"other.{text}", mode="async"),
            end("send", f"1-{level}2", f"1-{level}1", name=text, not_reached=[text], **wrong),
            end("save", f"1-{level}1", f"1-{level - 1}3" if level else None, name=text, **place),
        )
    ]
    return [
        *calls,
        scope("2-9", text, kind=text),
        end("receiver", "2-2", "2-1", name=text, changes={text: [text, text]}, dispatch_uid=text),
        registered("2-3", "2-2", name=text, **place),
        end(
            "send",
            "2-1",
            scope="2-9",
            name=text,
            sender=text,
            method=text,
            arguments={text: text, "action": text, "update_fields": text},
        ),
        end("on_commit", "2-3", registered_by="2-2", name=text, transaction="2-5", alias=text),
        end("bulk", "2-4", name=text, alias=text, transaction="2-5", bypassed=[text, text]),
        end("transaction", "2-5", outcome="rolled back"),
        end("query", "2-7", "2-6", name=text, sql=text, vendor=text),
        end("transaction", "2-9", "2-6", name=text, alias=text, outcome="rolled back"),
        end("receiver", "2-11", "2-10", name=text),
        end("send", "2-10", "2-6", transaction="2-9"),
        end("m2m", "2-6", name=text, model=text, field=text, action=text, pk=text),
        end("delete", "2-8", name=text, counts={text: 2, "blog.Article": 3}, exception=text),
        end("save", "2-12", "1-3", name=text, update_fields=[text], exception=text, pk=text),
        *(end("bulk", f"2-2{n}", name=text, bypassed=[text], **place) for n in range(4)),
        begin("save", "2-30", name=text),
    ]


@pytest.mark.parametrize("options", [{}, {"args": True}, {"all": True, "args": True}], ids=str)
@pytest.mark.parametrize("width", [None, 60, 200])
def test_hostile_names_and_values_are_escaped_and_never_markup(options, width):
    where = {} if width is None else {"width": width, "crop": True}
    drawn = screen(*hostile_lines(HOSTILE), **options, **where)
    assert all(char.isprintable() for line in drawn.split("\n") for char in line)
    assert r"\x1b[31m\x07[bold]" in drawn
    if width is None:
        assert r"\x1b[31m\x07[bold]x[/red]\x0a\u202egnp\u2028\x9b\ud800" in drawn


@pytest.mark.parametrize("text", ["日本語の記事", "שלום עולם", "e\u0301\u0323 👩‍👩‍👧"], ids=ascii)
@pytest.mark.parametrize("width", [60, 200])
def test_wide_and_right_to_left_text_stays_within_the_terminal(text, width):
    from rich.cells import cell_len

    drawn = screen(*hostile_lines(text * 9), width=width, crop=True)
    assert text[0] in drawn
    assert max(map(cell_len, drawn.splitlines())) <= width


def test_wide_characters_keep_the_columns():
    from rich.cells import cell_len

    drawn = screen(end("receiver", "1-2", "1-1", name="blog.記事"), end("send", "1-1"))
    assert {cell_len(line) for line in drawn.splitlines()} == {96}


def test_a_chain_that_nests_a_thousand_times_is_drawn():
    events = [begin("save", "1-0")]
    for number in range(0, 3000, 3):
        events += [
            begin("send", f"1-{number + 1}", f"1-{number}"),
            begin("receiver", f"1-{number + 2}", f"1-{number + 1}"),
            begin("save", f"1-{number + 3}", f"1-{number + 2}"),
        ]
    assert len(screen(*events, all=True).splitlines()) == 3001


def test_equal_siblings_are_drawn_once_unless_all():
    deletes = [
        event
        for number in range(10, 250, 2)
        for event in (
            end("receiver", f"1-{number + 1}", f"1-{number}", at=number),
            end(
                "send",
                f"1-{number}",
                "1-1",
                at=number,
                name="post_delete",
                signal=DELETE,
                arguments={},
            ),
        )
    ]
    root = end("delete", "1-1", counts={"blog.Article": 120}, ms=400)
    assert screen(*deletes, root) == expected("""
        ● Article.delete()  120 rows                              blog/views.py:41              400.0 ms
        ├─ post_delete                                                                            1.0 ms
        │  └─ notify_about_article                                blog/signals.py:24              1.0 ms
        └─ ×119 more                                                                            119.0 ms
        """)
    assert len(screen(*deletes, root, all=True).splitlines()) == 241
