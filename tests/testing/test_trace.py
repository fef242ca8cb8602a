"""`sigtrace.trace()` says what a block set off, and leaves nothing behind."""

from __future__ import annotations

import django
import pytest

UNCHANGED = """
import sigtrace
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import signals
from django.core.handlers.base import BaseHandler
from django.core.management.base import BaseCommand
from django.dispatch import Signal, dispatcher
from django.test import SimpleTestCase
import unittest

class Loud(Signal):
    def send(self, *args, **kwargs):
        return super().send(*args, **kwargs)

loud = Loud()
HOLDERS = (
    Signal, Loud, signals.ModelSignal, models.Model, models.QuerySet, transaction.Atomic,
    BaseDatabaseWrapper, CursorWrapper, BaseHandler, BaseCommand, SimpleTestCase, unittest.TestCase,
    dispatcher, signals.post_init, signals.pre_init, signals.class_prepared, signals.post_save,
)
def held():
    return [list(vars(holder).items()) for holder in HOLDERS]
before = held()
"""


def test_what_a_block_set_off(in_site):
    said = in_site(
        """
import sigtrace
from blog.models import Article, Comment
from blog.signals import generate_slug
with sigtrace.trace() as t:
    article = Article.objects.create(title="Hello World")
    Article.objects.bulk_create([Article(title="x")])
    try: article.comments.create(text="spam")
    except Exception: pass
print(repr(t))
(slug,) = t.calls(generate_slug)
print(slug.receiver, slug.signal, slug.sender, slug.changes, slug.depth, slug.queries)
print(slug.file, slug.line, [c.changes for c in t.calls("signals.generate_slug")] == [slug.changes])
print([call.queries for call in t.calls("log_article")], len(t.calls("n*_article")))
print([(send.signal.rpartition(".")[2], send.sender, len(send.calls)) for send in t.sends])
print(t.sends[1].arguments["created"], t.sends[1].arguments["instance"], t.sends[-1].exception)
print(t.not_reached, t.bypassed)
print([chain.root.name for chain in t.chains])
"""
    )
    assert said.splitlines() == [
        "<Trace: 3 chains, 3 sends, 4 receiver calls>",
        (
            "blog.signals.generate_slug django.db.models.signals.pre_save blog.Article "
            "{'slug': ('', 'hello-world')} 1 0"
        ),
        "blog/signals.py 19 True",
        "[1] 1",
        (
            "[('pre_save', 'blog.Article', 1), ('post_save', 'blog.Article', 2), "
            "('pre_save', 'blog.Comment', 1)]"
        ),
        "True blog.Article pk=1 django.core.exceptions.ValidationError",
        (
            "('blog.receivers.tidy_comment',) ('blog.signals.generate_slug', "
            "'blog.signals.notify_about_article', 'audit.receivers.log_article')"
        ),
        "['Article.save()', 'QuerySet.bulk_create(Article)', 'Comment.save()']",
    ]


TREE = """\
● Article.save()  created                                 script.py
├─ pre_save
│  └─ generate_slug                                       blog/signals.py
│     ~ slug
├─ INSERT blog_article
└─ post_save  created=True
   ├─ notify_about_article                                blog/signals.py
   └─ log_article                                         audit/receivers.py
      └─ AuditLog.save()  created · 1 query · no receivers  audit/receivers.py
● article_published  send_robust · sender=blog.Article    script.py
│  article=blog.Article reason=…
├─ queue_newsletter                                       blog/receivers.py
"""

DRAWN = """
import sigtrace, sys
from blog.models import Article
from blog.signals import article_published
for _ in range(int(sys.argv[1])): Article.objects.create(title="earlier")
with sigtrace.trace() as t:
    article = Article.objects.create(title="Hello World")
    article_published.send_robust(Article, article=article, reason="none")
"""


def test_a_tree_without_durations_is_the_same_in_every_run(tested):
    script = tested.site.script(DRAWN + "sys.stdout.write(t.tree(durations=False))").name
    site = tested.site
    plain = site.run(site.interpreter, script, "0").stdout
    assert plain.startswith(TREE)
    assert site.run(site.interpreter, script, "3").stdout == plain
    for values in ("all", "redacted", "none"):
        recorded = site.sigtrace("run", "--no-live", "--values", values, script, "2")
        assert recorded.stdout == plain, values
    # The run itself has got what it gets without a block.
    assert len(site.trace().spans("save", name="Article.save()")) == 3


