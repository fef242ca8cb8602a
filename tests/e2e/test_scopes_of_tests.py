"""Each chain of a test run says in which test it happened, whoever runs the tests."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import django
import pytest

from tests.conftest import SERVICE
from tests.e2e.scoping import chains, scopes

ARTICLE_TESTS = {
    "test blog/tests.py::ArticleTests::test_a_bulk_write_has_no_slug",
    "test blog/tests.py::ArticleTests::test_a_delete_cascades",
    "test blog/tests.py::ArticleTests::test_a_fixture_is_not_logged",
    "test blog/tests.py::ArticleTests::test_a_slug_is_kept",
    "test blog/tests.py::ArticleTests::test_an_empty_slug_is_filled",
    "test blog/tests.py::ArticleTests::test_each_save_is_announced_and_logged",
    "test blog/tests.py::CommentAndTagTests::test_a_comment_is_tidied",
    "test blog/tests.py::CommentAndTagTests::test_spam_is_refused",
    "test blog/tests.py::CommentAndTagTests::test_tags_are_lower_case_and_watched",
    "test blog/tests.py::PublishTests::test_a_broken_link_is_reported",
    "test blog/tests.py::PublishTests::test_the_async_view_publishes",
    "test blog/tests.py::PublishTests::test_the_newsletter_waits_for_the_commit",
}
"""Those of the sample site's own tests that set off a chain."""

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "python_files=tests*.py")
WITH_DJANGO = ("--ds", "config.settings")
WITHOUT_DJANGO = ("-p", "no:django")

CASES = """
import asyncio, threading, unittest, urllib.request
from asgiref.sync import sync_to_async
from blog.models import Article, Tag
from django.dispatch import Signal, receiver
from django.test import LiveServerTestCase, SimpleTestCase, TransactionTestCase, override_settings

said = Signal()
@receiver(said)
def hears(**kwargs): pass
def say(what): said.send(what)

@override_settings(STATIC_URL="/static/")
class LiveTests(LiveServerTestCase):
    def test_a_request(self):
        article = Article.objects.create(title="A", content="x")
        url = f"{self.live_server_url}/articles/{article.pk}/publish/"
        urllib.request.urlopen(urllib.request.Request(url, method="POST")).read()

class FixtureTests(TransactionTestCase):
    fixtures = ["articles"]
    def test_1_may_be_prepared_with_its_class(self): pass
    def test_2(self): pass

class ThreadTests(SimpleTestCase):
    def test_in_a_thread(self):
        thread = threading.Thread(target=say, args=["thread"])
        thread.start(); thread.join()

class AsyncTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self): say("set-up")
    async def test_one(self): say("one")
    async def test_two(self): await asyncio.gather(self.later(), self.later())
    async def later(self):
        await asyncio.sleep(0)
        await sync_to_async(say)("two")

class PlainTests(unittest.TestCase):
    def setUp(self): self.addCleanup(say, "cleaned up")
    def test_skipped(self): self.skipTest("no")
    def test_sub_tests(self):
        for n in (1, 2):
            with self.subTest(n=n): say(n)
"""


def in_cases(*outer: str):
    path = "test blog/tests_more.py::"
    live = f"{path}LiveTests::test_a_request"
    found = {
        (f"{path}AsyncTests::test_one",): ["said"] * 2,
        (f"{path}AsyncTests::test_two",): ["said"] * 3,
        (f"{path}PlainTests::test_skipped",): ["said"],
        (f"{path}PlainTests::test_sub_tests",): ["said"] * 3,
        (f"{path}ThreadTests::test_in_a_thread",): ["said"],
        (live,): ["Article.save()"],
        ("request POST articles/<int:pk>/publish/", live): [
            *("Article.save()", "article_published", "blog.receivers.send_newsletter"),
        ],
        ("command loaddata", f"{path}FixtureTests::test_2"): LOADED,
    }
    return {(*scopes, *outer): names for scopes, names in found.items()}


LOADED = [*["Tag.save()"] * 2, *["Article.save()", "Article.tags.set()"] * 2, "Comment.save()"]


@pytest.fixture
def cases(site):
    (site.path / "blog" / "tests_more.py").write_text(CASES)
    return site


