"""Each chain of a Celery task says in which task it happened, in every pool."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

import pytest

from tests.conftest import SERVICE
from tests.e2e.jobs import Job, await_that
from tests.e2e.scoping import chains, scopes
from tests.support import Site

pytest.importorskip("celery", reason=f"{SERVICE} Celery is missing")

TASKS = """
import os, time
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
from celery import Celery
from django.dispatch import Signal

app = Celery("site", broker=os.environ.get("BROKER", "memory://"), backend="cache+memory://")
app.conf.broker_transport_options = {
    "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "queue",
    "polling_interval": 0.1,
}
app.conf.task_always_eager = "EAGER" in os.environ
wrote = Signal()
wrote.connect(lambda **kwargs: None, weak=False)

@app.task(name="blog.tasks.write")
def write(): wrote.send(None)

@app.task(name="blog.tasks.fail")
def fail():
    wrote.send(None)
    raise ValueError("on purpose")

@app.task(name="blog.tasks.again", bind=True, max_retries=2)
def again(self):
    wrote.send(None)
    if self.request.retries < 2: raise self.retry(countdown=0)

@app.task(name="blog.tasks.outer")
def outer():
    wrote.send(None)
    write.apply()
    try: fail.apply(throw=True)
    except ValueError: pass
    wrote.send(None)

@app.task(name="blog.tasks.slow", soft_time_limit=0.5)
def slow():
    wrote.send(None)
    time.sleep(60)
"""

WRITE, FAIL, AGAIN, OUTER = (
    (f"task blog.tasks.{name}",) for name in ("write", "fail", "again", "outer")
)
ALL = {
    WRITE: ["wrote"],
    FAIL: ["wrote"],
    AGAIN: ["wrote"] * 3,
    OUTER: ["wrote"] * 2,
    (*WRITE, *OUTER): ["wrote"],
    (*FAIL, *OUTER): ["wrote"],
}

BROKER = {"BROKER": "filesystem://"}


@pytest.fixture
def tasks(site):
    (site.path / "tasks.py").write_text(TASKS)
    return site


def test_eager_tasks_in_a_request_give_it_back(tasks):
    script = tasks.script(
        """
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import path
from tasks import *
setup_test_environment()
def view(request):
    for task in (write, fail, again, outer): task.delay()
    wrote.send(None)
    return HttpResponse("done")
urlpatterns = [path("view/", view)]
settings.ROOT_URLCONF = "__main__"
settings.MIDDLEWARE = []
Client().get("/view/")
wrote.send(None)
"""
    )
    done = tasks.sigtrace("run", "--no-live", script.name, env={"EAGER": "1"})
    assert done.returncode == 0, done.stderr
    request = "request GET view/"
    assert chains(tasks.trace()) == {
        **{(*path, request): names for path, names in ALL.items()},
        (request,): ["wrote"],
        (): ["wrote"],
    }
    assert all(scope["closed"] for scope in scopes(tasks.trace()).values())


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_a_worker_in_a_thread_of_a_test(tasks, pool):
    (tasks.path / "blog" / "tests.py").write_text(
        f"""
from celery.contrib.testing.worker import start_worker
from celery.worker import state
from django.test import SimpleTestCase
from tasks import *

class WorkerTests(SimpleTestCase):
    def test_tasks(self):
        state.revoked.add("revoked")
        with start_worker(app, pool={pool!r}, concurrency=2, perform_ping_check=False):
            write.apply_async(task_id="revoked")
            for task in (write, fail, again, outer):
                task.delay().get(timeout=30, propagate=False)
        wrote.send(None)
"""
    )
    done = tasks.sigtrace("run", "--no-live", "manage.py", "test")
    assert done.returncode == 0, done.stderr
    outer = ("test blog/tests.py::WorkerTests::test_tasks", "command test")
    found = chains(tasks.trace())
    assert found == {**{(*path, *outer): names for path, names in ALL.items()}, outer: ["wrote"]}


def test_a_prefork_worker_with_a_task_that_takes_too_long(tasks):
    (tasks.path / "queue").mkdir()
    send = "from tasks import *; [task.delay() for task in (slow, write, fail, again, outer)]"
    assert tasks.run(sys.executable, "-c", send, env=BROKER).returncode == 0
    command = (
        *("-m", "celery", "-A", "tasks", "worker", "-P", "prefork", "-c", "2", "-l", "ERROR"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )
    expected = {**ALL, ("task blog.tasks.slow",): ["wrote"]}

    def are_done() -> bool:
        with contextlib.suppress(AssertionError, LookupError, ValueError):
            # Nothing is written yet, or half a line, or a scope after we had read the scopes.
            trace = tasks.trace()
            return chains(trace) == expected and all_closed(trace)
        return False

    with Job(Site(tasks.path, BROKER), command, ("--no-live",), "log") as job:
        await_that(are_done, "all tasks")
        os.kill(job.pid, signal.SIGTERM)
        assert job.end().status == 0
    trace = tasks.trace()
    assert chains(trace) == expected
    forked = {line["pid"] for line in trace.lines("process") if line["parent_process"]}
    assert len(forked) == 2
    assert {span["pid"] for span in trace.spans("send", name="wrote")} <= forked


def all_closed(trace) -> bool:
    return all(scope["closed"] for scope in scopes(trace).values())
