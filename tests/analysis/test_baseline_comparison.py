"""What differs from a baseline, by entries alone."""

from __future__ import annotations

from typing import Any

from sigtrace.analysis.baseline import (
    Baseline,
    Called,
    Connected,
    Entry,
    Line,
    called,
    compare,
    compare_called,
    connected,
)
from sigtrace.analysis.check import check_called
from sigtrace.analysis.rules import File
from sigtrace.analysis.rules.ignores import read_glob
from sigtrace.inspection import Connection, Connector, Place, Receiver, Sender
from tests.factories import begin, end

POST_SAVE = "django.db.models.signals.post_save"


def connection(receiver="blog.signals.f", sender=None, **fields: Any):
    place = fields.pop("place", Place("blog/signals.py", 3, "own"))
    found = Receiver(receiver, "function", place)
    listens = Sender("model", sender) if sender else Sender("any")
    return Connection(POST_SAVE, found, listens, **fields)


def baseline(*entries: Entry):
    return Baseline(lines=tuple(Line(entry, number) for number, entry in enumerate(entries, 1)))


def live(*entries: Entry):
    return [Connected(entry, (connection(),)) for entry in entries]


def entry(receiver="f", **fields: Any):
    return Entry(POST_SAVE, "blog.Article", receiver, **fields)


def test_connections_become_entries():
    package = Place("/v/site-packages/lib.py", 1, "third-party", "Lib", "1.0")
    found = connected(
        [
            connection(sender="blog.Article", dispatch_uid="x", is_async=True),
            connection("lib.f", place=package),
            connection("lost.f", place=Place("/elsewhere.py", 1, "third-party")),
            connection("django.f", place=Place("django/x.py", 1, "django")),
        ]
    )
    assert [str(one.entry) for one in found] == [
        f"{POST_SAVE} blog.Article blog.signals.f uid=x async",
        f"{POST_SAVE} * lib.f package=Lib",
        f"{POST_SAVE} * lost.f package=?",
    ]


def test_what_is_written_in_c_is_whose_connected_it():
    at = Connector("django/x.py", 1, "django", "connect")
    own = Connector("blog/x.py", 1, "own", "connect")
    places = [connection("builtins.print", place=Place(), connected_at=c) for c in (at, own)]
    assert len(connected(places)) == 1


def test_a_signal_without_a_name_has_no_line_number():
    place = Place("blog/x.py", 1, "own")
    receiver = Receiver("blog.f", "function", place)
    found = connected([Connection("blog.x.<Signal at blog/x.py:12>", receiver, Sender("any"))])
    assert str(found[0].entry) == "blog.x.<Signal> * blog.f"


def test_equal_connections_are_counted():
    (found,) = connected([connection(), connection()])
    assert found.entry.count == 2
    assert len(found.connections) == 2


def test_equal_sets_do_not_differ_whatever_their_order():
    found = compare(baseline(entry("a"), entry("b")), live(entry("b"), entry("a")))
    assert (found.unexpected, found.missing, found.changed, found.unchanged) == ((), (), (), 2)


def test_what_is_new_and_what_is_gone():
    found = compare(baseline(entry("a"), entry("b")), live(entry("b"), entry("c")))
    assert [one.entry.receiver for one in found.unexpected] == ["c"]
    assert [line.entry.receiver for line in found.missing] == ["a"]
    assert found.unchanged == 1


def test_another_uid_mode_or_number_is_one_difference():
    before = baseline(entry("uid"), entry("mode"), entry("count"), entry("fewer", count=3))
    now = live(entry("uid", uid="x"), entry("mode", is_async=True), entry("count", count=2))
    found = compare(before, [*now, *live(entry("fewer", count=2))])
    assert not found.unexpected
    assert not found.missing
    pairs = {(one.before.entry.receiver, one.now.entry.receiver) for one in found.changed}
    assert pairs == {(name, name) for name in ("uid", "mode", "count", "fewer")}


def test_another_package_is_no_difference():
    assert compare(baseline(entry(package="a")), live(entry(package="b"))).unchanged == 1


def call(receiver="blog.signals.f", sender="blog.Article", signal=POST_SAVE, origin="own"):
    return Called(Entry(signal, sender, receiver), origin, "blog/signals.py", 3)


def test_calls_of_known_receivers_are_known():
    known = baseline(
        Entry(POST_SAVE, "*", "a.f"),
        Entry(POST_SAVE, "blog.Article", "b.f"),
        Entry(POST_SAVE, "'a name'", "c.f"),
        Entry(POST_SAVE, "int 3", "e.f"),
    )
    strange = [
        call("a.f", signal="x.other"),
        call("b.f", "blog.Comment"),
        call("c.f", "'b name'"),
        call("e.f", "int 4"),
        call("d.f"),
        call("b.f", sender="", signal="pre_save"),
    ]
    fine = [
        call("a.f", "any.Thing"),
        call("b.f"),
        call("c.f", "'a name'"),
        call("c.f", "<str>"),
        call("e.f", "<int>"),
        call("b.f", sender="", signal="post_save"),
    ]
    assert compare_called(known, [*fine, *strange]) == strange


def test_spans_of_receivers_are_calls_each_once():
    events = [
        end("receiver", "1-2", "1-1", receiver="a.f", sender="blog.Article"),
        end("receiver", "1-3", "1-1", receiver="a.f", sender="blog.Article"),
        end("receiver", "1-4", "1-1", receiver="django.f", origin="django"),
        end("send", "1-1"),
        begin("send", "1-5", name="post_save"),
        begin("receiver", "1-6", "1-5", name="b.f", file="b.py", line=1),
        begin("receiver", "1-7", "1-5", name="django.g", file="/d.py", line=1),
        begin("receiver", "1-8", "1-5", name="a.f"),
        end("receiver", "1-8", "1-5", receiver="a.f", sender="blog.Article"),
    ]
    assert [(one.entry.signal, one.entry.sender, one.entry.receiver) for one in called(events)] == [
        (POST_SAVE, "blog.Article", "a.f"),
        ("post_save", "", "b.f"),
    ]


def test_a_run_of_a_package_is_as_strict_as_the_project_says():
    file = File("sigtrace.baseline", "sigtrace.baseline", "sigtrace check --update")
    events = [
        end("receiver", "1-1", receiver="a.f", sender="blog.Article"),
        end("receiver", "1-2", receiver="lib.f", sender="blog.Article", origin="third-party"),
    ]

    def found(third_party: str, *globs: str):
        ignored = tuple(read_glob(text, "x") for text in globs)
        result = check_called("r", "/p", events, Baseline(), file, third_party, ignored)
        return [(one.rule.id, one.severity) for one in result.findings]

    assert found("fail") == [("E001", "error"), ("E012", "error")]
    assert found("warn") == [("E001", "error"), ("E012", "warning")]
    assert found("off") == [("E001", "error")]
    assert found("fail", "E001:a.*") == [("E012", "error")]
