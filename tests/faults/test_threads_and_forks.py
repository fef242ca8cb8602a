"""Many threads and processes at once: each span once, under its own parent, in its own file."""

from __future__ import annotations

from collections import Counter

import pytest

pytestmark = pytest.mark.once

THREADS, SENDS, FORKS = 8, 10_000, 6

STORM = f"""
import os, threading, warnings
# To fork among threads is what this is about; Python warns of it since 3.12.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
from django.dispatch import Signal, receiver
opened, inner = Signal(), Signal()
@receiver(opened)
def relays(sender, **kwargs):
    if sender % 10 == 0: inner.send(sender)
@receiver(inner)
def heard(**kwargs): pass
def work():
    for number in range({SENDS}): opened.send(number)
def forks():
    # From here the other threads are amid whatever they do, and are not there in the child.
    children = []
    for _ in range({FORKS}):
        child = os.fork()
        if child == 0:
            for number in range(200): opened.send(number)
            os._exit(0)
        children.append(child)
    for each in children: assert os.waitpid(each, 0)[1] == 0
threads = [threading.Thread(target=work) for _ in range({THREADS})]
for each in threads: each.start()
forks()
for each in threads: each.join()
forks()
"""


def test_a_storm(site, capsys):
    script = site.script(STORM)
    done = site.sigtrace("run", "--no-live", "--quiet", script.name, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    trace = site.trace()
    events = trace.events
    ends = [line for line in events if line["event"] == "end"]
    by_id = {span["id"]: span for span in ends}
    assert len(by_id) == len(ends), "ids are unique"
    counted = Counter((span["kind"], span["name"].rpartition(".")[2]) for span in ends)
    sent = THREADS * SENDS + 2 * FORKS * 200
    expected = {
        ("send", "opened"): sent,
        ("receiver", "relays"): sent,
        ("send", "inner"): sent // 10,
        ("receiver", "heard"): sent // 10,
    }
    assert counted == expected
    around = {"relays": "opened", "inner": "__main__.relays", "heard": "inner"}
    for span in ends:
        name = span["name"].rpartition(".")[2]
        parent = by_id.get(span["parent"])
        assert (parent and parent["name"]) == around.get(name)
        if parent is not None:
            assert (span["pid"], span["thread"]) == (parent["pid"], parent["thread"])
    by_thread = Counter((span["pid"], span["thread"]) for span in ends if span["name"] == "opened")
    assert sorted(by_thread.values()) == [200] * 2 * FORKS + [SENDS] * THREADS
    assert {line["id"] for line in events if line["event"] == "begin"} <= set(by_id)
    assert len(trace.processes) == 1 + 2 * FORKS
    with capsys.disabled():
        print(f"\n{len(ends)} spans of {THREADS} threads and {2 * FORKS} forks, each there once")


FAMILY = """
import os
from django.db import transaction
from django.dispatch import Signal, receiver
from blog.models import Tag
opened, inner = Signal(), Signal()
@receiver(inner)
def heard(**kwargs): pass
def fork(): return os.fork()
@receiver(opened)
def forks(sender, **kwargs):
    with transaction.atomic():
        inner.send("before")
        child = fork()
        grandchild = fork() if child == 0 else -1
        inner.send("parent" if child else "child" if grandchild else "grandchild")
        if child == 0: transaction.set_rollback(True)
        if grandchild == 0: return
        if grandchild > 0: assert os.waitpid(grandchild, 0)[1] == 0
        if child: assert os.waitpid(child, 0)[1] == 0
    if child == 0: raise KeyError("leaves the spans of its parent by an exception")
try: opened.send(1)
except KeyError: pass
inner.send("after")
"""


def test_a_fork_within_open_spans_ends_none_of_them_twice(site):
    script = site.script(FAMILY)
    done = site.sigtrace("run", "--no-live", "--quiet", script.name)
    assert (done.returncode, done.stderr) == (0, "")
    trace = site.trace()
    whose = {
        send["sender"].strip("'"): send["id"].rpartition("-")[0]
        for send in trace.spans("send", name="inner")
    }
    first, second, third = whose["parent"], whose["child"], whose["grandchild"]
    assert len({first, second, third}) == 3
    # The child had recorded nothing yet when it forked: the next above it that had is named.
    lines = {line["process"]: line["parent_process"] for line in trace.lines("process")}
    assert lines == {first: None, second: first, third: first}
    forks = trace.span("receiver", name="__main__.forks")
    assert forks["id"].startswith(f"{first}-")
    assert forks["exception"] is None
    assert trace.span("send", name="opened")["exception"] is None
    found = {
        (send["sender"].strip("'"), send["id"].rpartition("-")[0], send["parent"])
        for send in trace.spans("send", name="inner")
    }
    assert found == {
        ("before", first, forks["id"]),
        ("parent", first, forks["id"]),
        ("child", second, forks["id"]),
        ("grandchild", third, forks["id"]),
        *(("after", process, None) for process in (first, second, third)),
    }
    assert [span["outcome"] for span in trace.spans("transaction")] == ["committed"]
    ids = [line["id"] for line in trace.lines("end")]
    assert len(set(ids)) == len(ids)
