"""Asynchronous sends: each span under its true parent, ended once, whatever becomes of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django
import pytest

if TYPE_CHECKING:
    from tests.support import Trace

pytestmark = pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")


def tree(trace: Trace) -> dict[str, Any]:
    """Sends and receivers as nested dictionaries by name (sends: signal and sender).

    All of them are ended, once, and lie within the time of their parent.
    """
    ends = trace.lines("end")
    ids = [span["id"] for span in ends]
    assert len(set(ids)) == len(ids), "a span that ended twice"
    begun = {line["id"] for line in trace.lines("begin")}
    assert begun <= set(ids), "a span that never ended"
    spans = {span["id"]: span for span in ends if span["kind"] in ("send", "receiver")}
    for span in spans.values():
        around = spans.get(span["parent"])
        if around is not None:
            assert around["time"] <= span["time"]
            assert span["time"] + span["duration_ns"] <= around["time"] + around["duration_ns"]

    def below(parent: str | None) -> dict[str, Any]:
        found = {}
        for span in sorted(spans.values(), key=lambda span: span["time"]):
            if span["parent"] == parent:
                name = span["name"].rpartition(".")[2]
                if span["kind"] == "send":
                    name += f" {span['sender']}"
                assert name not in found
                found[name] = below(span["id"])
        return found

    return below(None)


STEPS = """
import contextvars
from asgiref.sync import async_to_sync, sync_to_async
opened, inner, last = Signal(), Signal(), Signal()
@receiver(last)
async def end(**kwargs): await asyncio.sleep(0)
"""
LEAF: dict[str, Any] = {"end": {}}


def test_sends_within_sends_within_concurrent_receivers(twice):
    done = twice(
        STEPS
        + """
@receiver(opened)
async def one(sender, **kwargs):
    for number in range(3):
        await inner.asend(f"{sender} one {number}"); await asyncio.sleep(0)
@receiver(opened)
async def two(sender, **kwargs):
    for number in range(3):
        await asyncio.sleep(0); await inner.asend(f"{sender} two {number}")
@receiver(opened)
def three(sender, **kwargs): inner.send(f"{sender} three")
@receiver(inner)
async def deeper(sender, **kwargs):
    await asyncio.sleep(0)
    await last.asend(sender)
    await asyncio.gather(*(last.asend(f"{sender} {name}") for name in "xy"))
@receiver(inner)
async def beside(sender, **kwargs): await asyncio.sleep(0)
async def main():
    await asyncio.gather(opened.asend("A"), opened.asend("B"))
    print([type(each).__name__ for _, each in await opened.asend_robust("C")])
asyncio.run(main())
"""
    )

    def inner(name: str) -> dict[str, Any]:
        last = {f"last '{name}{each}'": LEAF for each in ("", " x", " y")}
        return {f"inner '{name}'": {"deeper": last, "beside": {}}}

    def opened(name: str) -> dict[str, Any]:
        each = {
            number: {k: v for n in range(3) for k, v in inner(f"{name} {number} {n}").items()}
            for number in ("one", "two")
        }
        return {f"opened '{name}'": {**each, "three": inner(f"{name} three")}}

    assert tree(done.trace) == {**opened("A"), **opened("B"), **opened("C")}


def test_threads_tasks_and_loops_below_receivers(twice):
    done = twice(
        STEPS
        + """
@receiver(opened)
async def awaits(**kwargs):
    await sync_to_async(last.send)("thread")
    await sync_to_async(async_to_sync(last.asend))("loop")
    await asyncio.to_thread(last.send, "to_thread")
    await asyncio.create_task(last.asend("task"))
    async with asyncio.TaskGroup() as group:
        group.create_task(last.asend("group 1")); group.create_task(last.asend("group 2"))
    await asyncio.wait_for(last.asend("waited"), 60)
    await asyncio.shield(last.asend("shielded"))
@receiver(opened)
def calls(**kwargs): async_to_sync(last.asend)("called")
async def main(): await opened.asend("async")
asyncio.run(main())
async_to_sync(last.asend)("outside")
asyncio.run(last.asend("run"))
contextvars.Context().run(last.send, "context")
"""
    )
    names = ["thread", "loop", "to_thread", "task", "group 1", "group 2", "waited", "shielded"]
    assert tree(done.trace) == {
        "opened 'async'": {
            "calls": {"last 'called'": LEAF},
            "awaits": {f"last '{name}'": LEAF for name in names},
        },
        **{f"last '{name}'": LEAF for name in ("outside", "run", "context")},
    }


def test_cancellation_at_each_step(twice):
    done = twice(
        STEPS
        + """
@receiver(opened)
async def waits(sender, **kwargs):
    try:
        await inner.asend(f"{sender} waits")
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await last.asend(f"{sender} up")
        raise
@receiver(opened)
async def beside(sender, **kwargs):
    try: await asyncio.sleep(60)
    finally: await last.asend(f"{sender} finally")
@receiver(inner)
async def slow(**kwargs): await asyncio.sleep(0); await asyncio.sleep(0)
async def main():
    for steps in range(12):
        task = asyncio.create_task(opened.asend(str(steps)))
        for _ in range(steps): await asyncio.sleep(0)
        task.cancel()
        try: await task
        except asyncio.CancelledError: pass
        while len(asyncio.all_tasks()) > 1: await asyncio.sleep(0)
    await last.asend("after")
