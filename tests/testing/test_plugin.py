"""The pytest plugin in real pytest processes: used, and where nobody has asked for it."""

from __future__ import annotations

import re
import sys

import pytest

from tests.conftest import SERVICE
from tests.support import run_process

NOTHING = """
import sys

def test_nothing_of_ours_is_here():
    ours = {name for name in sys.modules if name.partition(".")[0] in ("sigtrace", "_sigtrace")}
    assert ours == {"sigtrace", "sigtrace.testing", "sigtrace.testing.plugin"}
    assert "rich" not in sys.modules and "click" not in sys.modules

def test_signal_is_not_patched():
    from django.dispatch import Signal
    held = vars(Signal)["send"]
    assert held.__code__.co_filename.endswith("django/dispatch/dispatcher.py")
"""


@pytest.fixture
def with_django():
    pytest.importorskip("pytest_django", reason=f"{SERVICE} pytest-django is missing")


# As for somebody who has no other plugin: of those that are here some import much.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def pytest_alone(path, *options):
    words = (sys.executable, "-m", "pytest", "-q", "-p", "sigtrace", *options)
    return run_process(*words, cwd=path, env=ALONE)


def test_without_use_nothing_is_imported(tmp_path):
    (tmp_path / "test_nothing.py").write_text(NOTHING)
    done = pytest_alone(tmp_path)
    assert done.returncode == 0, done.stdout


def test_without_use_nothing_is_imported_in_a_django_project(tested, with_django):
    without_rich, _, other = NOTHING.partition('    assert "rich"')
    (tested.site.path / "test_nothing.py").write_text(without_rich + other.partition("\n")[2])
    done = tested.pytest("-n", "2", path="test_nothing.py")
    assert done.returncode == 0, done.stdout


def test_without_django_a_project_has_no_use_of_it_and_no_trouble(tmp_path):
    (tmp_path / "conftest.py").write_text("import sys\nsys.modules['django'] = None\n")
    (tmp_path / "test_one.py").write_text("def test_one(): pass\ndef test_two(): assert 0\n")
    assert "1 failed, 1 passed" in pytest_alone(tmp_path).stdout
    done = pytest_alone(tmp_path, "--signal-cov")
    assert "Django was not imported by any traced process" in done.stdout
    assert done.returncode == 1
    done = pytest_alone(tmp_path, "--signals-on-failure")
    assert "1 failed, 1 passed" in done.stdout
    assert "- Signals -" in done.stdout
    assert "\nsigtrace.trace() needs Django, which cannot be imported here.\n" in done.stdout


MARKED = """
pytestmark = pytest.mark.django_db
def test_fixture(signal_trace):
    Article.objects.create(title="x")
    assert [call.receiver for call in signal_trace.calls()] == [
        "blog.signals.generate_slug", "blog.signals.notify_about_article", "audit.receivers.log_article"]

@pytest.mark.signals(only=["generate_slug", "blog.*", "log_article"], max_depth=1)
def test_ok(): Article.objects.create(title="x")

@pytest.mark.signals(only=["generate_slug", "blog.*"])
def test_only(): Article.objects.create(title="x")

@pytest.mark.signals(max_queries_per_receiver=0)
class TestQueries:
    def test_queries(self): Article.objects.create(title="x")
    @pytest.mark.signals(max_queries_per_receiver=1)
    def test_ok(self): Article.objects.create(title="x")
    @pytest.mark.signals(max_queries_per_receiver=None, only=None)
    def test_lifted(self): Article.objects.create(title="x")

@pytest.mark.signals(max_depth=1)
def test_depth():
    @receiver(post_save, sender=Article)
    def deeper(**kwargs): Tag.objects.create(name="X")
    Article.objects.create(title="x")

@pytest.mark.signals(max_depth=0)
def test_an_exception_is_the_tests_own():
    Article.objects.create(title="x")
    raise KeyError("theirs")

@pytest.mark.signals
def test_bare(): assert "sigtrace.testing.limits" in __import__("sys").modules
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_the_fixture_and_the_marker(tested, with_django, options):
    tested.write(MARKED)
    done = tested.pytest("--strict-markers", *options)
    assert "4 failed, 5 passed" in done.stdout, done.stdout
    for said in (
        "audit.receivers.log_article ran, which is not among only=['generate_slug', 'blog.*']",
        "log_article executed 1 query, max_queries_per_receiver is 0",
        "normalise_tag_name ran 2 receivers deep, max_depth is 1",
        "KeyError: 'theirs'",
    ):
        assert said in done.stdout
    (marked,) = [line for line in done.stdout.splitlines() if "normalise_tag_name  ←" in line]
    assert "← not expected" in marked
    assert "blog/receivers.py:43" in marked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "max_dept=1",
            " has no argument 'max_dept'; there are max_depth, max_queries_per_receiver",
        ),
        ("max_depth='x'", "(max_depth=…) takes a number, not 'x'"),
        ("only='blog.*'", "(only=…) takes a list of globs, not 'blog.*'"),
        ("only=3", "(only=…) takes a list of globs, not 3"),
        ("3", " takes names only: max_depth, max_queries_per_receiver, only"),
    ],
)
def test_a_bad_marker_is_one_sentence(tested, with_django, arguments, said):
    tested.write(f"@pytest.mark.signals({arguments})\ndef test_one(): pass\ndef test_two(): pass\n")
    for options in ((), ("-n", "2")):
        done = tested.pytest("-q", *options)
        assert "1 passed, 1 error" in done.stdout
        assert done.stdout.count(f"\n@pytest.mark.signals{said}") == 1
        assert "During handling" not in done.stdout
        assert f"tests_more.py::test_one - @pytest.mark.signals{said}"[:50] in done.stdout
    done = tested.pytest("-q", "-k", "test_two")
    assert done.returncode == 0, done.stdout


def test_what_the_marker_fails_stands_at_the_test(tested, with_django):
    tested.write(
        """
