"""`pytest --signal-cov` and `sigtrace run … test` come to the same, however the tests are run."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import SERVICE

pytestmark = pytest.mark.usefixtures("with_django")


@pytest.fixture
def with_django():
    pytest.importorskip("pytest_django", reason=f"{SERVICE} pytest-django is missing")


def coverage_of(site, *runs):
    done = site.sigtrace("report", "--coverage", "--format", "json", *runs)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found, {row["receiver"]: row for row in found["receivers"]}


WAYS = {
    "pytest": ("pytest",),
    "xdist": ("pytest", "-n", "2"),
    "already traced": ("traced",),
    "django": ("django",),
    "parallel": ("django", "--parallel", "2"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_sample_sites_own_suite(tested, way):
    kind, *options = way
    site = tested.site
    if kind == "pytest":
        done = tested.pytest("--signal-cov", *options, path="blog/tests.py")
    elif kind == "traced":
        words = ("-m", "pytest", "-o", "python_files=tests*.py", "--ds=config.settings")
        done = site.sigtrace("run", "--no-live", *words, "--signal-cov", "blog/tests.py")
    else:
        done = site.sigtrace("run", "--no-live", "manage.py", "test", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    if kind != "django":
        assert "\nSignal coverage " in done.stdout
        assert re.search(
            r"\n  count_words  post_save blog.Draft +blog/receivers.py:55\n", done.stdout
        )
        assert f"sigtrace report --coverage {site.trace().path.name}" in done.stdout
    assert len(list((site.path / ".sigtrace").glob("2*"))) == 1
    found, rows = coverage_of(site)
    assert found["connected"] - found["called"] == 1
    assert [app["app"] for app in found["apps"]] == ["audit", "blog"]
    assert rows["blog.receivers.count_words"]["calls"] == 0
    assert rows["blog.receivers.count_words"]["test"] is None
    assert rows["blog.receivers.reject_spam"]["test"].startswith("blog/tests.py::")
    any_sender = rows["blog.receivers.note_any_m2m_change"]
    assert any_sender["senders"] == [{"sender": "blog.Article_tags", "calls": any_sender["calls"]}]


def test_too_little_fails_the_run(tested):
    done = tested.pytest("--signal-cov-fail-under", "99", "-n", "2", path="blog/tests.py")
    assert done.returncode == 1
    assert re.search(r"FAIL Signal coverage is 9\d\.\d %, required are 99 %", done.stdout)
    assert tested.pytest("--signal-cov-fail-under=90", path="blog/tests.py").returncode == 0
    assert tested.site.trace().run["exit_status"] == 0
    done = tested.pytest("--signal-cov-fail-under=many", path="blog/tests.py")
    assert done.returncode == 4
    assert "'many' is not a percentage between 0 and 100" in done.stderr


def test_runs_are_added_up(tested):
    site = tested.site
    tested.write(
        """
class Drafts(TestCase):
    def test_words(self): Draft.objects.create(text="a b")
"""
    )
    for path in ("blog/tests_more.py", "blog/tests.py"):
        assert tested.pytest("--signal-cov", path=path).returncode == 0
    later, earlier = sorted((site.path / ".sigtrace").glob("2*"), key=lambda path: path.name)[::-1]
    found, rows = coverage_of(site, earlier.name, later.name)
    assert found["percent"] == 100.0
    test = "blog/tests_more.py::Drafts::test_words"
    assert rows["blog.receivers.count_words"]["test"] == test
    assert coverage_of(site, earlier.name)[0]["called"] == 1


@pytest.mark.parametrize("when", ["settings", "models", "setup"])
def test_a_project_that_was_loaded_before_the_plugin(tested, when):
    loaded = {
        "settings": "import django.conf",
        "models": "import django.db.models.signals, django.contrib.auth.signals",
        "setup": "import django; django.setup()",
    }
    plugin = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
    (tested.site.path / "early.py").write_text(plugin + loaded[when] + "\n")
    done = tested.pytest("-p", "early", "--signal-cov", path="blog/tests.py")
    assert done.returncode == 0, done.stdout + done.stderr
    found, rows = coverage_of(tested.site)
    assert found["connected"] - found["called"] == 1
    assert rows["audit.receivers.log_article"]["sender"] == "blog.Article"


@pytest.mark.parametrize("options", [(), ("--no-migrations",)])
def test_what_migrating_the_test_database_calls_is_not_called_by_the_suite(tested, options):
    (tested.site.path / "early.py").write_text(
        """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.apps import apps
from django.db.models.signals import post_migrate
def fills(**kwargs):
    from blog.models import Draft
    Draft.objects.create(text="a b")