COPIED = """
import copy, pickle, sigtrace
from blog.models import Article
from blog.signals import generate_slug
from sigtrace.errors import SigtraceError
from sigtrace.testing import SignalTestMixin
from django.test import SimpleTestCase
class Test(SignalTestMixin, SimpleTestCase): pass
"""


def test_a_trace_can_be_copied_and_pickled(in_site):
    said = in_site(
        COPIED
        + """
def told(t):
    call = t.calls("generate_slug")[0]
    return (
        repr(t), str(t), t.tree(durations=False), t.sends, t.bypassed, call.changes,
        call.queries, t.events, len(t.calls(generate_slug)),
    )
with sigtrace.trace() as t:
    Article.objects.create(title="x")
    Article.objects.bulk_create([Article(title="x")])
    while_open = pickle.loads(pickle.dumps(t))
    print(len(while_open.calls()), copy.deepcopy(t) is t is copy.copy(t))
print(told(pickle.loads(pickle.dumps(t))) == told(t), copy.deepcopy({"t": t})["t"] is t)
with Test().assertSignals(["pre_save", "post_save"]) as expecting:
    Article.objects.create(title="x")
again = pickle.loads(pickle.dumps(expecting))
print(type(again) is sigtrace.Trace, len(again.calls()))
for other in (again, while_open):
    for step in (lambda: other.__enter__(), lambda: other.__exit__(None, None, None)):
        try: step()
        except SigtraceError as error: print(error.message)
with pickle.loads(pickle.dumps(sigtrace.trace())) as fresh: Article.objects.create(title="x")
print(len(fresh.calls()))
"""
    )
    assert said.splitlines() == [
        "3 True",
        "True True",
        "True 3",
        *[
            "A trace is of one block.",
            "This trace is not open: it was not entered, or is left already.",
        ]
        * 2,
        "3",
    ]


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")
def test_chains_that_overlap_are_drawn_in_the_order_of_their_start(in_site):
    said = in_site(
        """
import asyncio, sigtrace
from django.dispatch import Signal
first, second, third = Signal(), Signal(), Signal()
async def slow(**kwargs): await asyncio.sleep(0.03)
async def quick(**kwargs): pass
first.connect(slow)
second.connect(quick)
third.connect(quick)
async def main():
    with sigtrace.trace() as t:
        await asyncio.gather(*(each.asend(None) for each in (first, second, third)))
    return t
t = asyncio.run(main())
names = [chain.root.name for chain in t.chains]
for text in (str(t), t.tree(durations=False)):
    print([line.split()[1] for line in text.splitlines() if line.startswith("●")] == names, names)
"""
    )
    assert said.splitlines() == ["True ['first', 'second', 'third']"] * 2


def test_a_block_that_ends_meanwhile_says_what_became_of_its_chain(in_site):
    said = in_site(
        """
import sigtrace, threading
from django.db import transaction
from django.dispatch import Signal
def waits(**kwargs):
    thread = threading.Thread(target=rolls_back)
    thread.start()
    thread.join()
def heard(**kwargs): pass
def rolls_back():
    # Beside it, as a server's thread: another chain.
    try:
        with transaction.atomic(): second.send(None), 1 / 0
    except ZeroDivisionError: pass
first, second = Signal(), Signal()
first.connect(waits)
second.connect(heard)
with sigtrace.trace() as t: first.send(None)
print(t.tree(durations=False))
"""
    )
    assert [" ".join(line.split()) for line in said.splitlines()] == [
        "● first script.py",
        "└─ waits script.py",
        "● second ⎇ atomic script.py",
        "└─ heard script.py",
        "↺ 1 chain rolled back",
    ]


