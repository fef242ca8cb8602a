"""Statements, atomic blocks and on_commit callbacks."""

from __future__ import annotations

import pytest

from sigtrace.probe.sql import mask, summary

CHAIN = """
opened = Signal()
@receiver(opened)
def work(**kwargs): kwargs["do"]()
"""


def test_statements_outside_chains_are_only_counted(twice):
    done = twice('list(Book.objects.all()); Book.objects.create(title="x")')
    assert [query["name"] for query in done.trace.spans("query")] == ["INSERT library_book"]
    assert done.trace.lines("counts")[-1]["queries"] >= 1


def test_no_sql_records_none_but_counts(twice):
    done = twice('Book.objects.create(title="x")', sql=False)
    assert done.trace.spans("query") == []
    assert done.trace.lines("counts")[-1]["queries"] >= 1


def test_debug_cursors_wrappers_and_query_counts_stay_the_same(twice):
    done = twice(
        """
from django.test.utils import CaptureQueriesContext
seen = []
def watch(execute, sql, params, many, context):
    seen.append(sql); return execute(sql, params, many, context)
with CaptureQueriesContext(connection) as queries, connection.execute_wrapper(watch):
    Book.objects.create(title="x")
print(len(queries), len(seen), connection.execute_wrappers, queries[0]["sql"])
"""
    )
    assert len(done.trace.spans("query")) == 1


def test_a_failing_statement(twice):
    done = twice(
        CHAIN
        + """
import traceback
def bad(): connection.cursor().execute("SELECT nothing FROM nowhere")
try: opened.send(None, do=bad)
except Exception: traceback.print_exc(file=sys.stdout)
"""
    )
    query = done.trace.span("query")
    assert query["exception"] == "django.db.utils.OperationalError"
    assert (query["sql"], query["rows"]) == ("SELECT nothing FROM nowhere", None)


def test_atomic_blocks_and_what_became_of_them(twice):
    done = twice(
        """
with transaction.atomic():
    Book.objects.create(title="kept")
    try:
        with transaction.atomic():
            Book.objects.create(title="undone"); raise KeyError
    except KeyError: pass
    with transaction.atomic(savepoint=False):
        Book.objects.create(title="joined")
try:
    with transaction.atomic(durable=True):
        Book.objects.create(title="lost"); raise KeyError
except KeyError: pass
with transaction.atomic(): pass
print(Book.objects.count())
"""
    )
    outer, savepoint, lost = done.trace.spans("transaction")
    assert (outer["name"], outer["outcome"], outer["durable"]) == ("atomic", "committed", False)
    assert (savepoint["name"], savepoint["outcome"]) == ("savepoint", "rolled back")
    assert savepoint["transaction"] == outer["id"]
    assert (lost["outcome"], lost["durable"], lost["transaction"]) == ("rolled back", True, None)
    inside = [save["transaction"] for save in done.trace.spans("save")]
    assert inside == [outer["id"], savepoint["id"], outer["id"], lost["id"]]
    assert {span["parent"] for span in done.trace.spans("save")} == {None}


def test_blocks_of_several_databases_say_whose_they_are_and_what_is_around(twice):
    done = twice(
        """
from django.db import connections
connections.databases["other"] = {**connections.databases["default"]}
with transaction.atomic("other"):
    with transaction.atomic():
        Book.objects.create(title="x")
        with transaction.atomic("other"):
            Book.objects.create(title="y")
"""
    )
    begun = [line for line in done.trace.lines("begin") if line["kind"] == "transaction"]
    ended = done.trace.spans("transaction")
    for blocks in (begun, ended):
        told = [(block["alias"], block["name"], block["transaction"]) for block in blocks]
        assert told == [
            ("other", "atomic", None),
            ("default", "atomic", begun[0]["id"]),
            ("other", "savepoint", begun[1]["id"]),
        ]
    saves = [save["transaction"] for save in done.trace.spans("save")]
    assert saves == [begun[1]["id"], begun[2]["id"]]


def test_set_rollback_and_test_case_blocks(twice):
    done = twice(
        """
with transaction.atomic():
    Book.objects.create(title="x"); transaction.set_rollback(True)
block = transaction.atomic(); block._from_testcase = True
block.__enter__()
Book.objects.create(title="y"); transaction.set_rollback(True)
block.__exit__(None, None, None)
"""
    )
    assert [span["outcome"] for span in done.trace.spans("transaction")] == ["rolled back", "test"]


def test_on_commit_runs_is_discarded_and_runs_at_once(twice):
    done = twice(
        CHAIN
        + """
import functools
def mail(to="x"): Shelf.objects.create(name=to)
def register(): transaction.on_commit(functools.partial(mail, "y"))
with transaction.atomic():
    opened.send(None, do=register)
    print(connection.run_on_commit[0][1].func is mail)
try:
    with transaction.atomic():
        opened.send(None, do=register); raise KeyError
except KeyError: pass
opened.send(None, do=register)
with transaction.atomic():
    try:
        with transaction.atomic():
            opened.send(None, do=register); raise KeyError
    except KeyError: pass
print(Shelf.objects.count())
"""
    )
    trace = done.trace
    assert done.traced.stdout == "True\n2\n"
    registered = trace.lines("registered")
    assert len(registered) == 3
    receivers = [span["id"] for span in trace.spans("receiver")]
    assert [line["parent"] for line in registered] == [receivers[0], receivers[1], receivers[3]]
    spans = trace.spans("on_commit")
    assert [(s["discarded"], s["registered_by"], s["parent"]) for s in spans] == [
        (False, receivers[0], None),
        (True, receivers[1], None),
        (False, receivers[2], receivers[2]),
        (True, receivers[3], None),
    ]
    assert [span["id"] for span in spans if span["id"] != spans[2]["id"]] == [
        line["id"] for line in registered
    ]
    assert trace.spans("save")[0]["parent"] == spans[0]["id"]
    assert spans[0]["name"] == "__main__.mail"


