"""R001: what fired more than once, and why."""

from __future__ import annotations

from typing import Any

import pytest

from sigtrace.analysis.connected import Registry
from sigtrace.analysis.findings import saves
from tests.factories import end, scope


def save(number, parent=None, at=0.0, heard=True, receiver="blog.signals.a", **fields):
    """A save that one receiver hears: the lines of three spans."""
    root, send, call = (f"1-{number + n}" for n in range(3))
    if heard:
        name = {"name": receiver, "receiver": receiver}
        yield end("receiver", call, send, at=at + 0.2, ms=0.1, **name)
        yield end("send", send, root, at=at + 0.1, ms=0.3, receivers=[receiver])
    yield end("save", root, parent, at=at, ms=1, created=False, **fields)


def in_scope(*chains, closed=True, span_id="1-900", **fields):
    opened = scope(span_id, **fields)
    yield opened
    for lines in chains:
        yield from ({**line, "scope": span_id} for line in lines)
    if closed:
        yield {**opened, "closed": True}


def test_a_row_saved_twice_within_a_request_with_each_place_and_what_differs(find, said):
    (one,) = find(
        "R001",
        *in_scope(
            save(10, row=7, line=12),
            save(20, row=7, line=30, differs=["title"], update_fields=["title"]),
            save(30, row=8),
        ),
    )
    assert said(one) == (
        "one row of blog.Article is saved 2 times within request POST articles/<int:pk>/"
        " and heard each time by blog.signals.a\n"
        "blog/views.py:12\n"
        "blog/views.py:30 · update_fields=title · differs: title"
    )
    assert (one.file, one.line) == ("blog/views.py", 30)
    assert one.evidence == ("1-10", "1-20")
    assert one.show == ("--tree", "--root", "1-10", "--root", "1-20")


def test_requests_are_told_apart_by_the_routes_that_they_got_when_their_rows_were_saved(find):
    lines = []
    for number, route in enumerate(("GET buy/", "GET sell/"), start=1):
        request, saved = f"1-90{number}", (number * 100, number * 100 + 10)
        chains = (save(one, row=7) for one in saved)
        lines += in_scope(*chains, span_id=request, name="GET", closed=False)
        lines.append(scope(request, route, closed=True))
    found = find("R001", *lines)
    assert sorted(one.message[0].partition(" within ")[2] for one in found) == [
        "request GET buy/",
        "request GET sell/",
    ]


def test_a_save_that_changes_nothing_says_so(find, said):
    (one,) = find("R001", *in_scope(save(10, row=7), save(20, row=7, differs=[])))
    assert "nothing differs" in said(one)


@pytest.mark.parametrize(
    "lines",
    [
        [*in_scope(save(10, row=7), save(20, row=8))],
        [*in_scope(save(10, row=7), save(20, row=7, heard=False))],
        [*save(10, row=7), *save(20, row=7)],
        [*in_scope(save(10, row=7), save(20, row=7), kind="test")],
        [*in_scope(save(10, row=7), save(20, row=7), kind="command", name="test")],
        [
            {"event": "prompt", "process": "1"},
            *in_scope(save(10, row=7), save(20, row=7), kind="command"),
        ],
        [*in_scope(save(10, row=7)), *in_scope(save(20, row=7))],
        [*in_scope(save(10, pk=None), save(20, pk=None))],
        [*in_scope(save(10, pk="***"), save(20, pk="***"))],
        [
            *in_scope(
                save(10, pk=7),
                (
                    {**line, **({"created": True} if line["kind"] == "save" else {})}
                    for line in save(20, pk=7)
                ),
            )
        ],
        [*in_scope(save(10, pk=7, model="blog.Article"), save(20, pk=7, model="blog.Tag"))],
    ],
    ids=[
        "other row",
        "unheard",
        "no scope",
        "test",
        "setUpTestData",
        "prompt",
        "two requests",
        "no key",
        "hidden",
        "made anew",
        "other model",
    ],
)
def test_near_misses(find, lines):
    assert find("R001", *lines) == []


def test_without_row_numbers_the_key_tells_rows_apart(find):
    assert len(find("R001", *in_scope(save(10, pk=7), save(20, pk=7)))) == 1


def test_a_row_saved_again_by_its_own_receiver_is_in_one_chain(find, said):
    inner = [*save(20, "1-12", at=0.25, row=7, line=60, model="blog.Draft")]
    outer = [*save(10, row=7, model="blog.Draft")]
    (one,) = find("R001", *inner, *outer)
    assert said(one).startswith("one row of blog.Draft is saved 2 times in one chain")
    assert "blog/views.py:60 in blog.signals.a" in said(one)