@pytest.mark.django_db
@pytest.mark.signals(max_depth=0)
def test_one(): Article.objects.create(title="x")
@pytest.mark.signals(max_dept=0)
def test_two(): pass
def test_other(): raise KeyError
"""
    )
    said = tested.pytest("--tb=line").stdout
    places = re.findall(r"^(\S+):(\d+): (.*)$", said, re.MULTILINE)
    file = str(tested.site.path / "blog" / "tests_more.py")
    first, other = places
    assert first[:1] == other[:1] == (file,), said
    assert int(other[1]) - int(first[1]) == 5, said
    assert first[2].startswith("generate_slug ran 1 receiver deep"), said
    assert "sigtrace/testing" not in said


def test_without_django_the_marker_is_a_projects_own(tmp_path):
    (tmp_path / "conftest.py").write_text("import sys\nsys.modules['django'] = None\n")
    (tmp_path / "test_one.py").write_text(
        "import pytest, signal\n"
        "@pytest.mark.signals(signal.SIGTERM)\ndef test_one(): pass\n"
        "@pytest.mark.signals(handled=['SIGTERM'])\ndef test_two(): pass\n"
    )
    assert "2 passed" in pytest_alone(tmp_path).stdout
    # Nor is it ours where Django is installed and nobody uses it.
    (tmp_path / "conftest.py").write_text("")
    assert "2 passed" in pytest_alone(tmp_path).stdout


def test_a_session_that_collects_twice(tested, with_django):
    (tested.site.path / "conftest.py").write_text(
        "def pytest_collection_finish(session):\n"
        "    if not hasattr(session, 'again'):\n"
        "        session.again = True\n"
        "        session.perform_collect()\n"
    )
    tested.write(MARKED)
    assert "4 failed, 5 passed" in tested.pytest().stdout


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_failures_show_their_signals(tested, with_django, options):
    tested.write(
        """
@pytest.mark.django_db
def test_fails(): assert Article.objects.create(title="x").slug == "y"
@pytest.mark.django_db
def test_passes(): Tag.objects.create(name="x")
def test_quiet(): assert 0
class Cases(TestCase):
    def test_fails(self):
        Draft.objects.create(text="a b")
        raise KeyError
"""
    )
    assert "Signals" not in tested.pytest(*options).stdout
    done = tested.pytest("--signals-on-failure", *options).stdout
    assert "3 failed, 1 passed" in done
    assert done.count("- Signals -") == 3
    assert "● Article.save()  created                                 blog/tests_more.py:" in done
    assert "count_words" in done
    assert "No receiver was called." in done
    assert "Tag.save()" not in done
    assert "⎇" not in done  # those of the tests themselves


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
@pytest.mark.parametrize("shown", ["no", "stdout", "log", "all"])
def test_failures_show_their_signals_whatever_is_captured(tested, with_django, shown, workers):
    tested.write(
        """
