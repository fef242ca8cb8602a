"""No frame of ours in what the target prints, logs or keeps of an exception, whatever that is."""

from __future__ import annotations

import django
import pytest

needs_async = pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")

# What is raised: classes whose instances cannot be written to, and exceptions around others.
EXCEPTIONS = """
import dataclasses, logging, traceback
logging.basicConfig(stream=sys.stdout, format="%(name)s %(message)s")

@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    code: int

class Slotted(Exception):
    __slots__ = ()
    def __setattr__(self, name, value): raise AttributeError(name)

class Hostile(Exception):
    def __getattribute__(self, name):
        if name in ("__traceback__", "with_traceback"): raise RuntimeError(name)
        return super().__getattribute__(name)

def frozen(): raise Frozen(7)
def slotted(): raise Slotted("slots")
def hostile(): raise Hostile("hostile")
def group():
    errors = []
    for each in (frozen, slotted, chained):
        try: each()
        except Exception as error: errors.append(error)
    raise ExceptionGroup("several", errors)
def chained():
    try: frozen()
    except Frozen as error: raise LookupError("because") from error
def during():
    try: slotted()
    except Slotted: raise KeyError("while that was handled")
RAISE = [frozen, slotted, group, chained, during]

def frames(error):
    seen, found = set(), []
    def visit(error):
        if error is None or id(error) in seen: return
        seen.add(id(error))
        trace = BaseException.__dict__["__traceback__"].__get__(error)
        while trace is not None:
            found.append((trace.tb_frame.f_code.co_name, trace.tb_frame.f_code.co_filename))
            trace = trace.tb_next
        for each in getattr(error, "exceptions", ()): visit(each)
        visit(error.__cause__); visit(error.__context__)
    visit(error)
    return found

def shows(call, *args, **kwargs):
    try: call(*args, **kwargs)
    except BaseException as error:
        traceback.print_exc(file=sys.stdout)
        print(frames(error))
"""


def check(done) -> None:
    """They said the same twice (the fixture compares), and what they said are tracebacks."""
    assert done.traced.stdout.count("Traceback (most recent call last)") > 1
    for ours in ("sigtrace/probe", "_sigtrace"):
        assert ours not in done.traced.stdout


def test_what_a_receiver_raises_through_sends_and_operations(twice):
    done = twice(
        EXCEPTIONS
        + """
opened = Signal()
state = {}
@receiver([opened, pre_save, post_save, pre_delete, m2m_changed])
def raises(sender, **kwargs): state["raise"]()
def forwards(signal): opened.send(signal)
book = Book(title="x")
Book.objects.bulk_create([Book(title="stored")])
stored = Book.objects.get()
reader = Reader(name="r"); Reader.objects.bulk_create([reader])
reader = Reader.objects.get()
for state["raise"] in RAISE:
    shows(opened.send, None)
    shows(book.save)
    shows(Book.objects.create, title="y")
    shows(stored.delete)
    shows(Book.objects.all().delete)
    shows(stored.readers.add, reader)
    print([type(result).__name__ for _, result in opened.send_robust(None)])
    print([frames(result) for _, result in opened.send_robust(None)])
state["raise"] = hostile
try: opened.send(None)
except Hostile as error: print(frames(error))
"""
    )
    check(done)
    errors = {span["exception"] for span in done.trace.spans("receiver")}
    assert {"__main__.Frozen", "__main__.Slotted", "ExceptionGroup", "__main__.Hostile"} <= errors


def test_what_goes_through_transactions_callbacks_and_statements(twice):
    done = twice(
        EXCEPTIONS
        + """
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.test import TestCase, RequestFactory
def within(raises):
    with transaction.atomic():
        Book.objects.create(title="x")
        with transaction.atomic(): raises()
@transaction.atomic
def decorated(raises): raises()
def registers(raises):
    with transaction.atomic():
        transaction.on_commit(raises)
def robust(raises):
    with transaction.atomic():
        transaction.on_commit(raises, robust=True)
def wrapper(execute, *args): raising[0]()
raising = []
class Command(BaseCommand):
    def handle(self, **options): raising[0]()
for each in RAISE:
    raising[:] = [each]
    for block in (within, decorated, registers, robust): shows(block, each)
    with connection.execute_wrapper(wrapper):
        shows(Book.objects.count)
        shows(Book.objects.update, title="z")
        shows(Book.objects.bulk_create, [Book(title="z")])
        shows(Book.objects.bulk_update, [Book(pk=1, title="z")], ["title"])
    shows(call_command, Command())
with connection.cursor() as cursor:
    shows(cursor.execute, "SELECT nothing FROM nowhere")
    shows(cursor.executemany, "INSERT INTO nowhere VALUES (%s)", [(1,)])
shows(Book(title="x", shelf_id=1, pk="no number").save)
"""
    )
    check(done)


def test_what_views_and_test_cases_raise(twice):
    done = twice(
        EXCEPTIONS
        + """
import types, unittest
from django.core.handlers.base import BaseHandler
from django.test import RequestFactory, SimpleTestCase, TestCase
from django.urls import path
opened = Signal()
@receiver(opened)
def raises(sender, **kwargs): sender()
def view(request):
    opened.send(RAISE[int(request.GET["n"])])
urls = sys.modules["urls"] = types.ModuleType("urls")
urls.urlpatterns = [path("x/", view)]
settings.ROOT_URLCONF = "urls"
settings.ALLOWED_HOSTS = ["*"]
from django.core.signals import got_request_exception
def keeps(request, **kwargs): shows(fails, sys.exc_info()[1])
def fails(error): raise error
got_request_exception.connect(keeps)
from django.core.handlers.wsgi import WSGIHandler
handler = WSGIHandler()
settings.DEBUG_PROPAGATE_EXCEPTIONS = False
for number in range(len(RAISE)):
    request = RequestFactory().get(f"/x/?n={number}")
    print(handler.get_response(request).status_code)
settings.DEBUG_PROPAGATE_EXCEPTIONS = True
for number in range(len(RAISE)):
    shows(handler.get_response, RequestFactory().get(f"/x/?n={number}"))
class Tests(TestCase):
    def test_fails(self): opened.send(group)
    def test_fails_too(self): self.assertEqual(len(opened.send(print)), 2)
class Result(unittest.TestResult):
    def addError(self, test, err):
        super().addError(test, err); print(frames(err[1]))
result = Result()
unittest.defaultTestLoader.loadTestsFromTestCase(Tests).run(result)
for _, text in result.errors + result.failures: print(text)
"""
    )
    check(done)


@needs_async
def test_what_coroutines_raise(twice):
    done = twice(
        EXCEPTIONS
        + """
from asgiref.sync import sync_to_async
opened = Signal()
state = {}
@receiver(opened)
async def raises(**kwargs):
    await asyncio.sleep(0)
    state["raise"]()
async def runs(): await opened.asend(None)
async def saves(): await Book(title="x").asave()
async def within(): await sync_to_async(opened.send)(None)
async def times_out():
    async with asyncio.timeout(0.01): await opened.asend(None)
def robustly():
    print([frames(result) for _, result in asyncio.run(opened.asend_robust(None))])
    print([frames(result) for _, result in opened.send_robust(None)])
@receiver(pre_save)
async def before(**kwargs):
    if "raise" in state: state["raise"]()
for state["raise"] in RAISE:
    for each in (runs, saves, within): shows(asyncio.run, each())
    shows(opened.send, None)
    robustly()
del state["raise"]
"""
    )
    check(done)