def test_rows_saved_from_the_same_places_are_one_finding(find, said):
    lines = [
        line for n in range(5) for line in (save(10 + 10 * n, row=n), save(100 + 10 * n, row=n))
    ]
    (one,) = find("R001", *in_scope(*lines))
    assert said(one).startswith("5 rows of blog.Article are saved 2 times within request")
    assert one.count == 5


@pytest.mark.parametrize("row", [7, None])
def test_a_row_counts_once_for_each_request(find, said, row):
    """Whether it is the same one, also in other processes, is not known."""
    lines = [
        line
        for n in range(12)
        for line in in_scope(
            save(10 + 10 * n, row=row or n),
            save(200 + 10 * n, row=row or n),
            *[save(400 + n, row=row or n)] * (n == 3),
            span_id=f"1-9{n}",
        )
    ]
    (one,) = find("R001", *lines)
    assert said(one).startswith(
        "one row of blog.Article is saved up to 3 times in each of 12 requests POST articles/<"
    )
    assert one.count == 12
    again = in_scope(save(600, row=1), save(610, row=1), save(620, row=2), save(630, row=2))
    (one,) = find("R001", *lines, *again)
    assert said(one).startswith("rows of blog.Article are saved up to 3 times in each of 13 req")


def test_a_row_counts_once_for_each_chain(find, said):
    lines = []
    for n in range(5):
        receiver = f"1-{n}12"
        lines += [*save(int(f"{n}20"), receiver, at=0.25, row=7), *save(int(f"{n}10"), row=7)]
    (one,) = find("R001", *lines[6:])
    assert said(one).startswith("one row of blog.Article is saved 2 times in each of 4 chains")


def test_what_is_remembered_of_a_scope_has_a_limit(find, monkeypatch):
    monkeypatch.setattr(saves, "WINDOW", 3)
    near = in_scope(*(save(10 * n, row=n % 3) for n in range(1, 7)))
    assert find("R001", *near)[0].count == 3
    far = in_scope(*(save(10 * n, row=n % 5) for n in range(1, 11)))
    assert find("R001", *far) == []


def test_receivers_connected_twice_say_where(find, said, connection):
    twice = [end("receiver", f"1-{n}", "1-1", index=n - 2) for n in (2, 3)]
    registry = Registry(
        (connection(), connection(at_line=12, sender=None), connection(sender="a.B"))
    )
    send = end("send", "1-1", repeats={"1": 0})
    (one,) = find("R001", *twice, send, registry=registry)
    assert said(one) == (
        "blog.signals.notify_about_article is called 2 times by one send of post_save: "
        "it is connected 2 times\n"
        "blog/apps.py:9 connects it\n"
        "blog/apps.py:12 connects it to any sender"
    )
    assert (one.file, one.line) == ("blog/signals.py", 24)
    (one,) = find("R001", *twice, send, registry=Registry((connection(),)))
    assert said(one).endswith(
        "blog/apps.py:9 connects it\nconnected once after django.setup(), where is not recorded"
    )
    (one,) = find("R001", *twice, send, registry=Registry((connection(sender="a.B"),)))
    assert said(one).endswith("\nconnected 2 times after django.setup(), where is not recorded")
    (one,) = find("R001", *twice, send)
    assert said(one).endswith("\nconnected 2 times, where is not recorded")


def test_methods_of_two_instances_and_two_products_of_a_factory_are_connected_once_each(find):
    for name in ("a.Field.clean_up", "a.make.<locals>.handler", "a.<lambda>"):
        calls = [end("receiver", f"1-{n}", "1-1", index=n - 2, name=name) for n in (2, 3, 4)]
        assert find("R001", *calls, end("send", "1-1")) == []
        (one,) = find("R001", *calls, end("send", "1-1", repeats={"2": 1}))
        assert one.evidence == ("1-3", "1-4")
    renamed = ("a.make.<locals>.handler", "b.make.<locals>.handler")
    calls = [end("receiver", f"1-{n}", "1-1", name=name) for n, name in enumerate(renamed, 2)]
    assert find("R001", *calls, end("send", "1-1")) == []


def test_a_module_imported_under_two_names_is_connected_twice(find, said):
    other: dict[str, Any] = {"name": "site.blog.signals.notify_about_article"}
    lines = [end("receiver", "1-2", "1-1"), end("receiver", "1-3", "1-1", **other)]
    (one,) = find("R001", *lines, end("send", "1-1"))
    assert "under several names: blog.signals.notify_about_article, site.blog" in said(one)


@pytest.mark.parametrize("other", [{"name": "blog.signals.b"}, {"line": 25}, {"origin": "django"}])
def test_other_receivers_beside_it_are_none(find, other):
    lines = [end("receiver", "1-2", "1-1", **other), end("receiver", "1-3", "1-1")]
    assert find("R001", *lines, end("send", "1-1")) == []