def test_a_tree_without_values_draws_none_of_its_senders(in_site):
    in_site(
        """
import sys, uuid
sys.path[:0] = ["audit/../helping"]
import pathlib
pathlib.Path("helping").mkdir()
pathlib.Path("helping/helper.py").write_text("def heard(**kwargs): pass")
from helper import heard
from blog.models import Article
from django.dispatch import Signal
import sigtrace

class Importer: pass
with sigtrace.trace() as t:
    signal = [Signal()]
    signal[0].connect(heard)
    for sender in ("a job", 3, 0.5, uuid.uuid4(), Importer, Importer(), Article(pk=5), Article, sys):
        signal[0].send(sender)
drawn = t.tree(durations=False).splitlines()
senders = [line.partition("sender=")[2].split()[0] for line in drawn if "sender=" in line]
module = Importer.__module__
assert senders == [
    "<str>", "<int>", "<float>", "<uuid.UUID>", f"{module}.Importer", f"<{module}.Importer>",
    "<blog.Article>", "blog.Article", "sys",
], drawn
assert all(line.split()[1] == "<Signal>" for line in drawn[::2]), drawn
assert all(line.split()[-1] == "helping/helper.py" for line in drawn[1::2]), drawn
shown = t.tree(durations=False, values=True)
assert "sender='a job'" in shown and "sender=float 0.5" in shown and "sender=blog.Article pk=5" in shown
assert "<Signal at script.py:" in t.tree()
"""
    )


VALUES = """
import sigtrace, sys
from blog.models import Article, Tag
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import Signal
asked = Signal()
def heard(**kwargs): pass
asked.connect(heard)
post_save.connect(heard, sender=Tag)
m2m_changed.connect(heard)
article, tag = Article.objects.create(title="x"), Tag.objects.get_or_create(name="a")[0]
with sigtrace.trace() as t:
    article.tags.add(tag)
    for number in range(3): asked.send(number)
    for value in (b"abc", bytearray(2), "a.b", "<b>bold</b>", 10**100, 0.5, None, True, [1], article):
        asked.send(type(value), value=value, password="p1", action="theirs", objects=Tag.objects.all())
    asked.send("x", model=Tag, function=heard)
    post_save.send(Tag, instance=tag, using="other", created=True)
    m2m_changed.send(Tag, action="theirs", instance=tag)
sys.stdout.write(t.tree(durations=False))
"""


def test_a_tree_without_values_does_not_depend_on_what_is_recorded(tested):
    site, script = tested.site, tested.site.script(VALUES).name
    plain = site.run(site.interpreter, script)
    lines = [line.strip("│ ") for line in plain.stdout.splitlines()]
    assert [line.split()[2] for line in lines if "m2m_changed" in line] == [
        "pre_add", "post_add", "sender=blog.Tag",
    ], plain.stderr  # fmt: skip
    values = [line for line in lines if line.startswith("value=")]
    assert [line.split()[0].removeprefix("value=") for line in values] == [
        *("…",) * 7, "True", "<list", "blog.Article",
    ]  # fmt: skip
    assert all(line.endswith("password=… action=… objects=<QuerySet blog.Tag>") for line in values)
    assert "model=<class blog.models.Tag> function=<function __main__.heard>" in lines
    assert "  ×2 more  asked" in plain.stdout
    for recorded in ("all", "redacted", "none"):
        done = site.sigtrace("run", "--no-live", "--values", recorded, script)
        assert done.stdout == plain.stdout, recorded
    sends = [send for send in site.trace().spans("send") if "action" in send["arguments"]]
    actions = {send["arguments"]["action"] for send in sends}
    assert actions == {"pre_add", "post_add", None}


def test_what_is_neither_the_projects_nor_installed_goes_by_its_module(tested, tmp_path):
    cell = tmp_path / "ipykernel_4711" / "1234.py"
    cell.parent.mkdir()
    cell.write_text("def heard(**kwargs): pass")
    script = tested.site.script(
        f"""
import sigtrace, sys
from unittest import mock
from django.dispatch import Signal
sys.path.append({str(cell.parent)!r})
signal, stand_in = Signal(), mock.Mock()
signal.connect(stand_in)
signal.connect(__import__("1234").heard)
with sigtrace.trace() as t: signal.send(None)
for line in t.tree(durations=False).splitlines(): print(line.split()[-1])
"""
    ).name
    done = tested.site.run(tested.site.interpreter, script)
    assert done.stdout.split() == ["script.py", "unittest/mock.py", "<cell>"], done.stderr