post_migrate.connect(fills, sender=apps.get_app_config("blog"))
"""
    )
    tested.write("@pytest.mark.django_db\ndef test_one(): pass\n")
    done = tested.pytest("-p", "early", "--signal-cov", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    _, rows = coverage_of(tested.site)
    assert rows["early.fills"]["calls"] == 1
    assert rows["blog.receivers.count_words"]["calls"] == 0


def test_senders_of_what_was_connected_before_the_plugin(tested):
    (tested.site.path / "early.py").write_text(
        """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.apps import apps
from django.db.models.signals import post_migrate
from django.dispatch import Signal
said = Signal()
def fills(**kwargs): pass
def hears(**kwargs): pass
def waits(**kwargs): pass
post_migrate.connect(fills, sender=apps.get_app_config("blog"))
WEB, APP = "web", "app"
said.connect(hears, sender=WEB)
said.connect(waits, sender=APP)
"""
    )
    tested.write(
        """
from early import WEB, said
@pytest.mark.django_db
def test_sends(): said.send(WEB)
"""
    )
    assert tested.pytest("-p", "early", "--signal-cov").returncode == 0
    _, rows = coverage_of(tested.site)
    found = {
        name: (rows[f"early.{name}"]["sender"], rows[f"early.{name}"]["calls"] > 0)
        for name in ("fills", "hears", "waits")
    }
    # Of a text nothing is left but its id: who was called for the signal was called for it.
    assert found == {
        "fills": ("<blog.apps.BlogConfig>", True),
        "hears": ("<unknown>", True),
        "waits": ("<unknown>", False),
    }


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_without_pytest_django(tested, options):
    (tested.site.path / "conftest.py").write_text(
        "import os, django\nos.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
        "django.setup()\n"
    )
    (tested.site.path / "test_plain.py").write_text(
        """
import pytest
from blog.models import Article
from blog.signals import article_published

@pytest.mark.signals(only=["check_links", "queue_newsletter", "blog.receivers.*"])
def test_one(signal_trace):
    article_published.send_robust(Article, article=Article(content=""))
    assert len(signal_trace.calls("check_links")) == 1
"""
    )
    words = ("-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", "--signal-cov")
    done = tested.site.run(tested.site.interpreter, *words, *options, "test_plain.py")
    assert done.returncode == 0, done.stdout
    _, rows = coverage_of(tested.site)
    assert rows["blog.receivers.check_links"]["test"] == "test_plain.py::test_one"
    assert rows["blog.receivers.check_links"]["calls"] == 1


def test_a_receiver_that_urls_bring_is_said_to_be_late(tested):
    (tested.site.path / "blog" / "late.py").write_text(
        "from django.db.models.signals import post_save\nfrom blog.models import Draft\n"
        "def heard(**kwargs): pass\npost_save.connect(heard, sender=Draft)\n"
    )
    tested.write(
        """
class Late(TestCase):
    def test_late(self):
        import blog.late
        Draft.objects.create(text="a b")
"""
    )
    done = tested.pytest("--signal-cov")
    title = "Called, but connected after django.setup(): not counted"
    assert re.search(re.escape(title) + r"\n  heard  post_save +blog/late.py:3 +", done.stdout)
    found, rows = coverage_of(tested.site)
    assert [one["receiver"] for one in found["late"]] == ["blog.late.heard"]
    assert "blog.late.heard" not in rows


def test_receivers_of_tests_are_not_the_projects(tested):
    tested.write(
        """
class Receives(SignalTestMixin, TestCase):
    def test_own(self):
        @receiver(post_save, sender=Draft)
        def heard(**kwargs): pass
        with self.assertReceiverCalled(heard, times=2): Draft.objects.create(text="a b")
"""
    )
    assert tested.pytest("--signal-cov").returncode == 0
    found, rows = coverage_of(tested.site)
    assert not [name for name in rows if "heard" in name]
    assert found["late"] == []


def test_blocks_and_markers_work_in_a_run_that_is_covered(tested):
    tested.write(
        """
@pytest.mark.django_db
@pytest.mark.signals(max_depth=1)
def test_one(signal_trace):
    Draft.objects.create(text="a b")
    assert len(signal_trace.calls("count_words")) == 2
"""
    )
    done = tested.pytest("--signal-cov", "--signals-on-failure", "-n", "2")
    assert "count_words ran 2 receivers deep, max_depth is 1" in done.stdout, done.stdout
    assert coverage_of(tested.site)[1]["blog.receivers.count_words"]["calls"] == 2


ASKS_FOR_QUERIES = """
@pytest.mark.django_db
@pytest.mark.signals(max_queries_per_receiver=0)
def test_marker(): Article.objects.create(title="Hello")

