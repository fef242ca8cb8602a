"""Names and values full of control characters: no output of any command has one of them."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.once

# What moves the cursor, sets a title, turns the direction of text, ends a line or hides in it.
BAD = "\x1b[31m\x1b]0;x\x07\x9b2J\r\x00\x7f\u202e\u2028\u200b\ud800"
# A value is text for a terminal once these are gone; a newline and a tab are the output's own.
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

APP = f"""
from django.apps import AppConfig
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal
BAD = {BAD!r}
made = {{}}
opened = Signal()

def make(name, raises=None):
    namespace = {{"raises": raises}}
    source = "def hears(sender, **kwargs):\\n    if raises is not None: raise raises\\n"
    exec(compile(source, "/odd/" + BAD.replace("\\0", "") + ".py", "exec"), namespace)
    made[name] = namespace["hears"]
    made[name].__qualname__ = made[name].__name__ = name + BAD
    made[name].__module__ = "odd." + BAD
    return made[name]

class OddConfig(AppConfig):
    name = "odd"
    def ready(self):
        from blog.models import Article, Tag
        for signal in (opened, post_save):
            signal.connect(make("any"), dispatch_uid="uid" + BAD)
            signal.connect(make("any twice"), dispatch_uid="uid two" + BAD)
        pre_save.connect(make("tag"), sender=Tag)
        import odd.apps
        vars(odd.apps)["signal" + BAD] = Signal()
        vars(odd.apps)["signal" + BAD].connect(make("other"))
"""
SETTINGS = """
from config.settings import *
INSTALLED_APPS = [*INSTALLED_APPS, "odd.apps.OddConfig"]
ROOT_URLCONF = "odd.urls"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = []
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
from odd.apps import BAD, opened

def view(request, **kwargs):
    opened.send(None)
    return HttpResponse("")

urlpatterns = [path("x" + BAD.replace("\\0", "").replace("\\ud800", "") + "/", view)]
"""
WORK = """
import threading
from functools import partial
import django
django.setup()
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.test import RequestFactory
from django.core.handlers.wsgi import WSGIHandler
from odd.apps import BAD, make, opened
import odd.apps
from blog.models import Tag

Tag.objects.all().delete()
Odd = type("Odd" + BAD.replace("\\0", "").replace("\\ud800", ""), (Exception,), {"__module__": "odd." + BAD})
for sender in (None, "sender" + BAD, Odd):
    opened.send(sender, text=BAD, **{"name" + BAD: "value" + BAD, "password" + BAD: 1})
vars(odd.apps)["signal" + BAD].send(1)
Tag.objects.create(name="x\\x1b[2J\\u202e")
opened.connect(make("fails", Odd(BAD)))
opened.send_robust(None)
try: opened.send(None)
except Odd: pass
opened.disconnect(odd.apps.made["fails"])
@opened.connect
def asks(sender, **kwargs):
    with connection.cursor() as cursor:
        cursor.execute('SELECT 1 AS "x\\x1b[31m\\u202e"')
        try: cursor.execute("SELECT \\x1b[31m\\u202e")
        except Exception: pass
    Tag.objects.update(name="y\\x1b[2J")
thread = threading.Thread(target=opened.send, args=(None,), name="thread" + BAD)
thread.start(); thread.join()
with transaction.atomic():
    Tag.objects.create(name="committed\\x1b")
    transaction.on_commit(partial(make("callback"), None))
try:
    with transaction.atomic():
        Tag.objects.create(name="rolled back\\x1b")
        transaction.on_commit(partial(make("discarded"), None))
        raise KeyError(BAD)
except KeyError: pass
class Command(BaseCommand):
    def handle(self, **options): opened.send(None)
Command.__module__ = "odd.management.commands." + BAD
call_command(Command())
path = "x" + BAD.replace("\\0", "").replace("\\ud800", "") + "/"
WSGIHandler().get_response(RequestFactory().get("/x/"))
request = RequestFactory().get("/")
request.path_info = "/" + path
WSGIHandler().get_response(request)
"""


@pytest.fixture
def odd(site):
    package = site.path / "odd"
    package.mkdir()
    for name, source in {"__init__": "", "apps": APP, "settings": SETTINGS, "urls": URLS}.items():
        (package / f"{name}.py").write_text(source)
    (site.path / "work.py").write_text(WORK)
    return site


def test_every_output_escapes_what_it_shows(odd):
    env = {"DJANGO_SETTINGS_MODULE": "odd.settings", "PYTHONIOENCODING": "utf-8:surrogateescape"}
    shown = {}
    words = ("--values", "all", "--effects", "--all", "--args", "--live", "--live-to", "live.txt")
    argv = ("work.py", "word\x1b[31m\u202e\x9b")
    for _ in range(2):
        done = odd.sigtrace("run", *words, *argv, env=env)
        assert done.returncode == 0, done.stderr
    shown["run"] = done.stderr
    shown["live"] = (odd.path / "live.txt").read_text("utf-8", "surrogateescape")
    runs = sorted(path.name for path in (odd.path / ".sigtrace").glob("2*"))
    commands = {
        **{f"report {each}": ("report", "--all", "--format", each) for each in REPORTS},
        "tree": ("report", "--tree", "--all", "--args"),
        "tree, narrow": ("report", "--tree", "--depth", "2"),
        **{
            f"diff {each}": ("diff", *runs, "--format", each)
            for each in ("text", "json", "markdown")
        },
        **{
            f"receivers {each}": ("receivers", "--format", each)
            for each in ("text", "json", "markdown")
        },
        "explain": ("explain", "blog.Tag"),
        "explain receiver": ("explain", "asks"),
        "explain json": ("explain", "blog.Tag", "--format", "json"),
        "check update": ("check", "--update", "--force"),
        **{f"check {each}": ("check", "--format", each) for each in CHECKS},
        "unknown run": ("report", "no such\x1b[31m\u202e"),
        "unknown signal": ("receivers", "no such\x1b[31m\u202e"),
        "unknown model": ("explain", "no such\x1b[31m\u202e"),
        "unknown option": ("run", "--no-such\x1b[31m\u202e"),
        "unknown target": ("run", "./no such\x1b[31m\u202e"),
    }
    for name, words in commands.items():
        done = odd.sigtrace(*words, env=env, timeout=120)
        assert "Traceback" not in done.stderr, f"{name}: {done.stderr[-2000:]}"
        shown[name] = done.stdout + done.stderr
        assert shown[name], name
    baseline = odd.path / "sigtrace.baseline"
    shown["baseline"] = baseline.read_text("utf-8", "surrogateescape")
    for path in odd.trace().path.iterdir():
        shown[path.name] = path.read_text("ascii")
    found = {
        name: sorted({f"{text[max(hit.start() - 30, 0) : hit.end() + 10]!r}" for hit in hits})[:3]
        for name, text in shown.items()
        if (hits := list(CONTROL.finditer(text)))
    }
    assert not found
    assert "\\x1b" in shown["tree"]
    assert "any\\x1b" in shown["receivers text"]


REPORTS = ("text", "json", "markdown", "github", "perfetto", "otlp", "mermaid")
CHECKS = ("text", "json", "github", "sarif", "markdown")