def test_a_tree_without_durations_is_the_same_in_every_folder(tested):
    script = tested.site.script(
        """
import os, sys, uuid, sigtrace
from blog.models import Tag
from django.test import override_settings
os.chdir(sys.argv[1])
if sys.argv[2:]: os.rmdir(os.getcwd())
with override_settings(USE_TZ=True), sigtrace.trace() as t: Tag.objects.create(name=uuid.uuid4().hex)
sys.stdout.write(t.tree(durations=False))
"""
    ).name
    (tested.site.path.parent / "pyproject.toml").touch()
    (tested.site.path / "gone").mkdir()
    drawn = {
        tested.site.run(tested.site.interpreter, script, *folder).stdout
        for folder in ((".",), ("..",), ("/",), ("gone", "removed"))
    }
    assert len(drawn) == 1, drawn
    assert "● Tag.save()" in drawn.pop()


def test_files_beside_the_project_are_relative_to_it(tested, tmp_path):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "helper.py").write_text(
        "from blog.models import Tag\ndef help_out(): Tag.objects.create(name='x')\n"
    )
    script = tested.site.script(
        f"""
import sys; sys.path.append({str(tmp_path / "beside")!r})
import helper, sigtrace
with sigtrace.trace() as t: helper.help_out()
print(t.tree(durations=False).splitlines()[0].split()[-1])
print(t.tree().splitlines()[0].split()[-3])
"""
    ).name
    done = tested.site.run(tested.site.interpreter, script)
    beside = tmp_path / "beside" / "helper.py"
    assert done.stdout.split() == ["../beside/helper.py", f"{beside}:2"], done.stderr


def test_everything_is_put_back(in_site):
    in_site(
        UNCHANGED
        + """
from django.dispatch import receiver
heard = []
with sigtrace.trace() as outer:
    with sigtrace.trace() as inner:
        loud.connect(lambda **kwargs: heard.append(1), weak=False)
        loud.send(None)
    assert held() != before
    loud.send(None)
after = held()
assert after == before, [a for a, b in zip(after, before) if a != b]
assert (len(outer.sends), len(inner.sends), len(heard)) == (2, 1, 2)
loud.send(None)
assert len(outer.sends) == 2
try:
    with sigtrace.trace(): raise KeyError("theirs")
except KeyError: pass
assert held() == before
"""
    )


def test_a_block_is_put_back_where_somebody_else_patched_on_top(in_site):
    in_site(
        UNCHANGED
        + """
block = sigtrace.trace()
block.__enter__()
ours = Signal.send
Signal.send = lambda self, *args, **kwargs: ours(self, *args, **kwargs)
theirs = Signal.send
block.__exit__(None, None, None)
assert Signal.send is theirs
heard = []
loud.connect(lambda **kwargs: heard.append(1), weak=False)
with sigtrace.trace() as t: loud.send(None)
assert heard == [1]
assert len(t.sends) == 1
"""
    )


# What is put in place, how many sends are seen then, and how a mock was called.
STAND_INS = {
    "send": ("'send'", "1 [call(None)]"),
    "send_robust": ("'send_robust'", "1 [call(None)]"),
    "connect": ("'connect'", "2 [call(heard)]"),
    "autospec": ("'send', autospec=True", "1 [call(bus, None)]"),
    "partial": ("'send', partial(bool)", "1 None"),
    "wrapper": ("'send', wrapper", "2 None"),
}


@pytest.mark.parametrize("first_use", ["nullcontext", "sigtrace.trace"])
@pytest.mark.parametrize(("stand_in", "said"), STAND_INS.values(), ids=STAND_INS)
def test_what_stands_in_place_of_a_send_is_left_alone(in_site, first_use, stand_in, said):
    shown = in_site(
        UNCHANGED
        + f"""
from contextlib import nullcontext
from functools import partial, wraps
from unittest import mock
class Bus(Signal):
    def __repr__(self): return "bus"
class Heard:
    def __repr__(self): return "heard"
    def __call__(self, **kwargs): pass
send, bus, heard = Signal.send, Bus(), Heard()
@wraps(send)
def wrapper(self, *args, **kwargs):
    return send(self, *args, **kwargs)
bus.connect(heard)
with {first_use}(): pass
with mock.patch.object(Signal, {stand_in}) as stand_in:
    with_it = held()
    with sigtrace.trace() as t:
        bus.send(None)
        bus.send_robust(None)
        bus.connect(heard)
    assert held() == with_it
    calls = getattr(stand_in, "call_args_list", None)
    print(len(t.sends), None if calls is None else [*calls])
with sigtrace.trace() as t: bus.send(None)
print(len(t.sends))
assert held() == before
"""
    )
    assert shown.splitlines() == [said, "1"]


