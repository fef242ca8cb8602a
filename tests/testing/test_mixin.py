"""The assertions of `SignalTestMixin`, in each kind of test case, and what their failures say."""

from __future__ import annotations

import re

import pytest

from tests.conftest import SERVICE

PASSES = """
class Passes(SignalTestMixin, TestCase):
    def test_signals(self):
        with self.assertSignals([]): pass
        with self.assertSignals(["pre_save blog.Article", "post_save"]) as t:
            Article.objects.create(title="a")
        self.assertEqual(len(t.calls()), 3)
        with self.assertSignals([pre_save, (post_save, Article)]):
            Article.objects.create(title="a")
        with self.assertSignals([
            ("pre_save", "blog.Article", generate_slug),
            "post_save blog.Article -> notify_about_article",
            "django.db.models.signals.post_save Article → audit.*",
        ]):
            Article.objects.create(title="a")

    def test_receivers(self):
        with self.assertReceiverCalled("log_article"), self.assertNumReceiverCalls(6):
            with self.assertReceiverCalled(generate_slug, times=2, sender=Article):
                Article.objects.create(title="a")
                Article.objects.create(title="b")
        with self.assertReceiverNotCalled(generate_slug), self.assertNoSignals():
            Article.objects.update(title="c")
        with self.assertReceiverNotCalled("generate_slug", sender="blog.Tag"):
            Article.objects.create(title="a")

    def test_a_text_as_the_sender(self):
        import enum
        from blog.signals import article_published, generate_slug
        article_published.connect(generate_slug)
        self.addCleanup(article_published.disconnect, generate_slug)
        with self.assertReceiverCalled(generate_slug, sender="import"):
            article_published.send_robust("import")
        class How(str, enum.Enum): IMPORT = "import"
        for meant in (How.IMPORT, "import"):
            with self.assertReceiverCalled(generate_slug, sender=meant):
                article_published.send_robust(How.IMPORT)

    def test_senders_that_are_no_models(self):
        class Importer: pass
        def on_done(**kwargs): pass
        def on_init(**kwargs): pass
        article_published.connect(on_done, sender=Importer)
        article_published.connect(on_done, sender="a job")
        pre_save.connect(on_init, sender=Tag)
        self.addCleanup(article_published.disconnect, on_done, sender=Importer)
        pair, manager = (Importer, Tag), Tag.objects
        for sender in (pair, manager):
            article_published.connect(on_init, sender=sender)
            self.addCleanup(article_published.disconnect, on_init, sender=sender)
            with self.assertReceiverNotCalled(on_done, sender=sender): pass
        for sender in (Importer, "Importer", "a job", Importer(), "blog.Article", "*.Tag", None):
            with self.assertReceiverNotCalled(on_done, sender=sender): pass
        with self.assertReceiverNotCalled(on_done, sender="sent by hand"):
            article_published.connect(generate_slug)
            article_published.send_robust("sent by hand")
            article_published.disconnect(generate_slug)
        with self.assertReceiverNotCalled(on_init): Article(title="a")

    def test_a_class_that_is_the_receiver(self):
        class Called:
            def __init__(self, **kwargs): pass
        article_published.connect(Called)
        self.addCleanup(article_published.disconnect, Called)
        with self.assertReceiverNotCalled(Called): pass
        with self.assertReceiverCalled(Called): article_published.send_robust(None)

    def test_an_exception_is_the_users(self):
        with self.assertRaises(KeyError), self.assertReceiverCalled(generate_slug):
            raise KeyError

    def test_what_djangos_own_receivers_hear_is_nothing(self):
        with self.assertNoSignals() as t:
            self.client.get("/articles/1/publish/")
        self.assertEqual(t.tree(), "")

    async def test_async(self):
        async with self.assertSignals(["pre_save", "post_save"]):
            await Article.objects.acreate(title="a")
        with self.assertReceiverCalled("generate_slug", times=2):
            await asyncio.gather(*(Article.objects.acreate(title="a") for _ in range(2)))
        article = await Article.objects.acreate(title="a")
        with self.assertReceiverCalled("check_links", times=1) as t:
            await self.async_client.post(f"/articles/{article.pk}/publish-async/")
        assert "▸ request POST articles/<int:pk>/publish-async/" in t.tree()


class PassesInTransactions(SignalTestMixin, TransactionTestCase):
    def test_on_commit(self):
        article = Article.objects.create(title="a")
        with self.assertNumReceiverCalls(RECEIVERS) as t:
            self.client.post(f"/articles/{article.pk}/publish/")
        assert "on_commit send_newsletter  registered by queue_newsletter" in t.tree()


@override_settings(STATIC_URL="/static/")
class PassesLive(SignalTestMixin, LiveServerTestCase):
    def publish(self):
        request = urllib.request.Request(
            f"{self.live_server_url}/articles/{self.article.pk}/publish/", method="POST")
        urllib.request.urlopen(request).read()

    def setUp(self):
        self.article = Article.objects.create(title="a")

    def test_the_server(self):
        with self.assertReceiverCalled(generate_slug, times=1):
            with self.assertNumReceiverCalls(RECEIVERS):
                self.publish()

    async def test_the_server_asynchronously(self):
        with self.assertReceiverCalled(generate_slug, times=1):
            await asyncio.to_thread(self.publish)

RECEIVERS = 7 if hasattr(Signal, "asend") else 5
"""


