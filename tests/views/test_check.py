"""A check on the screen, in any width and encoding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sigtrace.analysis.check import Result
from sigtrace.analysis.rules import RULES, File, Finding
from sigtrace.views.check import render_check, summary
from sigtrace.views.display import Display

FILE = File("sigtrace.baseline", "sigtrace.baseline", "sigtrace check --update")
UNEXPECTED = Finding(
    RULES["E001"],
    "post_save blog.Article → search.receivers.update_index is not in sigtrace.baseline",
    FILE.intended,
    "search/receivers.py",
    8,
    ("connected in search/apps.py:9, in ready() of search", "called after blog.receivers.notify"),
    sign="+",
)
MISSING = Finding(
    RULES["E002"], "a any sender → b is gone", FILE.intended, "sigtrace.baseline", 3, sign="-"
)
WARNING = Finding(RULES["W011"], "[bold]x[/] \x1b[31m ignores nothing", "Remove it.")


def result(*findings: Finding, **fields: Any):
    given: dict[str, Any] = {"receivers": 3, "known": 2, "unchanged": 2, "ignored": 0, **fields}
    return Result(FILE, "/project", findings=findings, **given)


def show(found: Result, display: Display, *, strict: bool = False):
    lines = render_check(found, display, strict=strict).plain.split("\n")
    return [line.rstrip() for line in lines]


def test_a_file_has_whole_lines():
    assert show(result(UNEXPECTED, MISSING, WARNING), Display()) == [
        "sigtrace check · 3 receivers, sigtrace.baseline has 2",
        "",
        "  + sigtrace.E001  post_save blog.Article → search.receivers.update_index is not in sigtrace.baseline",
        "      search/receivers.py:8 · connected in search/apps.py:9, in ready() of search · called after blog.receivers.notify",
        "",
        "  – sigtrace.E002  a any sender → b is gone",
        "      sigtrace.baseline:3",
        "",
        "  ! sigtrace.W011  [bold]x[/] \\x1b[31m ignores nothing",
        "      Remove it.",
        "",
        "2 errors (1 unexpected, 1 missing), 1 warning (1 unused ignore), 2 unchanged.",
        "Intended? sigtrace check --update, and commit sigtrace.baseline",
    ]


def test_a_narrow_terminal_without_unicode():
    shown = show(result(UNEXPECTED, MISSING), Display(width=60, crop=True, ascii=True))
    assert shown[2:11] == [
        "  + sigtrace.E001  post_save blog.Article ->",
        "      search.receivers.update_index is not in",
        "      sigtrace.baseline",
        "      search/receivers.py:8 - connected in search/apps.py:9,",
        "      in ready() of search - called after",
        "      blog.receivers.notify",
        "",
        "  - sigtrace.E002  a any sender -> b is gone",
        "      sigtrace.baseline:3",
    ]
    assert all(line.isascii() and len(line) <= 60 for line in shown)


def test_installed_files_begin_at_their_package():
    place = "/venv/lib/python3.11/site-packages/lib/apps.py"
    found = replace(UNEXPECTED, file=place, details=(f"connected in {place}:9, in ready()",))
    assert show(result(found), Display())[3] == (
        "      lib/apps.py:8 · connected in lib/apps.py:9, in ready()"
    )


def test_warnings_alone_say_when_they_fail():
    assert show(result(WARNING), Display())[-1].endswith("Warnings fail with --strict only.")
    assert not show(result(WARNING), Display(), strict=True)[-1].endswith("only.")


def test_numbers_are_counted_by_rule():
    found = result(UNEXPECTED, UNEXPECTED, WARNING, ignored=3, unchanged=1204)
    assert summary(found) == (
        "2 errors (2 unexpected), 1 warning (1 unused ignore), 3 findings ignored, 1,204 unchanged"
    )


def test_a_run_is_named():
    shown = show(result(run="20260101T000000Z-1-abc"), Display())
    assert shown[0] == (
        "sigtrace check · run 20260101T000000Z-1-abc called 3 receivers, sigtrace.baseline has 2"
    )
    assert shown[-1] == "All as sigtrace.baseline has it: 2 unchanged."
