"""A copy of the sample site whose every process can be asked to work, and says who did it."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

from tests.e2e.jobs import await_that
from tests.support import Site

if TYPE_CHECKING:
    from pathlib import Path

# Those who meet go on only when all of them are there, so each must be a process of its own.
WORK = """
import os, time
from pathlib import Path
from django.dispatch import Signal, receiver

worked = Signal()
noted = Signal()

@receiver(worked)
def take_a_while(sender, worker, **kwargs):
    time.sleep(0.02)
    noted.send(None, worker=worker)

@receiver(noted)
def note(sender, worker, **kwargs):
    pass

def work():
    worked.send(None, worker=os.getpid())
    return os.getpid()

def meet(name):
    meeting = Path("meeting")
    (meeting / f"{work()}.{name}").touch()
    deadline = time.monotonic() + 60
    while len({path.stem for path in meeting.iterdir()}) < int(os.environ["MEMBERS"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    if name in os.environ["HANGS"].split():
        time.sleep(60)
"""

SETTINGS = """
from config.settings import *
ROOT_URLCONF = "work.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "work"]
"""

APPS = """
from django.apps import AppConfig
from django.db.models.signals import post_migrate

def note_migrations(**kwargs):
    pass

class WorkConfig(AppConfig):
    name = "work"

    def ready(self):
        post_migrate.connect(note_migrations, sender=self)
"""

URLS = """
import os
from django.http import HttpResponse
from django.urls import include, path
from work import work

def who(request):
    return HttpResponse(str(os.getpid()))

def view(request):
    return HttpResponse(str(work()))

async def async_view(request):
    return HttpResponse(str(work()))

urlpatterns = [
    path("", include("blog.urls")),
    path("who/", who),
    path("work/", view),
    path("async/", async_view),
]
"""

TASKS = """
import os
from celery import Celery
from work import work

app = Celery("work", broker=os.environ["BROKER"], backend=os.environ["BROKER"])

@app.task
def task():
    return work()
"""

TESTS = """
import os
from blog.models import Tag
from django.test import SimpleTestCase, TestCase
from work import meet

class OneTests(SimpleTestCase):
    def test_meets(self):
        meet("one")

class TwoTests(SimpleTestCase):
    def test_meets(self):
        meet("two")

class TagTests(TestCase):
    def test_saves(self):
        Tag.objects.create(name="a")
        if "FAILS" in os.environ:
            self.fail("as it was asked to")
"""


def make(template: Site, path: Path, members: int = 1, hangs: str = "", **env: str) -> Site:
    """Copy a site to `path` and add the package `work`; `env` is set in its programs.

    `work.meet(name)` goes on when it was called in so many processes, but not where `hangs` has
    the name.
    """
    shutil.copytree(template.path, path)
    (path / "meeting").mkdir()
    package = path / "work"
    package.mkdir()
    for name, source in {
        "__init__": WORK,
        "apps": APPS,
        "models": "",
        "settings": SETTINGS,
        "urls": URLS,
        "tasks": TASKS,
        "tests": TESTS,
    }.items():
        (package / f"{name}.py").write_text(source)
    settings = {"DJANGO_SETTINGS_MODULE": "work.settings", "LC_ALL": "C.UTF-8"}
    meeting = {"MEMBERS": str(members), "HANGS": hangs}
    # What a program keeps in the home folder is kept apart as well: gunicorn has a socket there.
    return Site(path, {**template.env, "HOME": str(path), **settings, **meeting, **env})


def met(site: Site) -> Counter[int]:
    """Wait until all have met and hang where they are to; count how often each process has come."""
    hanging = str(site.env["HANGS"]).split()

    def visits() -> list[tuple[int, str]]:
        names = (path.name.split(".") for path in (site.path / "meeting").iterdir())
        return [(int(pid), name) for pid, name in names]

    def members() -> set[int]:
        return {pid for pid, name in visits() if not hanging or name in hanging}

    await_that(lambda: len(members()) >= int(site.env["MEMBERS"] or 0), "all to meet")
    return Counter(pid for pid, _ in visits())