@pytest.mark.parametrize("way", ["django", "pytest", "traced"])
def test_what_holds_is_no_failure(tested, way):
    if way != "django":
        pytest.importorskip("pytest_django", reason=f"{SERVICE} pytest-django is missing")
    tested.write(PASSES)
    if way == "traced":
        words = ("-m", "pytest", "-q", "-o", "python_files=tests*.py", "--ds=config.settings")
        done = tested.site.sigtrace("run", "--no-live", *words, "blog/tests_more.py")
    else:
        done = tested.django() if way == "django" else tested.pytest()
    assert done.returncode == 0, done.stdout + done.stderr


FAILS = {
    'self.assertSignals(["pre_save", "post_save -> search"])': (
        "ValueError: 'pre_save' names no receiver, and others do: expect sends or calls, not both.",
    ),
    'self.assertSignals(["pre_save -> generate_slug", "post_save blog.Article -> search"])': (
        "The receiver calls are not those that were expected (- expected, + happened):",
        "    pre_save blog.Article → blog.signals.generate_slug",
        "  - post_save blog.Article → search",
        "  + post_save blog.Article → blog.signals.notify_about_article",
        "  + post_save blog.Article → audit.receivers.log_article",
        "│ └─ generate_slug ← missing after it: post_save blog.Article → search blog/signals.py:19",
        "├─ notify_about_article ← not expected blog/signals.py:26",
        "└─ log_article ← not expected audit/receivers.py:13",
    ),
    "self.assertNoSignals('no mail')": (
        "No signals were expected, 2 were sent:",
        "├─ pre_save ← not expected",
        "└─ post_save created=True · ← not expected",
        "no mail",
    ),
    "self.assertReceiverCalled(generate_slug, times=2)": (
        "blog.signals.generate_slug was called once, expected were 2.",
    ),
    "self.assertReceiverCalled('log_article', sender=Tag)": (
        "log_article was not called for blog.Tag.",
        "It was called for blog.Article.",
    ),
    "self.assertReceiverCalled('log_artcle')": (
        "log_artcle was not called.",
        (
            "No receiver of that name is connected: 'log_artcle'. Did you mean "
            "audit.receivers.log_article?"
        ),
    ),
    "self.assertSignals('post_save')": (
        "TypeError: A list of signals is expected, not the text 'post_save'.",
    ),
    "self.assertSignals(post_save)": (
        "TypeError: A list of signals is expected, not of type ModelSignal.",
    ),
    "self.assertSignals(('pre_save', (post_save, None)))": (
        "    pre_save blog.Article",
        "  - post_save (no sender)",
        "  + post_save blog.Article",
    ),
    "self.assertSignals(['pre_save', (post_save, None, 'log_article')][1:])": (
        "  - post_save (no sender) → log_article",
    ),
    "self.assertReceiverNotCalled('clean_name')": (
        "TraceError: No receiver of that name is connected: 'clean_name'.\n",
        "Or it is disconnected or muted just now: pass the function itself if that is meant.",
    ),
    "self.assertSignals([generate_slug])": (
        "TypeError: A signal or its name is expected, not of type function.",
    ),
    "self.assertReceiverNotCalled([generate_slug])": (
        "TypeError: A receiver is a function or its name, not of type list.",
    ),
    **{
        f"self.assertReceiverNotCalled(generate_slug, sender={sender})": (f"TraceError: {said}",)
        for sender, said in {
            "'blog.Artcle'": (
                "No sender of that name is known: 'blog.Artcle'. Did you mean blog.Article?"
            ),
            "'Artcle'": "No sender of that name is known: 'Artcle'. Did you mean blog.Article?",
            "'blgo.Article'": (
                "No sender of that name is known: 'blgo.Article'. Did you mean blog.Article?"
            ),
            "'blog.models.Article'": (
                "No sender of that name is known: 'blog.models.Article'. Did you mean blog.Article?"
            ),
            "SimpleLazyObject(lambda: Article)": (
                "A sender is the object itself, not one that is lazy: "
                "<django.utils.functional.SimpleLazyObject>."
            ),
            "Article(pk=1)": (
                "A model's signals are sent by its class, not by an instance: blog.Article pk=1."
            ),
            **{
                senders: f"A sender is one object, not several of them: <{kind} {number}>."
                for senders, kind, number in (
                    ("[Article]", "list", 1),
                    ("(Article, Tag)", "tuple", 2),
                    ("{Article}", "set", 1),
                )
            },
            **{
                asked: (
                    "A model's signals are sent by its class, not by what asks for its rows: "
                    f"<{kind}>."
                )
                for asked, kind in (
                    ("Article.objects", "django.db.models.manager.Manager"),
                    ("Article.objects.all()", "QuerySet blog.Article"),
                )
            },
        }.items()
    },
    **{
        f"self.assertReceiverCalled(generate_slug, times={times})": (
            f"TraceError: times is a whole number of calls, not {times}.",
        )
        for times in ("'1'", "-1", "True", "1.0")
    },
    "self.assertNumReceiverCalls('3')": (
        "TraceError: number is a whole number of calls, not '3'.",
    ),
    "self.assertNumReceiverCalls(None)": (
        "TraceError: number is a whole number of calls, not None.",
    ),
    "self.assertReceiverNotCalled(Listener)": (
        "TraceError: blog.tests_more.Listener is a class, of which an instance or its method",
    ),
    **{
        f"self.assertSignals([{expected}])": (
            "TraceError: post_init is not recorded: its sends are not seen.",
        )
        for expected in ("post_init", "pre_save, 'signals.post_init blog.Article'")
    },
    "self.assertSignals(['post_i*'])": (
        "The signals are not those that were expected (- expected, + happened):",
        "- post_i*",
    ),
    "self.assertReceiverCalled(Listener)": (
        "blog.tests_more.Listener was not called.",
        "blog.tests_more.Listener is a class, of which an instance or its method listens.",
    ),
    "self.assertReceiverNotCalled(on_init)": (
        (
            "TraceError: blog.tests_more.on_init listens to pre_init, post_init, which are not "
            "recorded: its calls are not seen."
        ),
    ),
    "self.assertReceiverNotCalled('on_init')": (
        "TraceError: on_init listens to pre_init, post_init, which are not recorded",
    ),
    "self.assertReceiverCalled(on_init)": (
        "TraceError: blog.tests_more.on_init listens to pre_init, post_init, which are not",
    ),
    "self.assertReceiverCalled(on_both)": (
        "blog.tests_more.on_both was not called.",
        "blog.tests_more.on_both listens to pre_init, which is not recorded.",
    ),
    "self.assertReceiverNotCalled('log_artcle')": (
        (
            "sigtrace.testing.errors.TraceError: No receiver of that name is connected: 'log_artcle'. "
            "Did you mean audit.receivers.log_article?"
        ),
    ),
    "self.assertReceiverNotCalled(generate_slug)": (
        "blog.signals.generate_slug was called once, which is not expected.",
        "│ └─ generate_slug ← not expected blog/signals.py:19",
    ),
    "self.assertNumReceiverCalls(2)": (
        "3 receiver calls, expected were 2.",
        "└─ log_article ← not expected audit/receivers.py:13",
    ),
}


