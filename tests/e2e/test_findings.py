"""Each finding on a planted case, beside a near miss that must not be found."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from sigtrace.analysis.choice import Choice, chosen
from sigtrace.cli.report import report as command
from sigtrace.reader import Damage, merge_events, open_runs
from sigtrace.views.text import short
from tests.support import Site

PLANTED = '''
import socket
import subprocess
import time

from django.core.mail import send_mail
from django.core.management import call_command
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal, receiver

from audit.models import AuditLog
from blog.models import Article, Comment, Draft, Tag

server = socket.create_server(("127.0.0.1", 0))
for signal in (pre_save, post_save, post_delete):
    # Only what is planted here; the site's receivers have findings of their own.
    signal.receivers.clear()
    signal.sender_receivers_cache.clear()


def during(signal, sender, *receivers):
    """Connect only within the block."""
    import contextlib

    @contextlib.contextmanager
    def block():
        for one in receivers:
            signal.connect(one, sender=sender, weak=False)
        yield
        for one in receivers:
            signal.disconnect(one, sender=sender)

    return block()


# R001: one row, saved by its receiver once more; a row of another model saved once is none.
def stamp(instance, created, **kwargs):
    if created:
        instance.content = "stamped"
        instance.save()


def heard_once(instance, **kwargs):
    pass


with during(post_save, Article, stamp):
    Article.objects.create(title="twice")
with during(post_save, Tag, heard_once):
    Tag.objects.create(name="one")
    Tag.objects.create(name="two")


# R001: one function, connected under two ids; a second function, methods of two instances and
# what a function makes twice are none.
def connected_twice(**kwargs):
    pass


def connected_once(**kwargs):
    pass


class Field:
    def method_of_two(self, **kwargs):
        pass


def made():
    def made_twice(**kwargs):
        pass

    return made_twice


for uid in ("first", "second"):
    post_save.connect(connected_twice, sender=Comment, dispatch_uid=uid)
article = Article.objects.get()
others = (Field().method_of_two, Field().method_of_two, made(), made())
with during(post_save, Comment, connected_once, *others):
    Comment.objects.create(article=article, text="x")
for uid in ("first", "second"):
    post_save.disconnect(sender=Comment, dispatch_uid=uid)


# R002: back to itself without end; two calls one after the other are none.
def recurse(instance, **kwargs):
    instance.save()


def called_by_two(instance, **kwargs):
    pass


def saves_two(instance, **kwargs):
    Tag.objects.create(name=f"{instance.pk} a")
    Tag.objects.create(name=f"{instance.pk} b")


with during(post_save, Draft, recurse):
    try:
        with transaction.atomic():
            Draft.objects.create(text="x")
    except RecursionError:
        pass
with during(post_save, Draft, saves_two), during(post_save, Tag, called_by_two):
    Draft.objects.create(text="y")


# R002: one receiver of any sender; what is made for each model of one code is none.
def hears_all(instance, **kwargs):
    if isinstance(instance, Draft):
        Tag.objects.create(name=f"{instance.pk} all")


def handler_of(model):
    def made_for_one(instance, **kwargs):
        if model is Draft:
            Tag.objects.create(name=f"{instance.pk} one")

    return made_for_one


class Handler:
    def __init__(self, model):
        self.model = model

    def __call__(self, instance, **kwargs):
        if self.model is Draft:
            Tag.objects.create(name=f"{instance.pk} instance")


with during(post_save, None, hears_all):
    Draft.objects.create(text="x")
with during(post_save, Draft, handler_of(Draft)), during(post_save, Tag, handler_of(Tag)):
    Draft.objects.create(text="x")
with during(post_save, Draft, Handler(Draft)), during(post_save, Tag, Handler(Tag)):
    Draft.objects.create(text="x")


# R003: most of the chain; as long, but a small part of it, is none.
def slow(**kwargs):
    time.sleep(0.05)


def small_part(**kwargs):
    time.sleep(0.05)


def rest(**kwargs):
    AuditLog.objects.create(subject="rest")


def takes_long(**kwargs):
    time.sleep(0.6)


lasting = Signal()
with during(post_save, Draft, slow):
    Draft.objects.create(text="slow")
with during(lasting, None, small_part, takes_long):
    lasting.send(None)


# R004: once a row, within a call; less often is none.
def counts_each(**kwargs):
    for _ in range(6):
        Tag.objects.filter(name="x").count()


def counts_some(**kwargs):
    for _ in range(3):
        Tag.objects.filter(name="x").count()


def counts_once(instance, **kwargs):
    Comment.objects.filter(article_id=instance.pk).count()


def inserts_once(instance, **kwargs):
    AuditLog.objects.create(subject="inserted")


with during(post_save, Draft, counts_each, counts_some):
    Draft.objects.create(text="x")
# And by each of many sends from one place; an INSERT by each is what it is for.
with during(post_save, Article, counts_once, inserts_once):
    for number in range(12):
        Article.objects.create(title=f"many {number}")


# R005: written past its receiver; a write of a model without receivers is none.
def bypassed(**kwargs):
    pass


with during(post_save, Tag, bypassed):
    Tag.objects.bulk_create([Tag(name="bulk")])
    Tag.objects.filter(name="none of that name").update(name="x")
    AuditLog.objects.bulk_create([AuditLog(subject="bulk")])


# R006, R007: raised, and who is not called; an exception that a receiver catches is none.
def raises(**kwargs):
    raise ValueError


def missed(**kwargs):
    pass


def catches(**kwargs):
    try:
        raise ValueError
    except ValueError:
        pass


announced = Signal()
with during(announced, None, catches, raises, missed):
    try:
        announced.send(None)
    except ValueError:
        pass
with during(announced, None, catches, missed):
    announced.send(None)


# R008: discarded by a rollback; one that ran is none.
def never_runs():
    pass


def runs():
    pass


def puts_off(**kwargs):
    transaction.on_commit(never_runs)


def puts_off_well(**kwargs):
    transaction.on_commit(runs)


with during(post_save, Draft, puts_off):
    try:
        with transaction.atomic():
            Draft.objects.create(text="undone")
            raise KeyError
    except KeyError:
        pass
with during(post_save, Draft, puts_off_well):
    with transaction.atomic():
        Draft.objects.create(text="kept")


# R006: in a callback.
def callback_raises():
    raise ValueError


try:
    with transaction.atomic():
        transaction.on_commit(callback_raises)
except ValueError:
    pass


# R009: works for fixtures; one that looks at raw is none.
def works_for_fixtures(instance, **kwargs):
    AuditLog.objects.create(subject="loaded")


def leaves_fixtures_alone(instance, raw, **kwargs):
    if not raw:
        AuditLog.objects.create(subject="loaded")


with during(post_save, Article, works_for_fixtures, leaves_fixtures_alone):
    call_command("loaddata", "articles", verbosity=0)


# R010: before the commit; after it, or without a transaction, is none.
def mails(instance, **kwargs):
    send_mail("subject", "text", "from@example.org", ["to@example.org"])
    subprocess.run(["true"], check=True)
    socket.create_connection(server.getsockname()).close()


def mails_in_autocommit(instance, **kwargs):
    send_mail("subject", "text", "from@example.org", ["to@example.org"])


def mails_after_commit(instance, **kwargs):
    transaction.on_commit(lambda: send_mail("s", "t", "from@example.org", ["to@example.org"]))


with during(post_save, Draft, mails, mails_after_commit):
    with transaction.atomic():
        Draft.objects.create(text="mailed")
with during(post_save, Draft, mails_in_autocommit):
    Draft.objects.create(text="mailed")
'''

NAMES = {
    "sigtrace.R001": {"stamp", "connected_twice", "recurse"},
    "sigtrace.R002": {"stamp", "recurse", "hears_all"},
    "sigtrace.R004": {"counts_each", "counts_once"},
    "sigtrace.R005": {"bypassed"},
    "sigtrace.R006": {"raises", "callback_raises", "recurse"},
    "sigtrace.R007": {"missed"},
    "sigtrace.R008": {"never_runs"},
    "sigtrace.R009": {"works_for_fixtures"},
    "sigtrace.R010": {"mails"},
}
"""Which receivers and callbacks each rule names."""


@pytest.fixture(scope="module")
def planted(migrated_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in which the planted cases were recorded once, without values."""
    path = tmp_path_factory.mktemp("planted") / "site"
    shutil.copytree(migrated_site.path, path)
    site = Site(path)
    settings = path / "config" / "settings.py"
    backend = "django.core.mail.backends.locmem.EmailBackend"
    settings.write_text(settings.read_text() + f'\nEMAIL_BACKEND = "{backend}"\n')
    script = site.script(PLANTED, "planted.py")
    done = site.sigtrace("run", "--effects", "--values", "none", "--no-live", script.name)
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture(scope="module")
def demo(migrated_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in which the demo was recorded once."""
    path = tmp_path_factory.mktemp("demo") / "site"
    shutil.copytree(migrated_site.path, path)
    site = Site(path)
    assert site.sigtrace("run", "--no-live", "manage.py", "demo").returncode == 0
    return site


def findings(site: Site, *options: str) -> list[dict[str, Any]]:
    done = site.sigtrace("report", "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def named(found: list[dict[str, Any]], rule: str) -> set[str]:
    """The planted functions in the messages of a rule's findings."""
    words = " ".join(one["message"] for one in found if one["id"] == rule)
    known = (word.strip(",:;()") for word in words.split())
    return {word.removeprefix("__main__.") for word in known if word.startswith("__main__.")}


@pytest.mark.parametrize("rule", NAMES)
def test_each_rule_finds_what_is_planted_and_nothing_else(planted, rule):
    found = findings(planted)
    assert named(found, rule) == NAMES[rule], [one for one in found if one["id"] == rule]


def test_a_finding_says_where_what_shows_it_and_what_to_run_next(planted):
    lines = PLANTED.splitlines()
    head = (planted.path / "planted.py").read_text().splitlines().index(lines[1])
    for one in findings(planted):
        assert one["file"] == "planted.py" or one["id"] == "sigtrace.R011"
        assert one["count"] or one["id"] == "sigtrace.R011"
        if one["evidence"]:
            ids = {span["id"] for span in planted.trace().lines("end")}
            assert set(one["evidence"]) <= ids
        if one["next"].startswith("sigtrace report"):
            done = planted.sigtrace(*one["next"].split()[1:])
            assert done.returncode == 0
            assert done.stdout.count("\n") > 1, one["next"]
    (one,) = [one for one in findings(planted) if "bypassed" in one["message"]]
    assert lines[one["line"] - head].startswith("    Tag.objects.bulk_create")


def test_the_next_command_draws_what_shows_a_finding(planted):
    (run,) = open_runs((), planted.path)
    names = {span["id"]: span["name"] for span in planted.trace().lines("end")}
    for one in findings(planted):
        if not one["evidence"]:
            continue
        given = command.make_context("report", one["next"].split()[2:])
        taken = {name: given.params[name] for name in ("root", "around", "errors", "slowest")}
        events = chosen(merge_events(run.files, Damage()), Choice(**taken))
        drawn = {event["id"] for event in events if event["event"] == "end"}
        # Of calls that are alike one is drawn.
        wanted = one["evidence"][: 1 if len(one["next"].split("--root")) == 2 else None]
        assert set(wanted) <= drawn, one
        lines = planted.sigtrace(*one["next"].split()[1:], "--no-fold").stdout
        assert [name for name in wanted if short(names[name]) not in lines] == [], one
        if one["id"] == "sigtrace.R008":
            assert "registered by" in planted.sigtrace(*one["next"].split()[1:]).stdout


def test_what_differs_between_two_saves_is_named_without_values(planted):
    (one,) = [
        one
        for one in findings(planted)
        if one["id"] == "sigtrace.R001" and "stamp" in one["message"]
    ]
    assert one["message"].startswith("one row of blog.Article is saved 2 times in one chain")
    first, second = one["details"]
    assert first.endswith("· created")
    assert second.endswith("in __main__.stamp · differs: content")


def test_levels_follow_what_came_of_it(planted):
    levels = {(one["id"], one["level"]) for one in findings(planted)}
    assert ("sigtrace.R002", "error") in levels  # ended by RecursionError
    assert ("sigtrace.R002", "notice") in levels  # by a guard
    assert ("sigtrace.R010", "warning") in levels  # committed


def test_slow_is_what_takes_a_good_part_of_its_chain(planted):
    # A loaded machine may make others slow as well, but no small part a large one.
    found = named(findings(planted, "--slow-ms", "40"), "sigtrace.R003")
    assert {"slow", "takes_long"} <= found
    assert "small_part" not in found
    assert named(findings(planted, "--slow-ms", "100000"), "sigtrace.R003") == set()


@pytest.mark.parametrize(
    ("numbers", "status"),
    [("R008", 1), ("sigtrace.r002,R009", 1), ("R009,R004", 0)],
)
def test_fail_on_is_the_exit_status(demo, numbers, status):
    assert demo.sigtrace("report", "--fail-on", numbers).returncode == status


def test_what_was_not_recorded_is_no_pass(demo):
    done = demo.sigtrace("report", "--fail-on", "R010")
    assert done.returncode == 2
    assert "sigtrace run --effects" in done.stderr
    assert demo.sigtrace("report", "--fail-on", "R010,R006").returncode == 1


def test_receivers_of_the_runs_models_that_never_ran(site):
    script = site.script(
        "from django.db.models.signals import post_init\n"
        "from blog.models import Article\n"
        "Article(title='x').save()\n"
    )
    site.sigtrace("run", "--no-live", script.name)
    found = [one for one in findings(site) if one["id"] == "sigtrace.R011"]
    said = " ".join(one["message"] for one in found)
    assert "blog.signals.cleanup_after_delete was connected to post_delete of blog.Article" in said
    assert "note_any_m2m_change" in said  # of any sender
    assert "generate_slug" not in said  # it ran
    assert "count_words" not in said  # its model has no part in this run
    assert all(one["level"] == "notice" for one in found)


def test_the_models_of_migrations_bypass_receivers(site):
    (site.path / "blog" / "migrations" / "0002_data.py").write_text(
        "from django.db import migrations\n"
        "def forwards(apps, editor):\n"
        "    apps.get_model('blog', 'Article').objects.create(title='old')\n"
        "    apps.get_model('audit', 'AuditLog').objects.create(subject='old')\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('blog', '0001_initial'), ('audit', '0001_initial')]\n"
        "    operations = [migrations.RunPython(forwards)]\n"
    )
    done = site.sigtrace("run", "--no-live", "manage.py", "migrate", "-v0")
    assert done.returncode == 0, done.stderr
    (one,) = [one for one in findings(site) if one["id"] == "sigtrace.R005"]
    assert "blog.signals.generate_slug" in one["message"]
    assert "audit.receivers.log_article" in one["message"]
    assert (one["file"], one["line"]) == ("blog/migrations/0002_data.py", 3)
    drawn = site.sigtrace(*one["next"].split()[1:])
    assert "● Article.save()" in drawn.stdout, drawn.stderr


def test_the_rollbacks_of_testcases_are_no_findings(site):
    (site.path / "blog" / "tests.py").write_text(
        "from django.core.mail import send_mail\n"
        "from django.db import transaction\n"
        "from django.db.models.signals import post_save\n"
        "from django.test import TestCase\n"
        "from blog.models import Tag\n"
        "def effect(**kwargs):\n"
        "    transaction.on_commit(waits)\n"
        "    send_mail('s', 't', 'from@example.org', ['to@example.org'])\n"
        "def waits(): pass\n"
        "class Tests(TestCase):\n"
        "    def setUp(self):\n"
        "        post_save.connect(effect, sender=Tag)\n"
        "        self.addCleanup(post_save.disconnect, effect, sender=Tag)\n"
        "    def test_one(self):\n"
        "        Tag.objects.create(name='x').save()\n"
        "class Undone(TestCase):\n"
        "    def test_undone(self):\n"
        "        post_save.connect(effect, sender=Tag)\n"
        "        self.addCleanup(post_save.disconnect, effect, sender=Tag)\n"
        "        with self.assertRaises(KeyError), transaction.atomic():\n"
        "            Tag(name='y').save()\n"
        "            raise KeyError\n"
    )

    def found(label):
        done = site.sigtrace("run", "--effects", "--no-live", "manage.py", "test", label)
        assert done.returncode == 0, done.stderr
        return {one["id"] for one in findings(site)} - {"sigtrace.R011", "sigtrace.R003"}

    assert found("blog.tests.Tests") == set()
    # What the project itself rolls back within a test is another matter.
    assert found("blog.tests.Undone") == {"sigtrace.R008", "sigtrace.R010"}