def named_in(trace):
    return {name for path in chains(trace) for name in path if name.startswith("test ")}


def without_preparations(found):
    """Without the making of the database and, of Django 5.2, the first test's fixtures."""
    return {
        path: names
        for path, names in found.items()
        if path[0] != "command migrate"
        and path[:2] != ("command loaddata", "command test")
        and path[1:2] != (FIRST,)
    }


FIRST = "test blog/tests_more.py::FixtureTests::test_1_may_be_prepared_with_its_class"


@pytest.mark.parametrize("start", [None, "fork", "spawn"])
def test_the_tests_of_manage_py(site, start):
    parallel = ("--parallel", "2") if start else ()
    if start:
        source = (site.path / "manage.py").read_text()
        setting = f"import multiprocessing; multiprocessing.set_start_method({start!r})"
        source = source.replace("    main()", f"    {setting}\n    main()")
        (site.path / "manage.py").write_text(source)
    done = site.sigtrace("run", "--no-live", "manage.py", "test", *parallel)
    assert done.returncode == 0, done.stderr
    trace = site.trace()
    assert named_in(trace) == ARTICLE_TESTS
    assert len(trace.processes) == (3 if start else 1)
    assert all(scope["closed"] for scope in scopes(trace).values() if scope["kind"] == "test")
    publish = "PublishTests::test_the_newsletter_waits_for_the_commit"
    (path,) = [
        path for path in chains(trace) if path[0].startswith("request") and publish in path[1]
    ]
    # A process that is spawned is not inside the command that spawned it.
    outer = () if start == "spawn" else ("command test",)
    assert path == (
        "request POST articles/<int:pk>/publish/",
        f"test blog/tests.py::{publish}",
        *outer,
    )


def test_servers_threads_coroutines_and_fixtures_belong_to_the_test(cases):
    done = cases.sigtrace("run", "--no-live", "manage.py", "test", "-p", "tests_more.py")
    assert done.returncode == 0, done.stderr
    assert without_preparations(chains(cases.trace())) == in_cases("command test")


def test_pytest_names_the_same_tests_and_each_once(cases):
    pytest.importorskip("pytest_django", reason=f"{SERVICE} pytest-django is missing")
    done = cases.sigtrace("run", "--no-live", *PYTEST, *WITH_DJANGO, "blog/tests_more.py")
    assert done.returncode == 0, done.stdout
    assert without_preparations(chains(cases.trace())) == in_cases()


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")
@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_what_started_the_tests_is_no_call_site(site, options):
    pytest.importorskip("pytest_django", reason=f"{SERVICE} pytest-django is missing")
    if "-n" in options:
        pytest.importorskip("xdist", reason=f"{SERVICE} pytest-xdist is missing")
    (site.path / "blog" / "tests.py").write_text(
        """
import asyncio
from django.dispatch import Signal, receiver
from django.test import TestCase
opened = Signal()
@receiver(opened)
def hears(**kwargs): pass
class Tests(TestCase):
    async def test_a_task(self): await asyncio.create_task(opened.asend(None))
"""
    )
    command = Path(sys.executable).parent / "pytest"
    done = site.sigtrace("run", command, *PYTEST[2:], *WITH_DJANGO, "blog/tests.py", *options)
    assert done.returncode == 0, done.stdout
    spans = site.trace().lines("end")
    migrations = [span for span in spans if span["name"] == "Migration.save()"]
    assert {span["origin"] for span in migrations} == {"third-party"}
    assert {span["file"].rpartition("/")[2] for span in migrations} == {"fixtures.py"}
    (send,) = [span for span in spans if span["name"] == "opened"]
    assert (send["file"], send["line"], send["origin"]) == (None, None, None)


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("--rootdir", "..")])
def test_pytest_and_its_workers_name_their_tests_by_the_project(site, options):
    pytest.importorskip("pytest_django", reason=f"{SERVICE} pytest-django is missing")
    if "-n" in options:
        pytest.importorskip("xdist", reason=f"{SERVICE} pytest-xdist is missing")
    done = site.sigtrace("run", "--no-live", *PYTEST, *WITH_DJANGO, *options, "blog/tests.py")
    assert done.returncode == 0, done.stdout
    trace = site.trace()
    assert named_in(trace) == ARTICLE_TESTS
    assert len(trace.processes) == (3 if "-n" in options else 1)