LISTENING = """
from django.db.models.signals import post_init, pre_init
from django.utils.functional import SimpleLazyObject
class Listener:
    def handle(self, **kwargs): pass
listener = Listener()
post_save.connect(listener.handle, sender=Tag)
def on_init(**kwargs): pass
def on_both(**kwargs): pass
pre_init.connect(on_init, sender=Tag)
post_init.connect(on_init, sender=Tag)
pre_init.connect(on_both, sender=Tag)
post_save.connect(on_both, sender=Tag)
"""


def test_a_failure_says_what_happened_and_ends_at_the_tests_own_line(tested):
    tested.write(
        f"{LISTENING}class Fails(SignalTestMixin, TestCase):\n"
        + "\n".join(
            f"    def test_{number}(self):\n        with {block}: Article.objects.create(title='a')"
            for number, block in enumerate(FAILS)
        )
    )
    done = tested.django()
    errors = sum("Error:" in lines[0] for lines in FAILS.values())
    summary = f"FAILED (failures={len(FAILS) - errors}, errors={errors})"
    assert summary in done.stderr, done.stderr
    said = re.split(r"={70}\n", done.stderr)
    for number, lines in enumerate(FAILS.values()):
        (one,) = [text for text in said if f"test_{number} (" in text]
        plain = [" ".join(line.split()) for line in one.splitlines()]
        for line in lines:
            is_whole, said_line = line.endswith("\n"), " ".join(line.split())
            assert any(
                shown.endswith(said_line) if is_whole else said_line in shown for shown in plain
            ), (line, one)
        if "Error:" not in lines[0]:
            assert one.count('File "') == 1, one