def test_a_rollback_to_a_savepoint_discards_what_was_registered_since_and_nothing_else(twice):
    done = twice(
        CHAIN
        + """
import gc, weakref
def later(): Shelf.objects.create()
def register(): transaction.on_commit(later)
with transaction.atomic():
    opened.send(None, do=register)
    transaction.on_commit(later)
    for _ in range(2):
        try:
            with transaction.atomic(): opened.send(None, do=register); raise KeyError
        except KeyError: pass
    transaction.savepoint_rollback(transaction.savepoint())
    transaction.on_commit(later, robust=True)
    class Held:
        def __call__(self): pass
    held = Held(); gone = weakref.ref(held)
    transaction.on_commit(held); del held
    connection.run_on_commit.pop(); gc.collect()
    print(gone() is None)
print(Shelf.objects.count())
"""
    )
    assert done.traced.stdout == "True\n3\n"
    registered = [line["id"] for line in done.trace.lines("registered")]
    receivers = [span["id"] for span in done.trace.spans("receiver")]
    spans = {span["id"]: span for span in done.trace.spans("on_commit")}
    assert list(spans) == [*registered[2:4], *registered[:2], registered[4]]
    told = [spans[one] for one in registered[:5]]
    assert [(one["discarded"], one["registered_by"], one["robust"]) for one in told] == [
        (False, receivers[0], False),
        (False, None, False),
        (True, receivers[1], False),
        (True, receivers[2], False),
        (False, None, True),
    ]
    assert {one["alias"] for one in told} == {"default"}


def test_a_rollback_discards_nothing_of_another_thread(twice):
    done = twice(
        """
import threading
def mine(): pass
def its(): pass
def other():
    try:
        with transaction.atomic(): transaction.on_commit(its); Book.objects.count(); raise KeyError
    except KeyError: pass
    connection.close()
with transaction.atomic():
    transaction.on_commit(mine)
    thread = threading.Thread(target=other); thread.start(); thread.join()
"""
    )
    told = [(span["name"], span["discarded"]) for span in done.trace.spans("on_commit")]
    assert told == [("__main__.its", True), ("__main__.mine", False)]


def test_a_callback_that_fails_and_one_that_registers_another(twice):
    done = twice(
        """
import traceback
def again(): transaction.on_commit(last); raise KeyError
def last(): print("last")
try:
    with transaction.atomic():
        Book.objects.create(title="x"); transaction.on_commit(again); transaction.on_commit(last)
except KeyError: traceback.print_exc(file=sys.stdout)
"""
    )
    first, nested, never = done.trace.spans("on_commit")
    assert (first["name"], first["exception"]) == ("__main__.again", "KeyError")
    assert (nested["name"], nested["parent"]) == ("__main__.last", first["id"])
    assert (never["name"], never["discarded"]) == ("__main__.last", True)
    assert never["discarded_by"] == "exception"


def test_what_raises_after_the_commit_rolls_nothing_back_and_a_failed_commit_does(twice):
    done = twice(
        """
def bad(): raise KeyError
def after(): pass
def attempt(callback, **fields):
    try:
        with transaction.atomic():
            Book.objects.create(title="x", **fields)
            transaction.on_commit(callback); transaction.on_commit(after)
    except Exception as error: print(type(error).__name__, Book.objects.count())
attempt(bad)
attempt(after, shelf_id=99)
attempt(bad)
"""
    )
    assert done.traced.stdout == "KeyError 1\nIntegrityError 1\nKeyError 2\n"
    outcomes = [span["outcome"] for span in done.trace.spans("transaction")]
    assert outcomes == ["committed", "rolled back", "committed"]
    callbacks = done.trace.spans("on_commit")
    assert [(one["name"].rpartition(".")[2], one["discarded_by"]) for one in callbacks] == [
        ("bad", None),
        ("after", "exception"),
        ("after", "rollback"),
        ("after", "rollback"),
        ("bad", None),
        ("after", "exception"),
    ]


@pytest.mark.parametrize(
    ("sql", "vendor", "masked", "name"),
    [
        (
            "SELECT 'it''s', 5 FROM \"a5\" WHERE x = %s",
            "sqlite",
            'SELECT ?, ? FROM "a5" WHERE x = %s',
            "SELECT a5",
        ),
        ("SELECT E'a\\'b' , 'c'", "postgresql", "SELECT ? , ?", "SELECT"),
        ("SELECT $t$a'b$t$, $1::int", "postgresql", "SELECT ?, $1::int", "SELECT"),
        ("SELECT \"x\", 'a\\'b' FROM `t`", "mysql", "SELECT ?, ? FROM `t`", "SELECT t"),
        ('/* a=1 */ UPDATE "b" SET c = 1.5e3', "sqlite", '? UPDATE "b" SET c = ?', "UPDATE b"),
        (
            'INSERT INTO "s"."t" VALUES (1, 0x1F)',
            "postgresql",
            'INSERT INTO "s"."t" VALUES (?, 0x1F)',
            "INSERT t",
        ),
        ('SAVEPOINT "s140_x1"', "sqlite", "SAVEPOINT", "SAVEPOINT"),
        ("DELETE FROM x WHERE s = 'unfinished", "sqlite", "DELETE FROM x WHERE s = ?", "DELETE x"),
    ],
)
def test_sql_is_masked_and_named(sql, vendor, masked, name):
    assert mask(sql, vendor) == masked
    assert summary(mask(sql, vendor)) == name