CONFTEST = """
import asyncio, django, os, pytest
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.dispatch import Signal

@pytest.fixture(scope="session")
def said():
    signal = Signal()
    signal.connect(lambda **kwargs: None, weak=False)
    yield signal
    signal.send("session is over")

@pytest.fixture
def around(said):
    said.send("set-up")
    yield
    said.send("tear-down")

@pytest.fixture(scope="session")
def runner(said):
    with asyncio.Runner() as runner:
        runner.get_loop()
        yield runner
"""

FUNCTIONS = """
import asyncio, pytest

def test_fixtures(around, said): said.send("call")

@pytest.mark.parametrize("word", ["ä\\x1b[31m", pytest.param("w", id="x" * 400)])
def test_parameters(said, word): said.send(word)

class TestOuter:
    class TestInner:
        def test_method(self, said): said.send("method")

def test_a_runner_made_before(runner, said):
    async def work(): said.send("work")
    runner.run(work())

def test_the_same_runner_again(runner, said):
    async def work():
        await asyncio.sleep(0)
        said.send("work")
    runner.run(work())

@pytest.mark.xfail(reason="its scope ends all the same")
def test_fails(said):
    said.send("before")
    assert False
"""


def test_plain_pytest_with_fixtures_parameters_and_runners_made_before(site):
    (site.path / "conftest.py").write_text(CONFTEST, "utf-8")
    (site.path / "tests_functions.py").write_text(FUNCTIONS, "utf-8")
    done = site.sigtrace("run", "--no-live", *PYTEST, *WITHOUT_DJANGO, "tests_functions.py")
    assert done.returncode == 0, done.stdout + done.stderr
    path = "test tests_functions.py::"
    long = f"{path}test_parameters[{'x' * 400}"[: len("test ") + 200]
    numbers = {scopes: len(names) for scopes, names in chains(site.trace()).items()}
    assert numbers == {
        (f"{path}test_fixtures",): 3,
        (f"{path}test_parameters[\\xe4\\x1b[31m]",): 1,
        (f"{long}…",): 1,
        (f"{path}TestOuter::TestInner::test_method",): 1,
        (f"{path}test_a_runner_made_before",): 1,
        (f"{path}test_the_same_runner_again",): 1,
        # The last test takes the fixtures of the session down.
        (f"{path}test_fails",): 2,
    }


FAILING = """
import unittest
class Tests(unittest.TestCase):
    def test_error(self): raise LookupError("on purpose")
    def test_failure(self): self.assertEqual(1, 2)
    def test_stop(self): raise KeyboardInterrupt
"""


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "test"),
        ("-m", "unittest", "blog.tests"),
        (*PYTEST, *WITHOUT_DJANGO, "blog/tests.py"),
        (*PYTEST, *WITHOUT_DJANGO, "--tb=native", "blog/tests.py"),
    ],
)
def test_what_a_failing_test_prints_is_the_same(site, command):
    prepare_failures(site)
    untraced = site.run(sys.executable, *command, env=SETTINGS)
    traced = site.sigtrace("run", "--no-live", "--quiet", *command, env=SETTINGS)
    assert traced.returncode == untraced.returncode != 0
    for one, other in ((traced.stdout, untraced.stdout), (traced.stderr, untraced.stderr)):
        assert without_times(one) == without_times(other)
    assert "KeyboardInterrupt" in untraced.stdout + untraced.stderr


def test_the_full_traceback_of_an_interrupted_pytest_shows_no_frame_of_ours(site):
    prepare_failures(site)
    command = (*PYTEST, *WITHOUT_DJANGO, "--full-trace", "blog/tests.py")
    done = site.sigtrace("run", "--no-live", "--quiet", *command, env=SETTINGS)
    assert "def pytest_runtest_protocol" in done.stdout
    assert "/probe/" not in done.stdout


SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings"}


def prepare_failures(site):
    (site.path / "blog" / "tests.py").write_text(FAILING)
    (site.path / "blog" / "__init__.py").write_text("import django.dispatch\n")
    (site.path / "conftest.py").write_text("import django\ndjango.setup()\n")


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d+s|0x[0-9a-f]+", "…", text)
