"""The file: what it looks like, what survives an update, and what is refused."""

from __future__ import annotations

import re

import pytest

from sigtrace.analysis.baseline import Baseline, Entry, parse, render, updated
from sigtrace.errors import SigtraceError

POST_SAVE = "django.db.models.signals.post_save"
HEADING = (
    "# sigtrace baseline 1: receivers that are meant to be connected, "
    "written by: sigtrace check --update"
)
TEXT = f"""{HEADING}
# for the tests of the shop
settings=config.settings.ci
import=urls
import=shop.tasks

{POST_SAVE} * audit.receivers.log uid=audit async ×2 package=django-audit  # reason: SOC2, @sec
# Billing, ask Jo first

{POST_SAVE} blog.Article blog.signals.notify
{POST_SAVE} blog.Comment blog.signals.notify
# the end
"""


def entry(receiver="blog.signals.notify", sender="blog.Article", **fields):
    return Entry(POST_SAVE, sender, receiver, **fields)


def entries(baseline):
    return [line.entry for line in baseline.lines]


def test_a_file_is_read():
    found = parse(TEXT, "sigtrace.baseline")
    assert found.settings == "config.settings.ci"
    assert found.imports == ("urls", "shop.tasks")
    assert entries(found) == [
        Entry(POST_SAVE, "*", "audit.receivers.log", "audit", True, 2, "django-audit"),
        entry(),
        entry(sender="blog.Comment"),
    ]
    assert [line.number for line in found.lines] == [7, 10, 11]


def test_what_is_read_is_written():
    assert render(parse(TEXT, "x")) == TEXT


def test_a_new_file_has_a_heading_settings_and_sorted_lines():
    found = [entry("b.f"), entry("a.f"), entry("a.f", sender="*")]
    new = updated(Baseline(), "config.settings", ("urls",), found, ordered=False)
    assert render(new).splitlines() == [
        HEADING,
        "settings=config.settings",
        "import=urls",
        "",
        f"{POST_SAVE} * a.f",
        f"{POST_SAVE} blog.Article a.f",
        f"{POST_SAVE} blog.Article b.f",
    ]


def test_comments_stay_with_their_lines_when_others_come_and_go():
    old = parse(TEXT, "x")
    found = [entry(), entry("a.first"), entry("a.first", sender="z.Last")]
    text = render(updated(old, "config.settings", (), found, ordered=False))
    assert text.splitlines() == [
        HEADING,
        "# for the tests of the shop",
        "settings=config.settings",
        "",
        f"{POST_SAVE} blog.Article a.first",
        "# Billing, ask Jo first",
        "",
        f"{POST_SAVE} blog.Article blog.signals.notify",
        f"{POST_SAVE} z.Last a.first",
        "# the end",
    ]


def test_a_comment_above_a_line_that_goes_is_kept():
    text = render(updated(parse(TEXT, "x"), "s", (), [], ordered=False))
    assert text.splitlines()[4:] == ["# Billing, ask Jo first", "", "# the end"]
    assert "SOC2" not in text


def test_updating_twice_changes_nothing():
    old = parse(TEXT, "x")
    new = updated(old, old.settings, old.imports, entries(old), ordered=False)
    assert render(new) == TEXT
    assert render(parse(render(new), "x")) == TEXT


def test_an_ordered_file_keeps_the_order_of_the_calls():
    found = [entry("z.first"), entry("a.second")]
    text = render(updated(Baseline(), "s", (), found, ordered=True))
    again = parse(text, "x")
    assert again.ordered
    assert entries(again) == found
    assert entries(updated(again, "s", (), found, ordered=False)) == found[::-1]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (entry("a b.<lambda>"), f'{POST_SAVE} blog.Article "a b.<lambda>"'),
        (entry("m.Outer.f.<locals>.g"), f"{POST_SAVE} blog.Article m.Outer.f.<locals>.g"),
        (entry(sender="'a sender'"), f"{POST_SAVE} \"'a sender'\" blog.signals.notify"),
        (entry(sender="#hash"), f'{POST_SAVE} "#hash" blog.signals.notify'),
        (entry(sender='say "x"'), f'{POST_SAVE} "say \\"x\\"" blog.signals.notify'),
        (entry(sender="über.Änderung"), f"{POST_SAVE} über.Änderung blog.signals.notify"),
        (entry(sender="a\u202eb\n"), f'{POST_SAVE} "a\\u202eb\\n" blog.signals.notify'),
        (entry(uid="7"), f"{POST_SAVE} blog.Article blog.signals.notify uid=7"),
        (entry(package="?"), f"{POST_SAVE} blog.Article blog.signals.notify package=?"),
    ],
)
def test_any_name_is_one_word_and_comes_back(found, line):
    assert str(found) == line
    (read,) = parse(f"{HEADING}\n{line}\n", "x").lines
    assert read.entry == found


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (f'{POST_SAVE} a f uid="audit"', Entry(POST_SAVE, "a", "f", "audit")),
        (f'{POST_SAVE} a f uid="7"', Entry(POST_SAVE, "a", "f", '"7"')),
        (f"{POST_SAVE}  a\t f   async x3", Entry(POST_SAVE, "a", "f", "", True, 3)),
    ],
)
def test_what_is_typed_by_hand_means_the_same(line, meant):
    assert entries(parse(f"{HEADING}\n{line}", "x")) == [meant]


def test_the_same_line_from_two_branches_is_one():
    line = f"{POST_SAVE} a f"
    text = f"{HEADING}\n{line}\n# why\n{line}\n{POST_SAVE} b f\n"
    found = parse(text, "x")
    assert len(found.lines) == 2
    assert "# why" in render(found)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("", "x is no baseline", "--update"),
        ("post_save a b\n", "x is no baseline", "--update"),
        ("# sigtrace baseline 2: …\n", "newer sigtrace", "Upgrade"),
        (f"{HEADING}\n<<<<<<< HEAD\n", "x:2: a merge was not finished", "--update"),
        (f"{HEADING}\n=======\n", "x:2: a merge was not finished", "--update"),
        (f"{HEADING}\n\na b\n", "x:3: it names no signal, sender and receiver", "x"),
        (f"{HEADING}\na b c uuid=3\n", "x:2: 'uuid=' means nothing here", "x"),
        (f"{HEADING}\na b c ×0\n", "x:2: '×0' means nothing here", "x"),
        (f"{HEADING}\nsetings=x\n", "x:2: setings= means nothing here", "x"),
        (f'{HEADING}\n"a b c\n', "x:2: a quote is not closed", "x"),
    ],
)
def test_what_is_no_baseline_is_said_in_one_sentence(text, said, hint):
    with pytest.raises(SigtraceError, match=re.escape(said)) as error:
        parse(text, "x")
    assert error.value.exit_status == 2
    assert hint in error.value.hint or hint == "x"
    assert error.value.hint
