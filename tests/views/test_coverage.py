"""Signal coverage as a screen, as Markdown and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from sigtrace.analysis.coverage import App, Late, Row, SignalCoverage
from sigtrace.views.coverage import render_coverage
from sigtrace.views.display import Display
from sigtrace.views.formats.coverage_json import render_json
from sigtrace.views.formats.coverage_markdown import render_markdown

POST_SAVE = "django.db.models.signals.post_save"
NEVER = Row("blog", "blog.signals.never", POST_SAVE, "blog.Tag", "blog/signals.py", 12)
CALLED = Row(
    *("audit", "audit.log", POST_SAVE, None, "audit/log.py", 3),
    calls=1201,
    test="blog/tests.py::ArticleTests::test_slug",
    senders=(("blog.Article", 1200), (None, 1)),
)
COVERAGE = SignalCoverage(
    runs=(),
    apps=(App("audit", (CALLED,)), App("blog", (NEVER,))),
    muted=2,
    in_tests=1,
    doubts=("lines could not be read: 1.jsonl",),
    everyone=False,
    late=(Late("blog.late.heard", POST_SAVE, "blog/late.py", 4, 7),),
)

SCREEN = """\
Signal coverage 50.0 % · 1 of 2 own receivers called
2 receivers of muted signals not counted (--all records)
1 receiver in test files not counted
! Calls may be missing: lines could not be read: 1.jsonl

App                                                                      receivers  called      %
audit                                                                            1       1  100.0
blog                                                                             1       0    0.0

Never called
  never  post_save blog.Tag                               blog/signals.py:12

Called, but connected after django.setup(): not counted
  heard  post_save                                        blog/late.py:4                       ×7

First called by
  log  post_save any sender                               audit/log.py:3                   ×1,201
    → blog/tests.py::ArticleTests::test_slug
    for blog.Article ×1,200, no sender ×1"""


def test_the_screen():
    shown = render_coverage(COVERAGE, Display()).plain
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        " ".join(line.split()) for line in SCREEN.splitlines()
    ]
    assert max(map(len, shown.splitlines())) <= 96


def test_in_short_the_tests_are_left_out_and_long_lists_cut():
    many = replace(COVERAGE, apps=(App("blog", (NEVER,) * 25),), late=COVERAGE.late * 25)
    shown = render_coverage(many, Display(ascii=True), tests=False).plain
    assert "First called by" not in shown
    assert shown.endswith("\n  ... 5 more")
    assert shown.count("  ... 5 more") == 2
    assert shown.isascii()


def test_nothing_connected_is_said():
    shown = render_coverage(SignalCoverage((), (), 0, (), everyone=True), Display()).plain
    assert shown == "Signal coverage · no receivers are connected"


def test_data_is_escaped():
    odd = replace(NEVER, receiver="blog.[red]\x1b[0m", file="a\nb.py")
    shown = render_coverage(replace(COVERAGE, apps=(App("b", (odd,)),)), Display()).plain
    assert "[red]\\x1b[0m" in shown
    assert "a\\x0ab.py:12" in shown


def test_markdown():
    assert (
        render_markdown(COVERAGE)
        == """\
## sigtrace: signal coverage

**50.0 %** · 1 of 2 own receivers called
- 1 receiver in test files not counted
- calls may be missing: lines could not be read: 1.jsonl

### Apps

| App | Receivers | Called | % |
| --- | --- | --- | --- |
| audit | 1 | 1 | 100.0 |
| blog | 1 | 0 | 0.0 |

### Never called

| Receiver | Signal | Sender | Where |
| --- | --- | --- | --- |
| `blog.signals.never` | `post_save` | `blog.Tag` | blog/signals.py:12 |

### Called, but connected after django.setup(): not counted

| Receiver | Signal | Where | Calls |
| --- | --- | --- | ---: |
| `blog.late.heard` | `post_save` | blog/late.py:4 | 7 |

### First called by

| Receiver | Signal | Sender | Where | Calls | Test |
| --- | --- | --- | --- | ---: | --- |
| `audit.log` | `post_save` | any: `blog.Article` 1,200, `none` 1 | audit/log.py:3 | 1,201 \
| `blog/tests.py::ArticleTests::test_slug` |
"""
    )


def test_json():
    found = json.loads(render_json(COVERAGE, "sigtrace report --coverage"))
    assert (found["schema"], found["percent"], found["connected"], found["called"]) == (1, 50, 2, 1)
    assert (found["muted"], found["in_tests"]) == (2, 1)
    (late,) = found["late"]
    assert late == {
        "receiver": "blog.late.heard",
        "signal": POST_SAVE,
        "file": "blog/late.py",
        "line": 4,
        "calls": 7,
    }
    assert found["apps"][1] == {"app": "blog", "percent": 0.0, "connected": 1, "called": 0}
    log, never = found["receivers"]
    assert log["senders"] == [
        {"sender": "blog.Article", "calls": 1200},
        {"sender": None, "calls": 1},
    ]
    assert never == {
        "app": "blog",
        "receiver": "blog.signals.never",
        "signal": POST_SAVE,
        "sender": "blog.Tag",
        "file": "blog/signals.py",
        "line": 12,
        "calls": 0,
        "test": None,
    }
