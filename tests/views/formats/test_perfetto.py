"""Chrome trace events by the rules of those who import them."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from django.dispatch import Signal

from sigtrace.analysis.choice import Choice
from sigtrace.reader import Damage, open_runs
from sigtrace.views.formats.exports import Wanted, export
from tests.factories import article_save, begin, end, process, registered, write


def events(run, values="none"):
    text = "".join(
        export(open_runs([run], run), "perfetto", Wanted(values), Damage(), lambda _: None)
    )
    found = json.loads(text)
    assert found["displayTimeUnit"] == "ms"
    return found["traceEvents"]


def ns(us):
    """As Perfetto reads a time: microseconds, cut off after nanoseconds."""
    return int(us * 1000)


def check_nesting(found):
    """Complete events of one track lie within each other or apart."""
    tracks = defaultdict(list)
    for event in found:
        if event["ph"] == "X":
            tracks[event["pid"], event["tid"]].append(event)
    for track in tracks.values():
        # As importers sort: by time, in the order of the file where that is equal.
        open_until = []
        for event in sorted(track, key=lambda event: ns(event["ts"])):
            begun, ended = ns(event["ts"]), ns(event["ts"]) + ns(event["dur"])
            while open_until and open_until[-1] <= begun:
                open_until.pop()
            assert not open_until or ended <= open_until[-1], event
            open_until.append(ended)
    return tracks


def check_async(found):
    """Async events are balanced by category and id, and nest."""
    trees = defaultdict(list)
    for event in sorted((e for e in found if e["ph"] in "be"), key=lambda e: ns(e["ts"])):
        stack = trees[event["cat"], event["id"]]
        if event["ph"] == "b":
            stack.append(event["name"])
        else:
            assert stack.pop() == event["name"]
    assert not any(trees.values())


def check_flows(found, tracks):
    """A flow begins and ends within a complete event of its track."""
    flows = defaultdict(list)
    for event in found:
        if event["ph"] in "sf":
            flows[event["id"]].append(event)
    for start, finish in flows.values():
        assert (start["ph"], finish["ph"], finish["bp"]) == ("s", "f", "e")
        assert (start["cat"], start["name"]) == (finish["cat"], finish["name"])
        for event in (start, finish):
            assert any(
                ns(slice_["ts"]) <= ns(event["ts"]) <= ns(slice_["ts"]) + ns(slice_["dur"])
                for slice_ in tracks[event["pid"], event["tid"]]
            )
    return list(flows.values())


def check(found):
    named = {(e["pid"], e["tid"]) for e in found if e["ph"] == "M" and e["name"] == "thread_name"}
    for event in found:
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] != "M":
            assert (event["pid"], event["tid"]) in named
            assert event["name"]
            assert event["cat"]
            assert event["ts"] >= 0
    tracks = check_nesting(found)
    check_async(found)
    return check_flows(found, tracks)


def test_the_demo_by_the_rules_of_importers(site):
    assert site.sigtrace("run", "--no-live", "manage.py", "demo").returncode == 0
    done = site.sigtrace("report", "--format", "perfetto")
    found = json.loads(done.stdout)["traceEvents"]
    flows = check(found)
    assert [start["name"] for start, _ in flows].count("on_commit") == 2  # newsletters that ran
    assert "demo: Hello" not in done.stdout
    names = [event["name"] for event in found if event["ph"] == "b"]
    # Django 4.2 has no async receivers.
    assert names.count("ping_subscribers") == (4 if hasattr(Signal, "asend") else 0)
    assert "atomic committed" in names
    assert "atomic rolled back" in names
    (discarded,) = [event for event in found if event["ph"] == "i"]
    assert discarded["name"] == "send_newsletter"
    assert {e["args"]["name"] for e in found if e["ph"] == "M"} >= {"manage.py demo", "MainThread"}


def test_a_chain_nests_by_its_times(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), *article_save("1"))
    found = events(tmp_path)
    check(found)
    assert [e["name"] for e in found if e["ph"] == "X"][:3] == [
        "Article.save()",
        "pre_save",
        "generate_slug",
    ]
    slug = next(e for e in found if e["name"] == "generate_slug")
    assert slug["args"]["changes"] == {"slug": None}
    assert slug["args"]["file"] == "blog/signals.py"


def test_what_overlaps_on_a_thread_is_asynchronous(tmp_path):
    receivers = [
        end("receiver", f"1-{n}", "1-1", at=n, ms=5, mode="async", name=f"a.r{n}") for n in (2, 3)
    ]
    query = end("query", "1-4", "1-2", at=3, ms=1)
    other = [end("query", "1-11", "1-10", at=4, ms=1), end("save", "1-10", at=2.5, ms=8)]
    later = end("save", "1-20", at=30)
    write(
        tmp_path / "1.jsonl",
        process("1"),
        query,
        *receivers,
        end("send", "1-1", ms=10),
        *other,
        later,
    )
    found = events(tmp_path)
    check(found)
    groups = {e["name"]: e["id"] for e in found if e["ph"] == "b"}
    assert groups == {
        "r2": "1-2",
        "INSERT blog_article": "1-10",
        "r3": "1-3",
        "Article.save()": "1-10",
    }
    assert [e["name"] for e in found if e["ph"] == "X"] == ["post_save", "Article.save()"]


def test_what_overlaps_below_an_async_receiver_is_apart_from_it(tmp_path):
    def call(number, parent, at, ms):
        both = {"mode": "async", "name": f"a.r{number}"}
        return [
            end("receiver", f"1-{number}1", f"1-{number}0", at=at, ms=ms, **both),
            end("send", f"1-{number}0", parent, at=at, ms=ms, name=f"s{number}"),
        ]

    write(
        tmp_path / "1.jsonl",
        process("1"),
        *call(2, "1-11", at=2, ms=6),
        *call(3, "1-11", at=3, ms=6),
        *call(4, "1-11", at=10, ms=1),
        *call(1, None, at=0, ms=20),
    )
    found = events(tmp_path)
    check(found)
    groups = {e["name"]: e["id"] for e in found if e["ph"] == "b"}
    assert groups == {
        **dict.fromkeys(("r1", "s2", "r2", "s4", "r4"), "1-11"),
        **dict.fromkeys(("s3", "r3"), "1-30"),
    }


def test_threads_and_processes_have_tracks_of_their_own(tmp_path):
    lines = [
        end("receiver", "7-2", "7-1", at=1, ms=3, thread="worker"),
        end("send", "7-1", ms=9, thread="MainThread"),
    ]
    write(tmp_path / "7.jsonl", process("7"), *lines)
    write(tmp_path / "7-2.jsonl", process("7-2"), end("save", "7-2-1", thread="MainThread"))
    found = events(tmp_path)
    ((start, finish),) = check(found)
    assert start["tid"] != finish["tid"]
    pids = {e["pid"] for e in found if e["ph"] == "X"}
    assert len(pids) == 2
    assert 7 in pids


def test_a_flow_leads_from_a_registration_to_its_run(tmp_path):
    lines = [
        registered("1-3", "1-2", at=2),
        end("receiver", "1-2", "1-1", at=1, ms=3),
        end("send", "1-1", ms=9),
        end("on_commit", "1-3", at=20, registered_by="1-2"),
        registered("1-13", "1-12", at=32),
        end("receiver", "1-12", "1-11", at=31, ms=3),
        end("send", "1-11", at=30, ms=9),
        end("on_commit", "1-13", at=50, discarded=True, ms=0),
    ]
    write(tmp_path / "1.jsonl", process("1"), *lines)
    ((start, finish),) = check(events(tmp_path))
    assert finish["ts"] - start["ts"] == pytest.approx(18_000)


def test_of_chosen_chains_only_their_own_blocks(tmp_path):
    def chain(number, name):
        save, inner, outer, around = (f"1-{number}{n}" for n in range(4))
        at = 100 * number
        return [
            end("transaction", inner, save, at, name="inner", transaction=outer),
            end("save", save, at=at, name=name, transaction=outer),
            end("transaction", outer, at=at, name="outer", transaction=around),
            end("transaction", around, at=at, name="around"),
        ]

    write(tmp_path / "1.jsonl", process("1"), *chain(1, "A.save()"), *chain(2, "B.save()"))

    def blocks(*root):
        wanted = Wanted("none", choice=Choice(root=root))
        text = "".join(
            export(open_runs([tmp_path], tmp_path), "perfetto", wanted, Damage(), lambda _: None)
        )
        found = json.loads(text)["traceEvents"]
        check(found)
        return sorted(event["id"] for event in found if event["ph"] == "b")

    assert blocks("B.*") == ["1-21", "1-22", "1-23"]
    assert blocks("C.*") == []
    assert len(blocks()) == 6


def test_what_never_ended_lasts_as_long_as_what_is_below_it(tmp_path):
    lines = [
        begin("send", "1-1"),
        begin("receiver", "1-2", "1-1", at=1),
        end("query", "1-3", "1-2", at=2, ms=5, thread="MainThread"),
    ]
    write(tmp_path / "1.jsonl", process("1"), *lines)
    found = events(tmp_path)
    check(found)
    spans = {e["name"]: (e["ph"], e["tid"], round(e["dur"])) for e in found if "dur" in e}
    assert spans == {
        "post_save": ("X", 1, 7000),
        "notify_about_article": ("X", 1, 6000),
        "INSERT blog_article": ("X", 1, 5000),
    }


def test_what_never_ended_and_several_runs(tmp_path):
    for name in ("a", "b"):
        write(
            tmp_path / name / "1.jsonl",
            process("1"),
            begin("save", "1-1", scope=None),
            begin("send", "1-2", "1-1"),
        )
    runs = open_runs([tmp_path / "a", tmp_path / "b"], tmp_path)
    text = "".join(export(runs, "perfetto", Wanted("none"), Damage(), lambda _: None))
    found = json.loads(text)["traceEvents"]
    check(found)
    assert "thread not known" in {e["args"]["name"] for e in found if e["name"] == "thread_name"}
    assert [e["args"]["unfinished"] for e in found if e["ph"] == "X"] == [True] * 4
    assert len({e["pid"] for e in found}) == 2
