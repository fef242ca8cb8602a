"""The report for people: whole screens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sigtrace.analysis.filters import Selection
from sigtrace.analysis.report import analyse
from sigtrace.reader import open_runs
from sigtrace.views.display import Display
from sigtrace.views.report import render_report
from tests.factories import article_save, begin, counts, end, process, registered, write


@pytest.fixture
def run(tmp_path):
    run = tmp_path / "20260101T000000Z-4242-abc"
    error: dict[str, Any] = {"exception": "django.db.utils.IntegrityError"}
    write(
        run / "4242.jsonl",
        process(),
        *article_save(),
        *article_save(at=20, first=20),
        end("query", "4242-43", "4242-42", **error),
        end("receiver", "4242-42", "4242-41", ms=2, **error),
        end("send", "4242-41", ms=2, not_reached=["search.signals.update_search_index"], **error),
        end("bulk", "4242-50", bypassed=["blog.signals.generate_slug"]),
        end("bulk", "4242-51", bypassed=["blog.signals.generate_slug"]),
        registered("4242-60"),
        end("on_commit", "4242-60", discarded=True),
        begin("save", "4242-70"),
        begin("send", "4242-71", "4242-70"),
        begin("receiver", "4242-72", "4242-71", file="blog/signals.py", line=24),
        counts(
            unheard={"django.db.models.signals.pre_save": 12, "a.b.c": 1}, queries=44, dropped=3
        ),
        {"event": "end"},
    )
    (run / "run.json").write_text(
        json.dumps({"schema": 1, "argv": ["manage.py", "demo"], "exit_status": 137})
    )
    return run


def screen(*paths, command="sigtrace report", selection=None, **options):
    report = analyse(open_runs(paths, paths[0]), selection or Selection())
    return render_report(report, Display(**options), command).plain


def test_of_a_call_that_never_ended_the_sender_is_not_known(tmp_path):
    opened = [
        begin("save", "1-1"),
        begin("send", "1-2", "1-1"),
        begin("receiver", "1-3", "1-2", file="a.py", line=1),
    ]
    write(tmp_path / "1.jsonl", process("1"), *opened)
    drawn = screen(tmp_path)
    assert "a.py:1  post_save\n" in drawn
    assert "no sender" not in drawn
    nobody = [end("receiver", "1-2", "1-1", sender=None), end("send", "1-1", sender=None)]
    write(tmp_path / "1.jsonl", process("1"), *nobody)
    assert "post_save · no sender\n" in screen(tmp_path)


EXPECTED = """\
20260101T000000Z-4242-abc · manage.py demo · exit status 137
6 chains · 6 signals sent · 8 receiver calls · 5 queries · 1 error
! 1 line could not be read and were left out: 4242.jsonl

Receiver                                          calls   total    self     max  queries  errors
notify_about_article  1 unfinished                    4  8.2 ms  7.2 ms  3.1 ms        1       1
  blog/signals.py:24  post_save · blog.Article
update_search_index                                   2  4.4 ms  1.6 ms  2.2 ms        2       –
  search/signals.py:8  post_save · blog.Article
generate_slug                                         2  0.4 ms  0.4 ms  0.2 ms        0       –
  blog/signals.py:12  pre_save · blog.Article

Slowest chains
  Article.save()  ×2                                      blog/views.py:41                6.7 ms
    → post_save → notify_about_article · 3 receiver calls · 2 queries
  post_save                                               blog/views.py:41                2.0 ms
    → notify_about_article → INSERT blog_article · 1 receiver call · 1 query · 1 error
  QuerySet.bulk_create(Article)  ×2                       blog/views.py:41                1.0 ms

Unfinished when the trace ends, or the run full
  notify_about_article  in Article.save()                 blog/signals.py:24          unfinished

Findings
  ✗ sigtrace.R006 error in a receiver                     blog/signals.py:24
    notify_about_article raised django.db.utils.IntegrityError once
      in INSERT blog_article
    → sigtrace report --tree --errors --around blog.signals.notify_about_article
  ✗ sigtrace.R007 receivers not reached                   blog/signals.py:24
    update_search_index was not called by post_save of blog.Article
      notify_about_article raised django.db.utils.IntegrityError before, at blog/signals.py:24
    → sigtrace report --tree --root 4242-41
  ! sigtrace.R005 receivers bypassed                      blog/views.py:41
    QuerySet.bulk_create(Article), 100 rows (2 times) did not call generate_slug
      it sends no save or delete signals
    → sigtrace report --tree --root 4242-50

