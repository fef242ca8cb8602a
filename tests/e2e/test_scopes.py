"""Which request or command a chain happened in: nested, concurrent, across threads and contexts."""

from __future__ import annotations

import json

import pytest

from tests.e2e.scoping import chains, scopes

HEAD = """
import asyncio
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.test.utils import setup_test_environment
from django.urls import path
from django.dispatch import Signal
setup_test_environment()
names = ["opened", "before", "after", "inner", "late"]
opened, before, after, inner, late = (Signal() for _ in names)
for name in names: globals()[name].connect(lambda **kwargs: None, weak=False)
"""

VIEWS = """
tasks = []
async def view(request, number):
    opened.send(None)
    await asyncio.sleep(0)
    await sync_to_async(opened.send)(None)
    return HttpResponse("done")
async def leaves_a_task(request):
    tasks.append(asyncio.ensure_future(works_later()))
    opened.send(None)
    return HttpResponse("done")
async def works_later():
    await over.wait()
    late.send(None)
def asks_another(request):
    response = Client().get("/async/1/")
    opened.send(None)
    return response
def commands(request):
    call_command("check")
    opened.send(None)
    return HttpResponse("done")
def fails(request):
    opened.send(None)
    raise LookupError("on purpose")
urlpatterns = [
    path("async/<int:number>/", view), path("leaves/", leaves_a_task), path("asks/", asks_another),
    path("commands/", commands), path("fails/", fails),
]
class Middleware:
    sync_capable, async_capable = True, False
    def __init__(self, get_response): self.get_response = get_response
    def __call__(self, request):
        before.send(None)
        response = self.get_response(request)
        after.send(None)
        return response
settings.MIDDLEWARE = ["__main__.Middleware"]
settings.ROOT_URLCONF = "__main__"
"""


@pytest.fixture
def run(site):
    def run(source: str):
        script = site.script(HEAD + VIEWS + source)
        done = site.sigtrace("run", "--no-live", script.name)
        assert done.returncode == 0, done.stderr
        return site.trace()

    return run


def test_sync_middleware_around_async_views_one_after_the_other(run):
    trace = run(
        """
async def main():
    for number in range(2): await AsyncClient().get(f"/async/{number}/")
    opened.send(None)
asyncio.run(main())
opened.send(None)
"""
    )
    request = ("request GET async/<int:number>/",)
    both = ["before", "opened", "opened", "after"] * 2
    assert chains(trace) == {request: both, (): ["opened", "opened"]}
    assert [scope["status"] for scope in scopes(trace).values()] == [200, 200]


def test_concurrent_requests_have_a_scope_each(run):
    trace = run(
        """
settings.MIDDLEWARE = []
async def main(): await asyncio.gather(*(AsyncClient().get(f"/async/{n}/") for n in range(3)))
asyncio.run(main())
"""
    )
    assert len(scopes(trace)) == 3
    in_scope = [span["scope"] for span in trace.spans("send", name="opened")]
    assert sorted(in_scope) == sorted([*scopes(trace)] * 2)


def test_what_outlives_a_request_is_not_in_it(run):
    trace = run(
        """
settings.MIDDLEWARE = []
async def main():
    global over
    over = asyncio.Event()
    await AsyncClient().get("/leaves/")
    over.set()
    await asyncio.gather(*tasks)
asyncio.run(main())
"""
    )
    assert chains(trace) == {("request GET leaves/",): ["opened"], (): ["late"]}


def test_a_command_is_named_by_the_module_that_django_finds_it_by(run):
    trace = run(
        """
from django.core.management.base import BaseCommand
from django.core.management.commands import check
def handle(self, *args, **options): opened.send(None)
class Silent(check.Command): handle = handle
class Own(Silent): __module__ = "shop.management.commands.tidy"
class Alone(BaseCommand): handle = handle
for command in (Silent, Own, Alone): call_command(command())
"""
    )
    named = [scope["name"] for scope in scopes(trace).values()]
    assert named == ["check", "tidy", "__main__"]


def test_a_request_and_a_command_in_a_request(run):
    trace = run(
        """
from django.core.management.commands import check
handle = check.Command.handle
def sends(self, *args, **kwargs):
    inner.send(None)
    return handle(self, *args, **kwargs)
check.Command.handle = sends
Client().get("/asks/")
Client().get("/commands/")
opened.send(None)
"""
    )
    around = ["before", "opened", "after"]
    assert chains(trace) == {
        ("request GET asks/",): around,
        ("request GET async/<int:number>/", "request GET asks/"): [
            *("before", "opened", "opened", "after"),
        ],
        ("request GET commands/",): around,
        ("command check", "request GET commands/"): ["inner"],
        (): ["opened"],
    }


def test_a_request_that_fails_or_is_cancelled_gives_the_outer_scope_back(run):
    trace = run(
        """
settings.MIDDLEWARE = []
try: Client().get("/fails/")
except LookupError: pass
async def main():
    async def asks(): await AsyncClient().get("/async/7/")
    task = asyncio.ensure_future(asks())
    while not begun: await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    opened.send(None)
begun = []
opened.connect(lambda **kwargs: begun.append(1), weak=False)
asyncio.run(main())
"""
    )
    found = chains(trace)
    # The test client listens to what an error page does, which is not the same everywhere.
    assert found.pop(("request GET fails/",))[0] == "opened"
    assert found == {
        ("request GET async/<int:number>/",): ["opened"],
        (): ["opened"],
    }
    assert all(scope["closed"] for scope in scopes(trace).values())


def test_a_request_is_named_again_once_it_has_its_route(run):
    trace = run("Client().get('/asks/'); Client().get('/no/such/')")
    names = {}
    for line in trace.lines("scope"):
        names.setdefault(line["id"], []).append((line["name"], line["closed"]))
    asks, inner, missing = names.values()
    # In the first one's middleware no URL is resolved yet; nor is it ever in the last one.
    assert asks == [("GET", False), ("GET asks/", False), ("GET asks/", True)]
    route = "GET async/<int:number>/"
    assert inner == [("GET", False), (route, False), (route, True)]
    assert missing == [("GET", False), ("GET", True)]


def test_a_report_names_a_request_by_its_route_though_something_came_before_it(run, site):
    run("Client().get('/asks/')")
    done = site.sigtrace("report", "--format", "json")
    scopes = {chain["scope"] for chain in json.loads(done.stdout)["chains"]}
    assert scopes - {None} == {"request GET asks/", "request GET async/<int:number>/"}
    drawn = site.sigtrace("report", "--tree", "--all").stdout
    assert drawn.index("request GET\n") < drawn.index("request GET asks/")