@pytest.mark.parametrize("first_use", ["nullcontext", "sigtrace.trace"])
def test_many_to_many_relations_are_seen_whenever_they_were_first_used(in_site, first_use):
    said = in_site(
        f"""
import sigtrace
from contextlib import nullcontext
from blog.models import Article, Tag
from django.db import connection, models, transaction

class Shelf(models.Model):
    tags = models.ManyToManyField(Tag, related_name="+")
    class Meta:
        app_label = "nowhere"  # of no installed app

with connection.schema_editor() as editor:
    editor.create_model(Shelf)
with transaction.atomic():
    article, tag = Article.objects.create(title="x"), Tag.objects.create(name="a")
    shelf = Shelf.objects.create()
    with {first_use}():
        held = article.tags
        other = article.tags(manager="objects")
        managers = [held, tag.articles, other, shelf.tags]
        for manager in managers: manager.clear()
    def found():
        return [list(vars(type(manager)).items()) for manager in managers]
    before = found()
    for _ in range(2):
        with sigtrace.trace() as t:
            article.tags.add(tag)
            tag.articles.set([])
            held.add(tag)
            other.remove(tag)
            shelf.tags.add(tag)
        print(*(chain.root.name for chain in t.chains))
    assert found() == before
    transaction.set_rollback(True)
with connection.schema_editor() as editor:
    editor.delete_model(Shelf)
"""
    )
    block = (
        "Article.tags.add() Tag.articles.set() Article.tags.add() Article.tags.remove() "
        "Shelf.tags.add()"
    )
    assert said.splitlines() == [block, block]


def test_a_signal_made_before_that_no_module_holds_has_no_place(in_site):
    said = in_site(
        """
import sigtrace
from django.dispatch import Signal
def heard(**kwargs): pass
def trace_of(signal):
    signal[0].connect(heard)
    with sigtrace.trace() as t: signal[0].send(None)
    (call,) = t.calls()
    print(call.signal, t.tree(durations=False).split()[1], t.tree().split()[1])
before = [Signal()]
trace_of(before)
with sigtrace.trace(): within = [Signal()]
trace_of(within)
named = before[0]  # from here on a module holds it
import types, sys
sys.modules["later"] = types.ModuleType("later")
trace_of(before)
"""
    )
    assert said.splitlines() == [
        "<Signal> <Signal> <Signal>",
        "__main__.<Signal at script.py:16> <Signal> <Signal",
        "__main__.named named named",
    ]


OF_MODULES = {
    "shop_signals": """
from django.dispatch import Signal
paid = Signal()
at: Signal = Signal(  # in two lines
)
class Box:
    opened = Signal()
""",
    "a": """
from shop_signals import *
z = paid  # not Signal()
y: object = at
x = Box.opened
""",
    "b": "from a import x, y, z",
}


@pytest.mark.parametrize("made", ["before", "within"])
def test_a_signal_is_named_by_what_it_was_made_for_and_not_by_an_alias(in_site, tested, made):
    for name, source in OF_MODULES.items():
        (tested.site.path / f"{name}.py").write_text(source)
    said = in_site(
        f"""
import sigtrace
from contextlib import nullcontext
with {"nullcontext" if made == "before" else "sigtrace.trace"}(): import b, shop_signals
with sigtrace.trace() as t:
    for signal in b.x, b.y, b.z:
        signal.connect(lambda **kwargs: None, weak=False)
        signal.send(None)
print(*(send.signal for send in t.sends))
"""
    )
    assert said.split() == ["shop_signals.Box.opened", "shop_signals.at", "shop_signals.paid"]