asyncio.run(main())
"""
    )
    trace = done.trace
    ends = trace.lines("end")
    ids = [span["id"] for span in ends]
    assert len(set(ids)) == len(ids)
    assert {line["id"] for line in trace.lines("begin")} <= set(ids)
    by_id = {span["id"]: span for span in ends}
    for send in trace.spans("send", name="last"):
        around = by_id.get(send["parent"], {"name": ""})["name"]
        expected = {"up": "__main__.waits", "finally": "__main__.beside", "after": ""}
        assert around == expected[send["sender"].strip("'").split()[-1]]
    cancelled = trace.spans("receiver", exception="asyncio.exceptions.CancelledError")
    assert {"__main__.waits", "__main__.beside"} <= {span["name"] for span in cancelled}
    assert trace.spans("send")[-1]["parent"] is None


def test_several_that_fail_at_once(twice):
    done = twice(
        STEPS
        + """
class Odd(BaseException): pass
def failing(name, error):
    async def fails(sender, **kwargs):
        await asyncio.sleep(0)
        await last.asend(f"{sender} {name}")
        raise error
    fails.__qualname__ = name
    return fails
kept = [failing("one", KeyError(1)), failing("two", ValueError(2)),
        failing("three", ExceptionGroup("group", [KeyError(3), ExceptionGroup("in", [OSError(4)])]))]
for each in kept: opened.connect(each)
def shape(error):
    if isinstance(error, BaseExceptionGroup): return [type(error).__name__, *map(shape, error.exceptions)]
    return type(error).__name__
async def main():
    for number in range(2):
        try: await opened.asend(str(number))
        except Exception as error: print(shape(error))
        while len(asyncio.all_tasks()) > 1: await asyncio.sleep(0)
    print([shape(error) for _, error in await opened.asend_robust("robust")])
    async def grouped():
        async with asyncio.TaskGroup() as group:
            group.create_task(opened.asend("grouped")); group.create_task(inner.asend(1))
    try: await grouped()
    except* Exception as error: print(shape(error))
asyncio.run(main())
try: opened.send("sync")
except Exception as error: print(shape(error))
print([shape(error) for _, error in opened.send_robust("sync robust")])
"""
    )
    trace = done.trace
    ends = trace.lines("end")
    ids = [span["id"] for span in ends]
    assert len(set(ids)) == len(ids)
    assert {line["id"] for line in trace.lines("begin")} <= set(ids)
    by_id = {span["id"]: span for span in ends}
    for send in trace.spans("send", name="last"):
        assert by_id[send["parent"]]["name"].rpartition(".")[2] == send["sender"].split()[-1][:-1]
    robust = [
        (span["exception"], span["swallowed"])
        for send in trace.spans("send", name="opened")
        if "robust" in send["method"]
        for span in trace.children(send)
    ]
    assert sorted(robust) == sorted(
        [("KeyError", True), ("ValueError", True), ("ExceptionGroup", True)] * 2
    )


@pytest.mark.skipif(django.VERSION >= (6, 1), reason="6.1 awaits the synchronous ones first")
@pytest.mark.parametrize("raises", [True, False])
def test_synchronous_receivers_go_on_in_their_thread_when_an_asynchronous_one_fails(twice, raises):
    done = twice(
        f"RAISES = {raises}\n{STEPS}"
        """
import threading
started, failed, over = threading.Event(), threading.Event(), threading.Event()
@receiver(opened)
def one(instance, **kwargs):
    started.set(); print(failed.wait(60)); instance.title = "one"; last.send("one")
@receiver(opened)
def two(instance, **kwargs):
    print("two is called"); over.set()
    if RAISES: raise LookupError
@receiver(opened)
async def fails(**kwargs):
    while not started.is_set(): await asyncio.sleep(0)
    raise KeyError
@receiver(opened)
async def slow(instance, **kwargs):
    while not failed.is_set(): await asyncio.sleep(0)
    await asyncio.sleep(0); instance.pages = 7; await asyncio.sleep(0); await last.asend("slow")
async def main():
    asyncio.get_running_loop().set_exception_handler(lambda *args: None)
    task = asyncio.create_task(opened.asend(None, instance=Book()))
    try: await task
    except KeyError: print("failed"); failed.set()
    while not over.is_set() or len(asyncio.all_tasks()) > 1: await asyncio.sleep(0)
asyncio.run(main())
gc.collect()
"""
    )
    trace = done.trace
    calls = {span["name"].rpartition(".")[2]: span for span in trace.spans("receiver")}
    assert set(calls) == {"one", "two", "fails", "slow", "end"}
    assert len(trace.spans("receiver")) == 6
    assert calls["one"]["exception"] is None
    assert calls["fails"]["exception"] == "KeyError"
    assert calls["two"]["exception"] == ("BaseException" if raises else None)
    assert calls["slow"]["changes"] == {"pages": [0, 7]}
    assert calls["one"]["changes"]["title"] == ["", "one"]
    opened = trace.span("send", name="opened")
    assert opened["exception"] == "KeyError"
    parents = {send["sender"]: send["parent"] for send in trace.spans("send", name="last")}
    assert parents == {"'one'": calls["one"]["id"], "'slow'": calls["slow"]["id"]}
