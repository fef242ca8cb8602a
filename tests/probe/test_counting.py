"""What tests of the target count: queries, wrappers and callbacks are the same, traced or not."""

from __future__ import annotations

CASES = """
import unittest
from django.db import connections
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext

@receiver(post_save, sender=Book)
def shelves(instance, created, **kwargs):
    if created: Shelf.objects.create(name=instance.title); transaction.on_commit(later)
calls = []
def later(): calls.append("later")
def another(): calls.append("another"); transaction.on_commit(later)

class Cases(TestCase):
    def test_number_of_queries(self):
        with self.assertNumQueries(2): Book.objects.create(title="x")
        self.assertNumQueries(3, lambda: [Book.objects.count() for _ in range(3)])
        with self.assertNumQueries(0): Book(title="y")
        with self.assertRaisesMessage(AssertionError, "2 != 1 : 2 queries executed, 1 expected"):
            with self.assertNumQueries(1): Book.objects.create(title="x")

    def test_connection_queries(self):
        with self.settings(DEBUG=True):
            connection.queries_log.clear()
            Book.objects.create(title="x"); Book.objects.update(title="z")
            for query in connection.queries: print(sorted(query), query["sql"])
        connection.force_debug_cursor = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT %s", [1]); cursor.executemany("SELECT %s", [])
                print(type(cursor).__name__, type(cursor.cursor).__name__, cursor.fetchall())
        except Exception as error: print(type(error).__name__)
        finally: connection.force_debug_cursor = False
        print(len(connection.queries), [query["sql"] for query in connection.queries][-2:])
        with CaptureQueriesContext(connection) as outer, CaptureQueriesContext(connection) as inner:
            Book.objects.create(title="x")
        print(len(outer), len(inner), [query["sql"].split()[0] for query in inner])

    def test_execute_wrappers(self):
        seen = []
        def first(execute, sql, params, many, context):
            seen.append(("first", sql, sorted(context), type(context["cursor"]).__name__, many))
            return execute(sql, params, many, context)
        def second(execute, sql, params, many, context):
            seen.append(("second", sql.split()[0])); return execute(sql + " ", params, many, context)
        def blocks(execute, *args): raise RuntimeError("blocked")
        print(connection.execute_wrappers)
        with connection.execute_wrapper(first), connection.execute_wrapper(second):
            print(connection.execute_wrappers == [first, second])
            Book.objects.create(title="x")
        for each in seen: print(each)
        with connection.execute_wrapper(blocks), self.assertRaisesMessage(RuntimeError, "blocked"):
            Book.objects.count()
        print(connection.execute_wrappers)

    def test_callbacks(self):
        with self.captureOnCommitCallbacks() as callbacks: Book.objects.create(title="x")
        print([each is later for each in callbacks], calls)
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            Book.objects.create(title="y"); transaction.on_commit(another)
        print([each.__name__ for each in callbacks], calls)
        for each in callbacks: each()
        print(calls, [each[1].__name__ for each in connection.run_on_commit])
        with self.assertRaises(KeyError), self.captureOnCommitCallbacks(execute=True) as callbacks:
            with transaction.atomic(): Book.objects.create(title="z"); raise KeyError
        print(callbacks, len(connection.run_on_commit))

    def test_marks_of_methods(self):
        import inspect
        for owner, names in ((models.Model, ["save_base", "delete", "save", "_save_table"]),
                             (models.QuerySet, ["delete", "update", "bulk_create", "_raw_delete"]),
                             (Signal, ["send", "send_robust", "connect", "__init__"])):
            for name in names:
                each = getattr(owner, name)
                print(each.__qualname__, each.__module__, inspect.signature(each), each.__doc__,
                      getattr(each, "alters_data", None), getattr(each, "queryset_only", None))

class Committed(TransactionTestCase):
    available_apps = ["library"]
    def test_callbacks_run(self):
        with transaction.atomic():
            Book.objects.create(title="x"); print(len(connection.run_on_commit), calls)
        print(calls, connection.run_on_commit)

suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, (Cases, Committed)))
result = unittest.TestResult()
suite.run(result)
print(result)
for _, text in result.errors + result.failures: print(text)
"""


def test_queries_wrappers_and_callbacks(twice):
    done = twice(CASES)
    assert "run=6 errors=0 failures=0" in done.traced.stdout
    assert len(done.trace.spans("receiver", name="__main__.shelves")) >= 8
    after = done.trace.spans("on_commit")[-1]
    assert (after["name"], after["discarded"], after["parent"]) == ("__main__.later", False, None)