def test_connections_made_before_are_described(in_site):
    said = in_site(
        """
import sigtrace
from blog.models import Tag
with sigtrace.trace() as t: Tag.objects.create(name="X")
(call,) = t.calls()
print(call.dispatch_uid, call.receiver, call.line)
"""
    )
    assert said == "blog.normalise_tag_name blog.receivers.normalise_tag_name 43\n"


def test_what_is_around_a_block_is_not_in_it(in_site):
    in_site(
        """
import sigtrace
from blog.models import Article, Tag
from django.db import transaction
from django.db.models.signals import post_save
inner = []
def nosy(**kwargs):
    with sigtrace.trace() as t: Tag.objects.create(name="inner")
    inner.append(t)
with sigtrace.trace() as outer:
    post_save.connect(nosy, sender=Article)
    with transaction.atomic(): Article.objects.create(title="x")
(t,) = inner
assert [chain.root.name for chain in t.chains] == ["Tag.save()"], t.tree()
assert "continued" not in t.tree() and "⎇" not in t.tree(), t.tree()
assert "⎇ atomic" in outer.tree(), outer.tree()
assert len(outer.chains) == 1
assert [call.depth for call in outer.calls("normalise_tag_name")] == [2]
"""
    )


def test_threads_and_tasks_see_their_own(in_site):
    in_site(
        """
import asyncio, threading
import sigtrace
from asgiref.sync import async_to_sync, sync_to_async
from django.dispatch import Signal
said, plain = Signal(), Signal()
async def hears(**kwargs): await asyncio.sleep(0)
def listens(**kwargs): pass
said.connect(listens)
plain.connect(listens)
if hasattr(Signal, "asend"): said.connect(hears)

def send(): said.send(None)

async def traced(number):
    async with sigtrace.trace() as t:
        for _ in range(number):
            await sync_to_async(send)()
            await asyncio.to_thread(send)
            await asyncio.sleep(0)
    assert len(t.sends) == 2 * number, (number, len(t.sends))

async def untraced():
    for _ in range(4):
        plain.send(None)
        await sync_to_async(send)()

async def main():
    with sigtrace.trace() as around:
        await asyncio.gather(traced(1), traced(2), untraced(), traced(3))
    assert len(around.sends) == 2 * 6 + 8
    await asyncio.gather(traced(1), untraced())

with sigtrace.trace() as all_of_it: asyncio.run(main())
assert len(all_of_it.sends) == 20 + 2 + 8
asyncio.run(main())

def in_thread(number):
    with sigtrace.trace() as t:
        barrier.wait()
        for _ in range(number): send()
        barrier.wait()
    found.append((number, len(t.sends)))
barrier, found = threading.Barrier(2), []
threads = [threading.Thread(target=in_thread, args=[number]) for number in (3, 5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert sorted(found) == [(3, 3), (5, 5)], found

# What a thread traces itself is around it too, and does not hide what others send.
def nested():
    with sigtrace.trace() as own:
        send()
        opened.set()
        sent.wait()
    found.append(len(own.sends))
opened, sent, found = threading.Event(), threading.Event(), []
with sigtrace.trace() as t:
    threads = [threading.Thread(target=nested) for _ in range(2)]
    for thread in threads: thread.start()
    opened.wait()
    other = threading.Thread(target=send)
    other.start()
    other.join()
    sent.set()
    for thread in threads: thread.join()
assert len(t.sends) == 3, t
assert sum(found) in (2, 3), found  # the other one is in a block that was open alone

with sigtrace.trace() as t, sigtrace.trace() as inner:
    thread = threading.Thread(target=send)
    thread.start()
    thread.join()
assert len(t.sends) == len(inner.sends) == 1
"""
    )


def test_a_block_in_a_fork_is_the_forks(in_site):
    in_site(
        """
import os, sigtrace
from blog.models import Tag
with sigtrace.trace() as t:
    Tag.objects.create(name="a")
    child = os.fork()
    if not child:
        with sigtrace.trace() as own: Tag.objects.create(name="b")
        os._exit(0 if len(own.chains) == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert len(t.chains) == 1
"""
    )


