"""What differs between two runs, on the screen, as JSON and in a comment."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sigtrace.analysis.changes import Frequency
from sigtrace.analysis.difference import difference
from sigtrace.analysis.profile import profiles
from sigtrace.reader import open_run
from sigtrace.views.difference import frequency, render_difference
from sigtrace.views.display import Display
from sigtrace.views.formats.difference_json import render_json
from sigtrace.views.formats.difference_markdown import render_markdown
from tests.factories import article_save, end, process, write


@pytest.fixture
def found(tmp_path):
    def save(stem, ms, count):
        for number in range(count):
            base = number * 10
            call, send, root = (f"{stem}-{base + n}" for n in (1, 2, 3))
            yield end("query", f"{stem}-{base + 4}", root, sql="SELECT x")
            yield end("receiver", call, send, base * 100 + 1, ms + number / 10)
            yield end("send", send, root, base * 100 + 0.5, ms + 2)
            yield end("save", root, None, base * 100, ms + 3)

    fast: dict[str, Any] = {"name": "a.fast", "receiver": "a.fast"}
    same = [
        line
        for n in range(6)
        for line in (
            end("receiver", f"1-{800 + 2 * n}", f"1-{801 + 2 * n}", **fast),
            end("send", f"1-{801 + 2 * n}"),
        )
    ]
    gone = [
        end("receiver", "1-702", "1-701", name="a.gone", receiver="a.gone"),
        end("send", "1-701", sender="blog.Tag"),
    ]
    new = [
        line | {"name": "a.late", "receiver": "a.late"}
        if line["kind"] == "receiver" and line["index"]
        else line
        for line in article_save("1", first=600)
    ]
    write(tmp_path / "a" / "1.jsonl", process("1"), *save("1", 1, 6), *same, *gone)
    write(tmp_path / "b" / "1.jsonl", process("1"), *save("1", 8, 6), *same, *new)
    (tmp_path / "b" / "run.json").write_text('{"schema":1,"argv":["manage.py","demo"]}')
    return difference(*profiles([open_run(tmp_path / name, tmp_path) for name in "ab"]))


def test_the_screen(found):
    drawn = render_difference(found, Display()).plain
    assert (
        "\n".join(line.rstrip() for line in drawn.splitlines())
        == """\
A  a · 13 chains · 13 receiver calls · 6 queries
B  b · manage.py demo · 13 chains · 15 receiver calls · 8 queries

New receivers
  + late  post_save                                       search/signals.py:8                 ×1
  + generate_slug  pre_save                               blog/signals.py:12                  ×1

Gone receivers
  - gone  post_save                                       blog/signals.py:24                  ×1

New edges
  + late → search.AuditLog.save()                                                             ×1
  + blog.Article.save() → post_save → late                                                    ×1
  + blog.Article.save() → pre_save → generate_slug                                            ×1

Gone edges
  - post_save → gone                                                                          ×1

Slower
  notify_about_article                                    blog/signals.py:24   6.8 times as long
    1.2 ms (1.0 ms to 1.5 ms) → 8.2 ms (3.1 ms to 8.5 ms)

New SQL
  blog.Article.save()                                                          0.0 → 0.3 a chain
    INSERT INTO blog_article VALUES (…)