def test_a_trace_may_be_kept_on_the_class_or_the_test(tested):
    tested.write(
        """
class Kept(SignalTestMixin, TestCase):
    @classmethod
    def setUpTestData(cls):
        with sigtrace.trace() as cls.made: Article.objects.create(title="a")
    def test_one(self):
        self.assertEqual(len(self.made.calls()), 3)
    test_two = test_one
    def test_sent(self):
        import pickle
        with sigtrace.trace() as self.now, self.assertNumReceiverCalls(3) as self.checked:
            Article.objects.create(title="a")
        # As a test runner sends a subtest that fails to the process that reports it.
        sent = pickle.loads(pickle.dumps(vars(self) | {"_outcome": None}))
        self.assertEqual(len(sent["now"].calls()), len(sent["checked"].calls()))
"""
    )
    done = tested.django()
    assert done.returncode == 0, done.stderr


def test_no_sender_reads_as_one_where_it_is_expected(in_site):
    said = in_site(
        """
import sigtrace
from blog.models import Tag
from django.dispatch import Signal
from django.test import SimpleTestCase
from sigtrace.testing import SignalTestMixin
class Test(SignalTestMixin, SimpleTestCase): pass
shipped = Signal()
def heard(**kwargs): pass
shipped.connect(heard)
for expected in ([(shipped, None), (shipped, None)], [shipped], [(shipped, None, heard)]):
    try:
        with Test().assertSignals(expected):
            shipped.send(None)
            shipped.send(Tag)
    except AssertionError as error:
        print(*[line for line in str(error).splitlines() if line[:2] == "  "], sep="\\n")
"""
    )
    assert said.splitlines() == [
        "    shipped (no sender)",
        "  - shipped (no sender)",
        "  + shipped blog.Tag",
        "    shipped",
        "  + shipped blog.Tag",
        "    shipped (no sender) → __main__.heard",
        "  + shipped blog.Tag → __main__.heard",
    ]