@pytest.mark.parametrize("traced", [False, True])
def test_what_cannot_be_traced_is_said(tested, traced):
    script = tested.site.script(
        """
import sigtrace
with sigtrace.trace() as t: pass
leave = (None, None, None)
for wrong in (t.__enter__, lambda: t.__exit__(*leave), lambda: sigtrace.trace().__exit__(*leave)):
    try: wrong()
    except sigtrace.testing.TraceError as error: print(error, error.hint)
"""
    ).name
    run = tested.site.sigtrace if traced else tested.site.run
    words = ("run", "--no-live") if traced else (tested.site.interpreter,)
    done = run(*words, script)
    not_open = (
        "This trace is not open: it was not entered, or is left already. "
        "with sigtrace.trace() as t: …\n"
    )
    assert (
        done.stdout == f"A trace is of one block. Make another: sigtrace.trace().\n{not_open * 2}"
    )
    assert done.returncode == 0, done.stderr


def test_a_block_that_sets_the_project_up_sees_all_that_it_does(tested):
    (tested.site.path / "sets_up.py").write_text(
        """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import sigtrace
with sigtrace.trace() as t:
    import django
    django.setup()
    from django.core.management import call_command
    from blog.models import Tag
    call_command("migrate", verbosity=0)
    Tag.objects.create(name="a")
    Tag.objects.bulk_create([Tag(name="b")])
from django.dispatch import Signal
from django.db.models import Model
for hooked in (Signal.send, Model.save_base): assert hooked.__globals__["__name__"].startswith("django.")
with sigtrace.trace() as later:
    Tag.objects.create(name="c")
    Tag.objects.bulk_create([Tag(name="d")])
names = [chain.root.name for chain in t.chains if "Tag" in chain.root.name]
assert names == ["Tag.save()", "QuerySet.bulk_create(Tag)"], names
assert t.tree(durations=False).endswith(later.tree(durations=False)), t
assert not [send for send in t.sends if send.signal.endswith("_init")]
"""
    )
    done = tested.site.run(tested.site.interpreter, "sets_up.py")
    assert done.returncode == 0, done.stderr


def test_a_block_in_a_full_run_is_whole(tested):
    script = tested.site.script(
        """
import sigtrace
from blog.models import Tag
for number in range(2000): Tag.objects.create(name=f"t{number}")
with sigtrace.trace() as t: Tag.objects.create(name="last")
print(len(t.chains), len(t.calls()))
Tag.objects.create(name="later")
with sigtrace.trace() as t: Tag.objects.create(name="even later")
print(len(t.chains), len(t.calls()))
"""
    ).name
    options = ("run", "--no-live", script)
    done = tested.site.sigtrace(*options, env={"SIGTRACE_MAX_BYTES": "200000"})
    assert done.stdout == "1 1\n1 1\n"
    assert "the run has reached its size limit" in done.stderr
    trace = tested.site.trace()
    recorded, saves = len(trace.lines("end")), 2003
    # A save has a chain, a send, a receiver and a query.
    assert recorded + trace.lines("counts")[-1]["dropped"] == 4 * saves
    assert sum(path.stat().st_size for path in trace.processes) < 400_000


