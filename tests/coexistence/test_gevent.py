"""A gunicorn whose requests are greenlets of one thread, patched by gevent, beside us."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.conftest import SERVICE
from tests.support import clean_environment, free_port

if TYPE_CHECKING:
    from tests.support import Site

PATIENCE = 60
AT_ONCE = 4

# Every request waits in its receiver until all of them do: they share the one thread.
SITE = f"""
import os, threading, time
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.conf import settings
settings.ROOT_URLCONF = "served"
settings.ALLOWED_HOSTS = ["*"]
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from django.dispatch import Signal, receiver
from django.http import HttpResponse
from django.urls import path
from blog.models import Tag
outer, inner = Signal(), Signal()
inside = set()

@receiver(outer)
def waits(sender, **kwargs):
    inside.add(sender)
    inner.send(sender, step=1)
    while len(inside) < {AT_ONCE}: time.sleep(0.001)
    inner.send(sender, step=2)
    time.sleep(0)
    Tag.objects.create(name=sender)

@receiver(inner)
def heard(sender, **kwargs):
    time.sleep(0.001)

def view(request, name):
    if name != "ready": outer.send(name)
    import gevent.monkey
    return HttpResponse(f"{{name}} {{gevent.monkey.is_module_patched('threading')}}")

urlpatterns = [path("<str:name>/", view)]
"""


def serve(site: Site, *words: str) -> tuple[list[str], int]:
    """Start the server, ask it some things at once, end it; return its answers and its status."""
    port = free_port()
    command = [
        *(site.interpreter, *words, "-m", "gunicorn", "-k", "gevent", "-w1"),
        *(f"-b127.0.0.1:{port}", "served"),
    ]

    def get(name: str) -> str:
        with urlopen(f"http://127.0.0.1:{port}/{name}/", timeout=PATIENCE) as answer:
            return str(answer.read(), "utf-8")

    with (site.path / "log").open("ab") as log:
        server = subprocess.Popen(
            command, cwd=site.path, env=clean_environment(HOME=str(site.path)), stderr=log
        )
    try:
        deadline = time.monotonic() + PATIENCE
        ready = ""
        while not ready:
            assert server.poll() is None, (site.path / "log").read_text()
            assert time.monotonic() < deadline
            with suppress(OSError):
                ready = get("ready")
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(get, "abcd"))
        server.terminate()
        return [ready, *answers], server.wait(PATIENCE)
    finally:
        server.kill()
        server.wait()


def test_greenlets_have_their_own_parents(site):
    pytest.importorskip("gevent", reason=f"{SERVICE} gevent is missing")
    (site.path / "served.py").write_text(SITE)
    database = site.path / "db.sqlite3"
    empty = database.read_bytes()
    untraced = serve(site)
    database.write_bytes(empty)
    assert serve(site, "-m", "sigtrace", "run", "--no-live", "--quiet") == untraced
    assert untraced == (["ready True", *(f"{name} True" for name in "abcd")], 0)
    trace = site.trace()
    sends = {send["sender"].strip("'"): send for send in trace.spans("send", name="outer")}
    assert set(sends) == set("abcd")
    begins = max(send["time"] for send in sends.values())
    assert all(begins < send["time"] + send["duration_ns"] for send in sends.values()), "at once"
    scopes = {line["id"]: line["name"] for line in trace.lines("scope")}
    assert len({send["scope"] for send in sends.values()}) == AT_ONCE
    for name, send in sends.items():
        assert scopes[send["scope"]] == "GET <str:name>/"
        (call,) = trace.children(send)
        first, second, save = trace.children(call)
        assert [each["sender"] for each in (first, second)] == [f"'{name}'"] * 2
        assert (save["kind"], save["model"]) == ("save", "blog.Tag")
        for each in (first, second):
            assert [below["name"] for below in trace.children(each)] == ["served.heard"]
    ids = [line["id"] for line in trace.lines("end")]
    assert len(set(ids)) == len(ids)
