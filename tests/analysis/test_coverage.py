"""Which connections were called, by whom first, added up over processes and runs."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from sigtrace.analysis.coverage import Late, measure
from sigtrace.analysis.filters import Selection
from sigtrace.errors import SigtraceError
from sigtrace.reader import open_runs
from tests.factories import begin, counts, end, process, scope, write

POST_SAVE = "django.db.models.signals.post_save"
TEST = {"kind": "test"}
PLACE: dict[str, Any] = {"file": "blog/signals.py", "line": 5}


def connect(run, *receivers, **fields):
    usual = {"sender": "blog.Article", "origin": "own"} | PLACE
    described = [usual | receiver for receiver in receivers]
    known = {
        "signals": [{"signal": POST_SAVE, "receivers": described}],
        "apps": ["blog", "blog.sub"],
    }
    run.mkdir(parents=True, exist_ok=True)
    (run / "receivers.json").write_text(json.dumps(known | fields))


def call(span_id, receiver, sender="blog.Article", at=0.0, parent=None, **fields):
    names = {"name": receiver, "receiver": receiver, "signal": POST_SAVE, "sender": sender}
    return end("receiver", span_id, parent, at, **names | PLACE | fields)


def covered(*runs, **selection):
    return measure(open_runs(runs, runs[0]), Selection(**selection))


def rows(*runs, **selection):
    return {(row.receiver, row.sender): row for row in covered(*runs, **selection).rows}


def test_a_connection_is_called_or_not(tmp_path):
    connect(tmp_path, {"receiver": "blog.a"}, {"receiver": "blog.b"}, {"receiver": "blog.sub.c"})
    write(tmp_path / "1.jsonl", process("1"), call("1-1", "blog.a"), call("1-2", "blog.sub.c"))
    found = covered(tmp_path)
    assert (found.called, found.connected, found.percent) == (2, 3, 66.6)
    assert [(app.name, app.called, len(app.rows)) for app in found.apps] == [
        ("blog", 1, 2),
        ("blog.sub", 1, 1),
    ]
    assert [(row.receiver, row.file, row.line) for row in found.rows if not row.calls] == [
        ("blog.b", "blog/signals.py", 5)
    ]
    assert found.reaches(66.6)
    assert not found.reaches(66.7)


def test_each_sender_counts_and_any_sender_once(tmp_path):
    connect(
        tmp_path,
        *({"receiver": "blog.a", "sender": sender} for sender in ("blog.Tag", "blog.Article")),
        {"receiver": "blog.any", "sender": None},
    )
    write(
        tmp_path / "1.jsonl",
        process("1"),
        call("1-1", "blog.a"),
        *(call(f"1-{n}", "blog.any", sender) for n, sender in enumerate(("x.A", "x.B", "x.B"), 2)),
    )
    found = rows(tmp_path)
    assert len(found) == 3
    assert found["blog.a", "blog.Tag"].calls == 0
    assert found["blog.a", "blog.Article"].calls == 1
    assert found["blog.any", None].senders == (("x.B", 2), ("x.A", 1))


def test_receivers_of_one_name_are_told_by_their_lines(tmp_path):
    name = "blog.apps.Blog.ready.<locals>.<lambda>"
    connect(tmp_path, {"receiver": name, "line": 5}, {"receiver": name, "line": 6})
    write(tmp_path / "1.jsonl", process("1"), call("1-1", name, line=6), call("1-2", name, line=9))
    found = covered(tmp_path)
    assert [(row.line, row.calls) for row in found.rows] == [(5, 0), (6, 1)]
    assert [(late.line, late.calls) for late in found.late] == [(9, 1)]
    assert found.doubts == ()


SENDS = {
    "one of two": (2, [[0], [0], [3]], [3, 0], True),
    "none": (2, [], [0, 0], False),
    "both by one send": (2, [[0], [0, 1]], [2, 1], False),
    # Which of them it was is not known: another test disconnects another one.
    "one at a time": (2, [[0], [1]], [2, 0], True),
    "called twice by one send": (2, [[0, 0]], [2, 0], True),
    "more than there are": (1, [[0, 1]], [2], False),
}


@pytest.mark.parametrize(("number", "sends", "counts", "doubts"), SENDS.values(), ids=SENDS)
@pytest.mark.parametrize("sender", ["blog.Article", None])
def test_receivers_of_one_line_are_told_by_the_sends_that_call_them(
    tmp_path, sender, number, sends, counts, doubts
):
    numbers = itertools.count(1)
    lines = []
    for places in sends:
        send = f"1-{next(numbers)}"
        lines += [
            call(f"1-{next(numbers)}", "blog.wrapper", parent=send, index=index) for index in places
        ]
        lines.append(end("send", send))
    both = (tmp_path / "a", tmp_path / "b")
    for run in both:
        connect(run, *[{"receiver": "blog.wrapper", "sender": sender}] * number)
        write(run / "1.jsonl", process("1"), *lines)
    # What another run says again is no other connection.
    for runs in (both[:1], both):
        found = covered(*runs)
        assert [row.calls for row in found.rows] == [each * len(runs) for each in counts]
        assert any("blog.wrapper" in doubt for doubt in found.doubts) is doubts


def test_receivers_of_one_line_are_told_by_their_uids(tmp_path):
    uids = ("a", "b", None)
    connect(tmp_path, *({"receiver": "blog.wrapper", "dispatch_uid": uid} for uid in uids))
    lines = [call(f"1-{n}", "blog.wrapper", dispatch_uid=uid) for n, uid in enumerate("bc")]
    write(tmp_path / "1.jsonl", process("1"), *lines)
    assert [row.calls for row in covered(tmp_path).rows] == [0, 2, 0]


def test_what_listens_to_any_sender_and_to_one_is_called_twice(tmp_path):
    both = [{"receiver": "blog.wrapper", "sender": sender} for sender in (None, "blog.Article")]
    connect(tmp_path, *both)
    first = call("1-1", "blog.wrapper", parent="1-9", index=0)
    write(tmp_path / "1.jsonl", process("1"), first)
    assert {sender: row.calls for (_, sender), row in rows(tmp_path).items()} == {
        None: 0,
        "blog.Article": 1,
    }
    write(
        tmp_path / "1.jsonl",
        process("1"),
        first,
        call("1-2", "blog.wrapper", parent="1-9", index=1),
    )
    assert covered(tmp_path).called == 2


def test_senders_that_are_values_count_by_type_whatever_was_recorded_of_them(tmp_path):
    ways = {
        "all": ("'web'", "'app'", "int 3", "blog.Tag pk=7", "blog.Tag"),
        "none": ("<str>", "<str>", "<int>", "<blog.Tag>", "blog.Tag"),
    }
    for name, senders in ways.items():
        run = tmp_path / name
        connect(run, *({"receiver": "blog.a", "sender": sender} for sender in senders))
        write(run / "1.jsonl", process("1"), call("1-1", "blog.a", senders[0]))
    for runs in ((tmp_path / "all",), (tmp_path / "none",), (tmp_path / "all", tmp_path / "none")):
        assert {sender: row.calls for (_, sender), row in rows(*runs).items()} == {
            "<str>": len(runs),
            "<int>": 0,
            "<blog.Tag>": 0,
            "blog.Tag": 0,
        }


def test_a_sender_that_is_a_value_is_chosen_by_its_type(tmp_path):
    connect(tmp_path, {"receiver": "blog.a", "sender": "int 3"}, {"receiver": "blog.b"})
    write(tmp_path / "1.jsonl", process("1"))
    for glob in ("<int>", "int 3"):
        assert [receiver for receiver, _ in rows(tmp_path, sender=(glob,))] == ["blog.a"]


def test_what_an_any_sender_receiver_heard_counts_by_type(tmp_path):
    connect(tmp_path, {"receiver": "blog.any", "sender": None})
    sent = ("x.A pk=1", "x.A pk=2", "'bearer abc'")
    calls = [call(f"1-{n}", "blog.any", sender) for n, sender in enumerate(sent, 1)]
    write(tmp_path / "1.jsonl", process("1"), *calls)
    assert rows(tmp_path)["blog.any", None].senders == (("<x.A>", 2), ("<str>", 1))


def test_an_unknown_sender_is_whoever_another_run_knows(tmp_path):
    senders = {"late": ("<unknown>", "blog.Tag"), "whole": ("'web'", "int 3", "blog.Tag")}
    for name, known in senders.items():
        run = tmp_path / name
        connect(run, *({"receiver": "blog.a", "sender": sender} for sender in known))
        write(run / "1.jsonl", process("1"), call("1-1", "blog.a", "'web'"))
    late = {sender: row.calls for (_, sender), row in rows(tmp_path / "late").items()}
    assert late == {"<unknown>": 1, "blog.Tag": 0}
    both = {
        sender: row.calls
        for (_, sender), row in rows(tmp_path / "late", tmp_path / "whole").items()
    }
    assert both == {"<str>": 2, "<int>": 0, "blog.Tag": 0}


def test_the_first_test_is_the_first_in_time(tmp_path):
    connect(tmp_path / "a", {"receiver": "blog.a"}, {"receiver": "blog.b"})
    connect(tmp_path / "b", {"receiver": "blog.a"})
    write(
        tmp_path / "a" / "1.jsonl",
        process("1"),
        scope("1-1", "t.py::late", **TEST),
        scope("1-2", parent="1-1"),
        call("1-3", "blog.a", at=500, scope="1-2"),
        scope("1-1", "t.py::late", closed=True, **TEST),
        call("1-4", "blog.b", at=600),
    )
    write(
        tmp_path / "a" / "2.jsonl",
        process("2"),
        scope("2-1", "t.py::early", **TEST),
        call("2-2", "blog.a", at=400, scope="2-1"),
    )
    # The same ids in another run are other scopes.
    write(tmp_path / "b" / "1.jsonl", process("1"), call("1-3", "blog.a", at=700, scope="1-2"))
    found = rows(tmp_path / "a", tmp_path / "b")
    assert found["blog.a", "blog.Article"].test == "t.py::early"
    assert found["blog.a", "blog.Article"].calls == 3
    assert found["blog.b", "blog.Article"].test is None


def test_a_test_comes_before_what_no_test_has_called(tmp_path):
    connect(tmp_path, {"receiver": "blog.any", "sender": None})
    write(
        tmp_path / "1.jsonl",
        process("1"),
        call("1-1", "blog.any", "x.A", at=100),
        call("1-2", "blog.any", "x.B", at=100),
        scope("1-3", "t.py::first", **TEST),
        call("1-4", "blog.any", "x.B", at=200, scope="1-3"),
    )
    assert rows(tmp_path)["blog.any", None].test == "t.py::first"


def test_what_migrating_the_test_database_sends_is_not_called_by_the_suite(tmp_path):
    connect(tmp_path, {"receiver": "blog.any", "sender": None}, {"receiver": "blog.new"})
    connected = json.loads((tmp_path / "receivers.json").read_text())
    migrated = "django.db.models.signals.post_migrate"
    of_migrating = {"receiver": "blog.fill", "sender": None, "origin": "own"} | PLACE
    connected["signals"].append({"signal": migrated, "receivers": [of_migrating]})
    (tmp_path / "receivers.json").write_text(json.dumps(connected))
    write(
        tmp_path / "1.jsonl",
        process("1"),
        scope("1-1", "t.py::first", **TEST),
        scope("1-2", "migrate", kind="command", parent="1-1"),
        scope("1-3", "loaddata", kind="command", parent="1-2"),
        call("1-4", "blog.any", "migrations.Migration", scope="1-2"),
        call("1-5", "blog.new", scope="1-3"),
        call("1-6", "blog.fill", "<blog.apps.Blog>", scope="1-2") | {"signal": migrated},
    )
    found = {row.receiver: row for row in covered(tmp_path).rows}
    assert {name: row.calls for name, row in found.items()} == {
        "blog.any": 0,
        "blog.new": 0,
        "blog.fill": 1,
    }


def test_a_receiver_in_which_the_process_died_was_called(tmp_path):
    connect(tmp_path, {"receiver": "blog.a"}, {"receiver": "blog.b"})
    write(
        tmp_path / "1.jsonl",
        process("1"),
        begin("send", "1-1", name="post_save"),
        begin("receiver", "1-2", "1-1", name="blog.a", **PLACE),
    )
    assert covered(tmp_path).called == 1


def test_a_call_that_never_ended_of_a_signal_that_no_module_names(tmp_path):
    nameless = "<Signal at blog/bus.py:5>"
    known = {"receiver": "blog.a", "sender": None, "origin": "own"} | PLACE
    connect(tmp_path, signals=[{"signal": f"blog.bus.{nameless}", "receivers": [known]}])
    write(
        tmp_path / "1.jsonl",
        process("1"),
        begin("send", "1-1", name=nameless),
        begin("receiver", "1-2", "1-1", name="blog.a", **PLACE),
    )
    assert covered(tmp_path).called == 1


def test_only_the_projects_own_count_unless_all_are_asked_for(tmp_path):
    third = {"receiver": "pkg.x", "origin": "third-party"}
    connect(tmp_path, {"receiver": "blog.a"}, third, {"receiver": "dj.y", "origin": "django"})
    write(tmp_path / "1.jsonl", process("1"), call("1-1", "blog.a"))
    assert covered(tmp_path).percent == 100.0
    found = covered(tmp_path, everything=True)
    assert (found.connected, [app.name for app in found.apps]) == (3, ["blog", "dj", "pkg"])
    assert covered(tmp_path, everything=True, receiver=("pkg.*",)).connected == 1


def test_what_tests_connect_before_the_project_is_set_up_does_not_count(tmp_path):
    ways = ("conftest.py", "tests/helpers.py", "blog/testing.py", None)
    named = [{"receiver": f"blog.{n}", "file": file} for n, file in enumerate(ways)]
    djangos = {"receiver": "django.test.x", "origin": "django", "file": "django/test/signals.py"}
    connect(tmp_path, *named, djangos)
    called = [call(f"1-{n}", f"blog.{n}", file=file) for n, file in enumerate(ways)]
    write(tmp_path / "1.jsonl", process("1"), *called)
    found = covered(tmp_path)
    assert [(row.receiver, row.calls) for row in found.rows] == [("blog.2", 1), ("blog.3", 1)]
    assert found.late == ()
    everyone = {row.receiver for row in covered(tmp_path, everything=True).rows}
    assert everyone == {"blog.2", "blog.3", "django.test.x"}


def test_senders_of_equal_counts_stand_by_their_names(tmp_path):
    connect(tmp_path, {"receiver": "blog.any", "sender": None})
    for senders in (("x.B", "x.A", None, "x.C", "x.C"), (None, "x.C", "x.A", "x.C", "x.B")):
        calls = [call(f"1-{n}", "blog.any", sender) for n, sender in enumerate(senders)]
        write(tmp_path / "1.jsonl", process("1"), *calls)
        (row,) = covered(tmp_path).rows
        assert row.senders == (("x.C", 2), (None, 1), ("x.A", 1), ("x.B", 1))


def test_receivers_of_muted_signals_are_not_counted(tmp_path):
    connect(tmp_path, {"receiver": "blog.a"}, muted=[POST_SAVE])
    write(tmp_path / "1.jsonl", process("1"))
    found = covered(tmp_path)
    assert (found.connected, found.muted, found.percent) == (0, 1, 100.0)


def test_what_was_connected_later_is_said_and_not_counted(tmp_path):
    connect(tmp_path, {"receiver": "blog.a"}, {"receiver": "blog.b", "sender": "blog.Tag"})
    late = {"file": "blog/late.py", "line": 4}
    write(
        tmp_path / "1.jsonl",
        process("1"),
        call("1-1", "blog.a"),
        call("1-2", "blog.late", **late),
        call("1-3", "blog.late", "blog.Tag", **late),
        # Known, if not for that sender; of tests; not the project's own.
        call("1-4", "blog.b", "blog.Draft"),
        call("1-5", "blog.own", file="blog/tests.py"),
        call("1-6", "blog.own_too", file="tests/helpers.py"),
        call("1-7", "pkg.x", origin="third-party", file="pkg/x.py"),
    )
    found = covered(tmp_path)
    assert (found.called, found.connected) == (1, 2)
    assert found.late == (Late("blog.late", POST_SAVE, "blog/late.py", 4, 2),)
    assert covered(tmp_path, receiver=("blog.a",)).late == ()
    everyone = covered(tmp_path, everything=True).late
    assert [one.receiver for one in everyone] == ["blog.late", "pkg.x"]


def test_what_may_be_missing_is_a_doubt(tmp_path):
    connect(tmp_path, {"receiver": "blog.a"})
    unseen = counts(dropped=5, unseen={"blog.signals.bus": 1})
    write(tmp_path / "1.jsonl", process("1"), counts(dropped=3), unseen)
    with (tmp_path / "1.jsonl").open("a") as file:
        file.write("{\n")
    assert covered(tmp_path).doubts == (
        "lines could not be read: 1.jsonl",
        "5 spans were not written: the run was full",
        "code of the project's own asked who listens, and may have called them: blog.signals.bus",
    )


def test_without_connections_nothing_can_be_said(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), call("1-1", "blog.a"))
    with pytest.raises(SigtraceError, match=r"receivers\.json is missing"):
        covered(tmp_path)