def test_a_receiver_that_is_passed_is_that_object(in_site):
    in_site(
        """
import functools
from unittest import mock
import sigtrace
from django.dispatch import Signal
from sigtrace.testing.alignment import MISSING, UNEXPECTED, difference
from sigtrace.testing.expected import parts_of, sent

class Handler:
    def __call__(self, **kwargs): pass
    def handle(self, **kwargs): pass
class Slotted:
    __slots__ = ()
    def __call__(self, **kwargs): pass
def factory():
    def inner(**kwargs): pass
    return inner
def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs): return function(*args, **kwargs)
    return wrapper

def traced(receiver):
    signal = Signal()
    signal.connect(receiver, weak=False)
    with sigtrace.trace() as t: signal.send(None)
    return t

one = Handler()
function = factory()
told = {}
for called, other in (
    (mock.Mock(), mock.Mock()),
    (mock.Mock(name="a"), mock.Mock(name="a")),
    (lambda **kwargs: 1, lambda **kwargs: 2),
    (one, Handler()),
    (one.handle, Handler().handle),
    (function, factory()),
    ({}.update, {}.update),
    (functools.partial(function), functools.partial(function)),
    (decorated(function), decorated(function)),
):
    t = traced(called)
    assert (len(t.calls(called)), len(t.calls(other))) == (1, 0), (called, other)
    (same,), (another,) = parts_of([("*", ..., called)]), parts_of([("*", ..., other)])
    found = sent(t.sends, t._block, receivers=True)
    assert difference([same], found) == ([], {})
    assert difference([another], found)[0]

# What the object that is called runs, and what it was before a decorator, are meant as well.
for called, asked in (
    (functools.partial(function), function),
    (functools.partial(one.handle), one.handle),
    (decorated(function), function),
    (function, decorated(function)),
    (one.handle, Handler.handle),
    (one, Handler.__call__),
    (told.update, told.update),
    (Slotted(), Slotted()),  # takes no weak reference: told by its name alone
):
    assert len(traced(called).calls(asked)) == 1, (called, asked)
assert not traced(function).calls(functools.partial(function))
cyclic = factory()
cyclic.__wrapped__ = cyclic
assert not traced(cyclic).calls(factory()) and not traced(factory()).calls(cyclic)
named = mock.Mock(name="told")
assert traced(named).calls("told")[0].receiver == "unittest.mock.Mock.told"
spec = mock.create_autospec(function)
assert traced(spec).calls()[0].receiver == "inner"

import gc, weakref
gone = Handler()
died = weakref.ref(gone)
t = traced(gone)
del gone
gc.collect()
assert died() is None and not t.calls(Handler())

twins = [Signal() for _ in range(2)]
for twin in twins: twin.connect(function)
del twin
with sigtrace.trace() as t: twins[0].send(None)
found = sent(t.sends, t._block, receivers=False)
assert difference(list(parts_of([twins[0]])), found) == ([], {})
assert "another of that name" in difference(list(parts_of([twins[1]])), found)[0][0]

# What differs is aligned by what it is, not by how it reads.
both = Signal()
pair = [mock.Mock(), mock.Mock()]
for each in pair: both.connect(each)
with sigtrace.trace() as t: both.send(None)
found = sent(t.sends, t._block, receivers=True)
first, second = (one.id for one in found)
another = " (another of that name)"
for expected, signs, marked in (
    ((0, 1), [], {}),
    ((1, 0), ["-…", "", "+…"], {second: UNEXPECTED}),
    ((0, 0), ["", "-…", "+…"], {first: MISSING, second: UNEXPECTED}),
    ((0,), ["", "+…"], {second: UNEXPECTED}),
    ((1,), ["+…", ""], {first: UNEXPECTED}),
    ((0, 1, 0), ["", "", "-…"], {second: MISSING}),
    (("*",), ["", "+"], {second: UNEXPECTED}),
    (("*", 1, 1), ["", "", "-…"], {second: MISSING}),
):
    items = [(both, None, pair[one] if one != "*" else "*") for one in expected]
    lines, marks = difference(list(parts_of(items)), found)
    plain = [line[2:3].strip() + "…" * line.endswith(another) for line in lines]
    assert plain == signs, (expected, lines)
    assert {span: mark[:len(marked[span])] for span, mark in marks.items()} == marked, expected
"""
    )


def test_rich_draws_it(in_site):
    said = in_site(
        """
import io, sigtrace
from blog.models import Tag
from rich.console import Console
with sigtrace.trace() as t: Tag.objects.create(name="[red]X")
for width in (60, 100):
    console = Console(file=io.StringIO(), width=width)
    console.print(t)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("● Tag.save()  created"), lines
    assert max(map(len, lines)) <= width, lines
    assert "'[red]X' → '[red]x'" in console.file.getvalue()
"""
    )
    assert said == ""


def test_without_django_a_sentence_says_what_is_missing(tmp_path):
    import sys

    from tests.support import run_process

    code = "import sys; sys.modules['django'] = None; import sigtrace; sigtrace.trace().__enter__()"
    done = run_process(sys.executable, "-c", code, cwd=tmp_path)
    assert "TraceError: sigtrace.trace() needs Django" in done.stderr


def test_the_example_of_its_docstring_holds(in_site):
    said = in_site(
        """
import doctest, sigtrace
from blog.models import Article
names = {"sigtrace": sigtrace, "article": Article(title="Hello World")}
doctest.run_docstring_examples(sigtrace.trace, names)
"""
    )
    assert said == ""