def test_a_long_failure_is_cut_and_shows_what_differs(tested):
    tested.write(
        """
class Fails(SignalTestMixin, TestCase):
    def many(self, number):
        for n in range(number): Article.objects.create(title=str(n))
    def test_none(self):
        with self.assertNoSignals(): self.many(150)
    def test_one_more(self):
        with self.assertSignals(["pre_save", "post_save"] * 120 + ["pre_save"]): self.many(121)
    def test_fits(self):
        with self.assertNoSignals(): self.many(10)
"""
    )
    done = tested.django()
    parts = {one.split()[1]: one for one in re.split(r"={70}\n", done.stderr)[1:]}
    assert parts.keys() == {"test_none", "test_one_more", "test_fits"}, done.stderr
    for one in (parts["test_none"], parts["test_one_more"]):
        assert len(one.splitlines()) < 430
    assert "300 were sent" in parts["test_none"]
    assert "… 100 lines more\n\n● Article.save()" in parts["test_none"]
    assert "… 42 lines before\n" in parts["test_one_more"]
    assert "\n  + post_save blog.Article\n\n… " in parts["test_one_more"]
    assert parts["test_one_more"].count("← not expected") == 1
    assert "…" not in parts["test_fits"]


def test_a_message_stands_on_a_line_of_its_own(tested):
    tested.write(
        """
class Fails(SignalTestMixin, TestCase):
    def test_fails(self):
        with self.assertRaises(AssertionError) as caught, self.assertNoSignals("no mail"):
            Article.objects.create(title="a")
        assert str(caught.exception).startswith("No signals were expected, 2 were sent:")
        assert str(caught.exception).endswith(" ms\\n\\nno mail"), caught.exception
        self.longMessage = False
        with self.assertRaises(AssertionError) as caught, self.assertNoSignals("no mail"):
            Article.objects.create(title="a")
        self.assertEqual(str(caught.exception), "no mail")
"""
    )
    done = tested.django()
    assert done.returncode == 0, done.stderr


def test_signals_of_the_same_name_are_told_apart(tested):
    tested.write(
        """
import sys, types
other = types.ModuleType("other")
other.post_save = Signal()
sys.modules["other"] = other

class Fails(SignalTestMixin, TestCase):
    def test_alike(self):
        with self.assertSignals(["pre_save", other.post_save]):
            Article.objects.create(title="a")
"""
    )
    said = tested.django().stderr
    assert "  - other.post_save" in said, said
    assert "  + django.db.models.signals.post_save blog.Article" in said


def test_why_a_receiver_was_not_called(tested):
    tested.write(
        """
class Fails(SignalTestMixin, TestCase):
    def test_bypassed(self):
        with self.assertReceiverCalled(generate_slug):
            Article.objects.bulk_create([Article(title="a")])
    def test_unreached(self):
        article = Article.objects.create(title="a")
        with self.assertReceiverCalled("tidy_comment"):
            try: article.comments.create(text="spam")
            except Exception: pass
"""
    )
    said = tested.django().stderr
    assert "It was bypassed: a bulk write sends no signals." in said
    assert "It was not reached: a receiver before it has raised." in said