@pytest.mark.django_db
def test_fails():
    print("printed")
    assert Article.objects.create(title="x").slug == "y"
@pytest.fixture
def broken(db):
    Tag.objects.create(name="x")
    raise KeyError
def test_error(broken): pass
def test_no_fixture(there_is_none): pass
def test_passes(): pass
"""
    )
    report = tested.site.path / "report.xml"
    options = (f"--show-capture={shown}", f"--junitxml={report}", *workers)
    done = tested.pytest("--signals-on-failure", *options).stdout
    assert "1 failed, 1 passed, 2 errors" in done
    assert done.count("- Signals -") == (3 if shown == "all" else 2)
    assert done.count("● Article.save()") == done.count("● Tag.save()") == 1
    assert ("\nprinted\n" in done) is (shown in ("stdout", "all"))
    written = report.read_text("utf-8")
    assert written.count("● Article.save()") == written.count("● Tag.save()") == 1


@pytest.mark.parametrize(
    "options", [(), ("--signal-cov",), ("--no-migrations",), ("--no-migrations", "--signal-cov")]
)
def test_how_the_database_was_migrated_is_not_shown(tested, with_django, options):
    tested.write(
        """
from django.core.management import call_command
from django.db.models.signals import post_migrate

@receiver(post_migrate)
def fill(**kwargs): pass

@pytest.mark.django_db
def test_fails():
    Tag.objects.create(name="x")
    call_command("migrate", verbosity=0)
    assert 0
"""
    )
    done = tested.pytest("--signals-on-failure", *options).stdout
    _, signals = done.split("- Signals -")
    assert signals.count("▸ command migrate") == 1, done
    assert signals.index("Tag.save()") < signals.index("fill")
    assert "unfinished" not in signals


def test_how_the_database_was_migrated_is_not_shown_where_the_set_up_fails(tested, with_django):
    tested.write(
        """
from django.db.models.signals import post_migrate

@receiver(post_migrate)
def fill(**kwargs): pass

@pytest.fixture
def broken(db):
    Tag.objects.create(name="x")
    raise KeyError
def test_fails(broken): pass
"""
    )
    _, signals = tested.pytest("--signals-on-failure").stdout.split("- Signals -")
    assert "● Tag.save()" in signals
    assert "migrate" not in signals


SYRUPY = """
import pytest
@pytest.mark.django_db
def test_stored(signal_trace, snapshot):
    Article.objects.create(title="Hello")
    assert signal_trace.tree(durations=False) == snapshot
    assert signal_trace.tree(durations=False, values=True) == snapshot
"""

INLINE = """
import pytest
from inline_snapshot import snapshot
@pytest.mark.django_db
def test_stored(signal_trace):
    Article.objects.create(title="Hello")
    assert signal_trace.tree(durations=False) == snapshot()
"""


def test_syrupy_stores_trees(tested, with_django):
    pytest.importorskip("syrupy", reason=f"{SERVICE} syrupy is missing")
    tested.write(SYRUPY)
    done = tested.pytest("--snapshot-update")
    assert "2 snapshots generated" in done.stdout, done.stdout
    # Other lines, another primary key: the same tree.
    tested.write("# a comment\n\n" + SYRUPY)
    for options in ((), ("-n", "2")):
        done = tested.pytest(*options)
        assert done.returncode == 0, done.stdout
    tested.write(SYRUPY.replace('title="Hello"', 'title="Hello", slug="mine"'))
    assert "1 failed" in tested.pytest().stdout


def test_inline_snapshots_hold_trees(tested, with_django):
    pytest.importorskip("inline_snapshot", reason=f"{SERVICE} inline-snapshot is missing")
    tested.write(INLINE)
    done = tested.pytest("--inline-snapshot=create")
    source = (tested.site.path / "blog" / "tests_more.py").read_text("utf-8")
    assert "● Article.save()  created" in source, done.stdout
    done = tested.pytest("--inline-snapshot=disable")
    assert done.returncode == 0, done.stdout