@pytest.mark.django_db
def test_call(signal_trace):
    Article.objects.create(title="Hello")
    assert signal_trace.calls("log_article")[0].queries == 1

class Sends(SignalTestMixin, TestCase):
    def test_sends(self):
        with self.assertSignals(["pre_save blog.Article", "post_save blog.Article"]):
            Article.objects.create(title="Hello")
"""


@pytest.mark.parametrize("covered", [(), ("--signal-cov",)], ids=["plain", "covered"])
def test_no_setting_decides_what_a_test_asserts(tested, covered):
    (tested.site.path / "pyproject.toml").write_text("[tool.sigtrace]\nall = true\nsql = false\n")
    tested.write(ASKS_FOR_QUERIES)
    done = tested.pytest(*covered)
    assert "log_article executed 1 query, max_queries_per_receiver is 0" in done.stdout
    assert re.search(r"\b1 failed, 2 passed", done.stdout), done.stdout


def test_without_sql_nobody_can_say_how_many_queries(tested):
    tested.write(ASKS_FOR_QUERIES)
    words = ("-m", "pytest", "-o", "python_files=tests*.py", "--ds=config.settings")
    done = tested.site.sigtrace("run", "--no-live", "--no-sql", *words, "blog/tests_more.py")
    assert re.search(r"\b2 failed, 1 passed", done.stdout), done.stdout
    said = "How many queries a receiver executes is not known: this run records no SQL."
    assert f"TraceError: {said}" in done.stdout
    assert f"\n{said}\nRun it without --no-sql" in done.stdout
    assert done.stdout.count("records.py") == 1


def test_a_broken_project_is_its_own_failure(tested):
    settings = tested.site.path / "config" / "settings.py"
    settings.write_text(settings.read_text("utf-8") + "\nraise ImportError('theirs')\n", "utf-8")
    plain = tested.pytest()
    done = tested.pytest("--signal-cov")
    assert done.returncode == plain.returncode
    assert "theirs" in done.stderr
    assert "sigtrace" not in done.stderr.replace("/sigtrace", "")


def test_a_bad_setting_is_one_sentence(tested):
    (tested.site.path / "pyproject.toml").write_text("[tool.sigtrace]\nvalues = 'some'\n")
    done = tested.pytest("--signal-cov")
    assert done.returncode == 4
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert line.startswith("ERROR: --signal-cov: ")
    assert "values" in line


def test_nothing_is_recorded_where_nothing_runs(tested):
    for options in (("--help",), ("--version",)):
        assert tested.pytest("--signal-cov", *options).returncode == 0
    assert not (tested.site.path / ".sigtrace").exists()
    done = tested.pytest("--signal-cov", "--collect-only", path="blog/tests.py")
    assert done.returncode == 0
    assert "Signal coverage" not in done.stdout


def test_the_environment_of_the_tests_is_a_traced_ones_and_put_back(tested):
    tested.write(
        """
import subprocess, sys
def test_children(tmp_path):
    code = "import django; django.setup(); from blog.models import Tag; Tag(name='X').save()"
    subprocess.run([sys.executable, "-c", code], check=True)
"""
    )
    done = tested.pytest("--signal-cov")
    assert done.returncode == 0, done.stdout
    assert coverage_of(tested.site)[1]["blog.receivers.normalise_tag_name"]["calls"] == 1


def test_tests_see_values_that_the_files_do_not_hold(tested):
    tested.write(
        """
said = Signal()
@pytest.mark.django_db
def test_values(signal_trace):
    said.connect(lambda **kwargs: None, weak=False)
    said.send(float("90210.17"))
    said.send("a secret", password="swordfish", flag=True, whom=Article(pk=7), many=[1, 2])
    Article.objects.create(title="Sesame")
    first = signal_trace.sends[1]
    assert first.arguments["password"] == "swordfish"
    assert signal_trace.calls(generate_slug)[0].changes == {"slug": ("", "sesame")}
"""
    )
    done = tested.pytest("--signal-cov", "-n", "2")
    assert done.returncode == 0, done.stdout
    trace = tested.site.trace()
    text = "".join(path.read_text("ascii") for path in trace.path.iterdir()).lower()
    assert not [word for word in ("swordfish", "sesame", "a secret", "90210.17") if word in text]
    (said,) = [send for send in trace.spans("send") if "password" in send["arguments"]]
    assert said["sender"] == "<str>"
    nothing = dict.fromkeys(("password", "whom", "many"))
    assert said["arguments"] == {**nothing, "flag": True}
    assert trace.run["values"] == "none"
    assert trace.spans("receiver", name="blog.signals.generate_slug")[0]["changes"] == {
        "slug": None
    }
