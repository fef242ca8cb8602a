"""Data as text."""

from __future__ import annotations

import pytest

from sigtrace.views.text import clean, milliseconds, place, plural, quoted, short


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("blog.signals.generate_slug", "generate_slug"),
        ("blog.search.Index.update", "Index.update"),
        ("blog.apps.BlogConfig.ready.<locals>.on_save", "on_save"),
        ("blog.signals.<lambda>", "<lambda>"),
        ("blog.bus.<Signal at blog/bus.py:5>", "<Signal at blog/bus.py:5>"),
        ("<Signal at blog/bus.py:5>", "<Signal at blog/bus.py:5>"),
        ("console.<Signal at <console>:1>", "<Signal at <console>:1>"),
        ("alone", "alone"),
        ("", ""),
    ],
)
def test_short(path, name):
    assert short(path) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "'plain'"),
        ("blog.Article pk=7", "blog.Article pk=7"),
        ("<QuerySet blog.Article>", "<QuerySet blog.Article>"),
        ("***", "***"),
        ("a\nb", "'a\\nb'"),
        ("\u202e", "'\\u202e'"),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        ([1, "x"], '[1, "x"]'),
    ],
)
def test_quoted(value, text):
    assert quoted(value) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0.0 ms"),
        (400, "0.01 ms"),
        (94_000, "0.09 ms"),
        (99_000, "0.1 ms"),
        (6_700_000, "6.7 ms"),
        (9_999_900_000, "9999.9 ms"),
        (12_345_000_000, "12.35 s"),
    ],
)
def test_milliseconds(ns, text):
    assert milliseconds(ns) == text


def test_place():
    assert place("blog/signals.py", 12) == "blog/signals.py:12"
    assert place("/venv/lib/python3.11/site-packages/pkg/x.py", 3) == "pkg/x.py:3"
    assert place("<ipython-input-4-b846b381984a>", 1) == "In[4]:1"
    assert place("<console>", 1) == "<console>:1"
    assert place(None, 3) == ""
    assert place("a\nb", None) == "a\\x0ab"


def test_plural():
    assert plural(1, "query", "queries") == "1 query"
    assert plural(1204, "chain") == "1,204 chains"


def test_clean_keeps_letters_of_every_language():
    assert clean("日本語 é ы שלום") == "日本語 é ы שלום"
