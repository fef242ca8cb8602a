"""Which row a save writes, and what differs from its last save."""

from __future__ import annotations


def rows(run, model="library.Book"):
    """Row number and differing fields of each save."""
    found = run.trace.spans("save", model=model)
    first = found[0]["row"]
    return [(span["row"] - first, span["differs"]) for span in found]


def test_a_row_keeps_its_number_whatever_the_instance(twice):
    run = twice(
        """
book = Book.objects.create(title="a", pages=3)
book.save()
book.title = "b"
book.save()
other = Book.objects.get(pk=book.pk)
other.pages = -1
other.save()
other.pages = -2
other.save(update_fields=["pages"])
Book.objects.create(title="z")
""",
        values="none",
    )
    assert rows(run) == [
        (0, None),
        (0, []),
        (0, ["title"]),
        (0, ["pages"]),
        (0, ["pages"]),  # Python has one hash for -1 and -2
        (1, None),
    ]
    assert [span["pk"] for span in run.trace.spans("save")] == [None] * 6


def test_only_what_is_written_is_compared(twice):
    run = twice(
        """
shelf = Shelf.objects.create(name="s")
book = Book.objects.create(title="a")
book.title, book.pages, book.shelf = "b", 7, shelf
book.save(update_fields=["pages"])
book.save(update_fields=["shelf"])
book.save()
book.refresh_from_db()
deferred = Book.objects.only("pages").get()
deferred.pages = 8
deferred.save()
print(sorted(deferred.get_deferred_fields()))
"""
    )
    assert [differs for _, differs in rows(run)] == [
        None,
        ["pages"],
        ["shelf_id"],
        ["title"],
        ["pages"],
    ]


def test_a_new_row_under_an_old_key_is_another_one(twice):
    run = twice(
        """
book = Book.objects.create(pk=5, title="a")
book.delete()
Book.objects.create(pk=5, title="b")
try:
    with transaction.atomic():
        Book.objects.create(pk=6, title="c")
        raise KeyError
except KeyError:
    Book.objects.create(pk=6, title="d")
"""
    )
    assert rows(run) == [(0, None), (1, None), (2, None), (3, None)]


def test_the_row_of_a_child_is_its_own(twice):
    run = twice(
        """
class Novel(Book):
    plot = models.CharField(max_length=9)
    class Meta:
        app_label = "library"
with connection.schema_editor() as editor:
    editor.create_model(Novel)
novel = Novel.objects.create(title="a", plot="x")
novel.title = "b"
novel.save()
novel.book_ptr.save()
"""
    )
    assert rows(run, "library.Novel") == [(0, None), (0, ["title"])]
    assert len(rows(run)) == 1


def test_a_raw_save_of_a_child_leaves_the_tables_of_its_parents_alone(twice):
    run = twice(
        """
class Novel(Book):
    plot = models.CharField(max_length=9)
    class Meta:
        app_label = "library"
with connection.schema_editor() as editor:
    editor.create_model(Novel)
novel = Novel.objects.create(title="a", plot="x")
read = Novel(pk=novel.pk, plot="y", pages=7)
read.save_base(raw=True)
read.title, read.plot = "b", "z"
read.save_base(raw=True, update_fields=["title"])
read.save()
book = Book(pk=novel.pk, title="c")
book.save_base(raw=True)
book.title = "d"
book.save_base(raw=True)
"""
    )
    # What was not written still is what the first save wrote.
    assert rows(run, "library.Novel") == [
        (0, None),
        (0, ["plot"]),
        (0, []),
        (0, ["title", "pages", "plot"]),
    ]
    assert [differs for _, differs in rows(run)] == [None, ["title"]]


def test_no_value_of_the_target_is_kept_or_asked(twice):
    run = twice(
        """
import weakref
class Loud(str):
    def __hash__(self): print("hash"); return 1
    def __eq__(self, other): print("eq"); return True
class Held(models.Model):
    key = models.CharField(max_length=9, primary_key=True)
    data = models.JSONField(default=dict)
    class Meta:
        app_label = "library"
with connection.schema_editor() as editor:
    editor.create_model(Held)
held = Held(key=Loud("k"), data={"a": 1})
held.save()
held = Held(key="k", data={"a": 2})
held.save()
gone = weakref.ref(held)
del held
gc.collect()
print(gone())
"""
    )
    first, second = run.trace.spans("save", model="library.Held")
    assert first["row"] is None  # its key is no plain value
    assert second["row"] is not None
    assert second["differs"] is None


def test_a_field_may_connect_receivers_while_its_model_is_made(twice):
    run = twice(
        """
class Cleaned(models.CharField):
    def contribute_to_class(self, cls, name, **kwargs):
        super().contribute_to_class(cls, name, **kwargs)
        post_delete.connect(self.clean_up, sender=cls)
        pre_save.connect(self.fill, sender=cls)

    def clean_up(self, **kwargs):
        pass

    def fill(self, instance, **kwargs):
        instance.note = "filled"

class Picture(models.Model):
    file = Cleaned(max_length=50)
    note = models.CharField(max_length=50)

    class Meta:
        app_label = "library"

with connection.schema_editor() as editor:
    editor.create_model(Picture)
picture = Picture.objects.create(file="a")
picture.file = "b"
picture.save()
"""
    )
    assert rows(run, "library.Picture") == [(0, None), (0, ["file"])]
    assert [span["pk"] for span in run.trace.spans("save", model="library.Picture")] == [1, 1]
    assert run.trace.spans("receiver")[0]["changes"] == {"note": ["", "filled"]}


def test_what_the_database_gives_back_in_another_form_does_not_differ(twice):
    run = twice(
        """
import datetime
from decimal import Decimal

class Sale(models.Model):
    total = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    day = models.DateField(null=True)

    class Meta:
        app_label = "library"

with connection.schema_editor() as editor:
    editor.create_model(Sale)
sale = Sale.objects.create(total=0, day="2020-01-01")
for total, day in (
    (Decimal("0.00"), datetime.date(2020, 1, 1)),
    (3, datetime.date(2020, 1, 1)),
    (Decimal("3.0"), datetime.date(2020, 1, 2)),
    (Decimal("3.50"), None),
    (Decimal("3.5"), None),
    (Decimal("-3.5"), datetime.date(2020, 1, 2)),
    (-1, datetime.date(2020, 1, 2)),
    (Decimal("-2"), datetime.date(2020, 1, 2)),
    (Decimal("1E+2"), datetime.date(2020, 1, 2)),
    (100, datetime.date(2020, 1, 2)),
):
    sale.total, sale.day = total, day
    sale.save()
"""
    )
    assert [differs for _, differs in rows(run, "library.Sale")] == [
        None,
        [],
        ["total"],
        ["day"],
        ["total", "day"],
        [],
        ["total", "day"],
        ["total"],
        ["total"],
        ["total"],
        [],
    ]