Times: the other receiver with 5 calls in both runs takes 1.00 times as long; slower is what stands out from that."""
    )


def test_ascii_and_narrow(found):
    assert render_difference(found, Display(ascii=True)).plain.isascii()
    drawn = render_difference(found, Display(width=60, crop=True)).plain
    assert max(map(len, drawn.splitlines())) <= 60


def test_nothing_is_said_in_a_sentence(found):
    same = difference(found.before, found.before)
    assert (
        "No receiver and no way between them is new or gone"
        in render_difference(same, Display()).plain
    )
    assert "No receiver and no way" in render_markdown(same)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(1, 2.5, ("1.0", "2.5")), (0, 0.004, ("0.000", "0.004")), (0.98, 1, ("0.98", "1.00"))],
)
def test_frequencies_that_differ_do_not_read_the_same(before, after, said):
    assert frequency(Frequency("blog.Article.save()", before, after)) == said


def test_the_json(found):
    one = json.loads(render_json(found))
    assert one["version"] == 1
    assert [change["receiver"] for change in one["new_receivers"]] == [
        "a.late",
        "blog.signals.generate_slug",
    ]
    assert one["new_edges"][0] == {
        "source": "a.late",
        "by": None,
        "target": "search.AuditLog.save()",
        "count": 1,
    }
    assert one["slower"][0]["before"].keys() == {"low_ms", "median_ms", "high_ms"}
    assert one["sql"][0]["after_a_chain"] == round(2 / 7, 9)
    assert one["noise"]["receivers"] == 1
    assert (one["timed_receivers"], one["untimed_receivers"], one["more_sql"]) == (2, 0, [])
    assert (one["same_command"], one["sql_compared"]) == (True, True)
    assert one["after"]["argv"] == ["manage.py", "demo"]


def test_the_markdown(found):
    written = render_markdown(found)
    assert written.startswith("## sigtrace: what changed\n\n- A: a · 13 chains")
    assert "### New receivers (2)\n\n| Receiver | Signal | Calls | At |\n" in written
    assert "| `a.late` | post\\_save | 1 | search/signals.py:8 |" in written
    assert "| `blog.Article.save()` | post\\_save | `a.late` | 1 |" in written


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({}, "Times are not compared: no receiver has 5 calls in both runs."),
        ({"x.a": (1, 2)}, "Times: no other receiver with 5 calls in both runs tells whether"),
        (
            {"x.a": (1, 1)},
            "Times: the receiver with 5 calls in both runs takes 1.00 times as long; s",
        ),
        (
            {"x.a": (1, 2), "x.b": (1, 1), "x.c": (1, 1)},
            "Times: the 2 other receivers with 5 calls in both runs together take 1.00 times as",
        ),
    ],
)
def test_the_sentences_on_times_agree(tmp_path, times, said):
    for side in (0, 1):
        events = [
            end("receiver", f"1-{n}", "1-1", ms=ms[side], name=name, receiver=name)
            for first, (name, ms) in enumerate(times.items(), start=1)
            for n in range(first * 10, first * 10 + 6)
        ]
        write(tmp_path / "ab"[side] / "1.jsonl", process("1"), *events, end("send", "1-1"))
    one = difference(*profiles([open_run(tmp_path / side, tmp_path) for side in "ab"]))
    drawn = render_difference(one, Display()).plain
    assert said in drawn
    assert ("Slower" in drawn) == ((1, 2) in times.values())


def test_runs_that_do_not_compare_are_told(tmp_path):
    save = article_save("1")
    write(tmp_path / "a" / "1.jsonl", process("1"), *save)
    without = [line for line in save if line["kind"] != "query"]
    write(tmp_path / "b" / "1.jsonl", process("1"), *without)
    for side, word in (("a", "test"), ("b", "shell")):
        (tmp_path / side / "run.json").write_text(f'{{"schema":1,"argv":["{word}"]}}')
    for before, after in ("ab", "ba"):
        runs = [open_run(tmp_path / side, tmp_path) for side in (before, after)]
        found = difference(*profiles(runs))
        assert (found.sql, found.more_sql) == ((), ())
        drawn = render_difference(found, Display()).plain
        for written in (drawn, render_markdown(found)):
            assert "A and B are runs of different commands" in written
            assert f"{'AB'[after == 'b']} was recorded without SQL" in written


def test_a_comment_has_a_size_that_github_takes(tmp_path):
    name = "package_with_a_long_name.module_with_a_long_name.receiver_"
    events = [
        line
        for n in range(1, 4000, 4)
        for line in (
            end("query", f"1-{n}", f"1-{n + 1}", sql=f"SELECT {'column, ' * 100} {n}"),
            end("receiver", f"1-{n + 1}", f"1-{n + 2}", name=f"{name}{n}", receiver=f"{name}{n}"),
            end("send", f"1-{n + 2}", f"1-{n + 3}"),
            end("save", f"1-{n + 3}"),
        )
    ]
    write(tmp_path / "a" / "1.jsonl", process("1"), end("save", "1-1"))
    write(tmp_path / "b" / "1.jsonl", process("1"), *events)
    found = difference(*profiles([open_run(tmp_path / side, tmp_path) for side in "ab"]))
    written = render_markdown(found)
    assert len(written) < 65_536
    assert "… and 975 more" in written
    assert "980 more: --format json" in render_difference(found, Display()).plain
