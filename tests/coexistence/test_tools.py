"""Tools of the desk, of tests and of servers, beside us: coverage, debugpy, gevent and others."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest

WORK = """
import json, os, sys
from django.db.models.signals import pre_save
from django.dispatch import Signal, receiver
from blog.models import Tag
opened = Signal()
@receiver(opened)
def heard(sender, **kwargs):
    if sender == 2:
        return "two"
    return "another"
@receiver(pre_save, sender=Tag)
def renames(instance, **kwargs):
    instance.name += "!"
def never():
    return "called"
for number in range(3):
    print(opened.send(number)[0][1])
print(Tag.objects.create(name="x").name)
"""


def check(trace) -> None:
    """What `WORK` does is recorded."""
    assert [send["sender"] for send in trace.spans("send", name="opened")] == [
        "int 0",
        "int 1",
        "int 2",
    ]
    assert len(trace.spans("receiver", name="__main__.heard")) == 3
    (renames,) = trace.spans("receiver", name="__main__.renames")
    assert renames["changes"] == {"name": ["x", "x!"]}


@pytest.mark.parametrize("core", ["ctrace", "sysmon", "pytrace"])
def test_coverage(beside, site, core):
    if core == "sysmon" and sys.version_info < (3, 12):
        pytest.skip("sys.monitoring came with Python 3.12")

    def measured() -> object:
        site.run(site.interpreter, "-m", "coverage", "json", "-q", "-o", "measured.json")
        files = json.loads((site.path / "measured.json").read_text())["files"]
        assert len(files["script.py"]["executed_lines"]) > 15
        (site.path / ".coverage").unlink()
        return {
            name: (file["executed_lines"], file.get("executed_branches"))
            for name, file in files.items()
        }

    words = ("-m", "coverage", "run", "--branch", "--include=script.py,blog/*")
    check(beside(WORK, *words, env={"COVERAGE_CORE": core}, look=measured))


def test_debugpy(beside):
    # A tracing function for each frame of the project's, as a breakpoint sets it.
    trace = beside(
        """
import debugpy, threading
debugpy.listen(("127.0.0.1", 0), in_process_debug_adapter=True)
debugpy.trace_this_thread(True)
"""
        + WORK
        + 'print("pydevd" in sys.modules, sys.gettrace() is not None or sys.version_info >= (3, 12))\n',
        "-Xfrozen_modules=off",
    )
    check(trace)


def test_factory_boys_mute_signals(beside):
    trace = beside(
        WORK
        + """
import factory
from factory.django import DjangoModelFactory, mute_signals
from django.db.models.signals import post_save, post_init
@receiver(post_save, sender=Tag)
def after(instance, **kwargs): pass
class TagFactory(DjangoModelFactory):
    class Meta: model = Tag
    name = factory.Sequence(lambda n: f"made {n}")
def shape(): return [len(signal.receivers) for signal in (pre_save, post_save, post_init)]
before = shape()
with mute_signals(pre_save, post_save):
    print(TagFactory().name, len(pre_save.receivers), pre_save.has_listeners(Tag))
    with mute_signals(post_save): TagFactory()
    pre_save.connect(heard, sender=Tag)
print(shape() == [before[0] + 1, *before[1:]], TagFactory().name)
pre_save.disconnect(heard, sender=Tag)
@mute_signals(pre_save)
def make(): return TagFactory().name
print(make(), TagFactory().name, shape() == before)
@mute_signals(post_save)
class QuietFactory(TagFactory): pass
print(QuietFactory().name)
""",
    )
    names = Counter(span["name"] for span in trace.spans("receiver"))
    assert names["__main__.after"] == 3
    assert names["__main__.renames"] == 1 + 3
    assert len(trace.spans("save", model="blog.Tag")) == 1 + 6


def test_celery_eager(beside):
    trace = beside(
        """
from celery import Celery, shared_task
from celery.signals import task_postrun, task_prerun
app = Celery("app", set_as_current=True)
app.conf.update(task_always_eager=True, task_eager_propagates=False, task_store_eager_result=False)
"""
        + WORK
        + """
seen = []
@task_prerun.connect
def begins(task, **kwargs): seen.append(("begins", task.name))
@task_postrun.connect
def ends(task, state, **kwargs): seen.append(("ends", task.name, state))
@app.task(name="app.inner")
def inner(): opened.send("inner"); return "done"
@app.task(name="app.outer", bind=True)
def outer(self, fails):
    Tag.objects.create(name=f"task {fails}")
    result = inner.delay()
    if fails: raise LookupError("task")
    return result.get(disable_sync_subtasks=False)
@receiver(pre_save, sender=Tag)
def queues(instance, **kwargs):
    if instance.name == "queue!": inner.apply_async()
print(outer.delay(False).get(), outer.delay(True).state, seen)
Tag.objects.create(name="queue")
"""
    )
    scopes = {line["id"]: line for line in trace.lines("scope")}
    inner = trace.spans("send", sender="'inner'")
    own = [scopes[send["scope"]] for send in inner[:2]]
    assert [scope["name"] for scope in own] == ["app.inner"] * 2
    assert [scopes[scope["parent"]]["name"] for scope in own] == ["app.outer"] * 2
    # Within a chain a task is a part of that.
    (above,) = trace.spans("receiver", id=inner[2]["parent"])
    assert (above["name"], inner[2]["scope"]) == ("__main__.queues", None)
    assert all(line["closed"] for line in scopes.values())