Counted, not listed
  sent without receivers 13: pre_save 12, c 1
  44 queries outside of chains
  3 spans not written: the run reached its size limit

Next: sigtrace report --tree --errors --around blog.signals.notify_about_article   (the first finding)"""


def test_the_whole_report(run):
    assert "\n".join(line.rstrip() for line in screen(run).splitlines()) == EXPECTED


def test_ascii(run):
    assert screen(run, ascii=True).isascii()


@pytest.mark.parametrize("width", [48, 60, 80])
def test_a_terminal_is_never_too_narrow(run, width):
    drawn = screen(run, width=width, crop=True)
    # A command may be longer: it is there to be copied.
    lines = [line for line in drawn.splitlines() if "sigtrace report" not in line]
    assert max(map(len, lines)) <= width
    assert "calls" in drawn
    assert "total" in drawn


def test_senders_of_one_receiver_are_one_row(tmp_path):
    write(
        tmp_path / "1.jsonl",
        process("1"),
        end("receiver", "1-2", "1-1", sender="a.A"),
        end("receiver", "1-3", "1-1", sender="a.B", ms=3),
        end("send", "1-1"),
    )
    drawn = screen(tmp_path).partition("Slowest")[0]
    assert drawn.count("notify_about_article  ") == 1
    assert "post_save · 2 senders" in drawn


def test_a_run_without_signals_says_so_and_what_to_ask(tmp_path):
    write(tmp_path / "1.jsonl", process("1"))
    drawn = screen(tmp_path)
    assert "No signals were seen." in drawn
    assert drawn.endswith("Next: sigtrace report --tree --all   (also what is hidden)")


def test_several_processes_and_a_selection_are_said(tmp_path):
    for stem in ("1", "2"):
        write(tmp_path / f"{stem}.jsonl", process(stem), *article_save(stem))
    drawn = screen(
        tmp_path, selection=Selection(receiver=("generate_slug",)), command="sigtrace report r"
    )
    assert "2 processes · 2 chains" in drawn
    assert "Below: only what the given names match." in drawn
    assert "update_search_index" not in drawn.partition("Slowest")[0]
    assert drawn.endswith("Next: sigtrace report r --tree   (every chain)")


def test_coverage_and_muted_signals_are_counts(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), *article_save("1"))
    (tmp_path / "receivers.json").write_text(
        json.dumps(
            {
                "signals": [
                    {
                        "signal": "django.db.models.signals.post_save",
                        "receivers": [
                            {"receiver": "blog.signals.notify_about_article", "origin": "own"},
                            {"receiver": "django.x", "origin": "django"},
                        ],
                    }
                ],
                "muted": ["django.db.models.signals.pre_init"],
            }
        )
    )
    drawn = screen(tmp_path)
    assert "called 1 of 2 connected receivers (own: 1 of 1)" in drawn
    assert "muted: pre_init · sigtrace run --all records them" in drawn


def test_long_lists_say_how_much_more_there_is(tmp_path):
    events = [process("1")]
    for number in range(1, 120, 3):
        name = f"blog.receiver_{number}"
        error: dict[str, Any] = {"exception": f"Error{number}"}
        events += [
            end(
                "receiver", f"1-{number + 2}", f"1-{number + 1}", name=name, receiver=name, **error
            ),
            end("send", f"1-{number + 1}", **error),
            end("bulk", f"1-{number}", line=number, bypassed=[name]),
            end("save", f"2-{number}", **error),
        ]
    write(tmp_path / "1.jsonl", *events)
    drawn = screen(tmp_path)
    assert "… 10 more: --format json" in drawn
    assert "… 30 more kinds" in drawn
    assert "… 30 more of sigtrace.R006: --format json" in drawn
    assert "… 34 more of sigtrace.R005: --format json" in drawn
