"""Saves, deletes, many-to-many and bulk writes as spans of their own."""

from __future__ import annotations

import django
import pytest

BOTH = """
@receiver([pre_save, post_save, pre_delete, post_delete], sender=Book)
def heard(**kwargs): pass
"""


def test_save_says_created_or_updated_and_from_where(twice):
    done = twice(
        """
book = Book(title="x"); book.save()
book.save(update_fields=["title"])
Book(pk=9, title="given key").save()
Book.objects.get_or_create(title="y")
"""
    )
    saves = done.trace.spans("save", name="Book.save()")
    assert [save["created"] for save in saves] == [True, False, True, True]
    assert [save["pk"] for save in saves] == [1, 1, 9, 10]
    assert [save["update_fields"] for save in saves] == [None, ["title"], None, None]
    assert {(save["file"], save["origin"]) for save in saves} == {("script.py", "own")}
    assert {save["alias"] for save in saves} == {"default"}
    assert [query["name"] for query in done.trace.children(saves[0])] == ["INSERT library_book"]


def test_the_call_site_is_not_the_save_override(twice):
    done = twice(
        """
class Loud(Book):
    def save(self, *args, **kwargs):
        kwargs.setdefault("using", "default")
        super().save(*args, **kwargs)
    class Meta:
        proxy = True
        app_label = "library"
def caller(): Loud(title="x").save()  # the site
caller()
"""
    )
    save = done.trace.span("save")
    source = (done.trace.path.parent / "project" / "script.py").read_text().splitlines()
    assert source[save["line"] - 1].endswith("# the site")
    assert save["model"] == "library.Loud"


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought async receivers")
def test_the_call_site_across_threads_is_who_awaits_and_not_who_drives_the_loop(twice):
    done = twice(
        """
from asgiref.sync import async_to_sync
opened = Signal()
async def helper(book):
    await book.asave()  # the site of the receiver's
class Careful(Book):
    async def asave(self, *args, **kwargs):
        await super().asave(*args, **kwargs)
    class Meta:
        proxy = True
        app_label = "library"
@receiver(opened)
async def hears(**kwargs):
    await asyncio.sleep(0)
    await helper(Careful(title="in a receiver"))
opened.send(None)
async def main():
    await asyncio.sleep(0)
    await Book(title="in none").asave()
async_to_sync(main)()  # drives the loop of the last one, and did not save
"""
    )
    inside, outside = done.trace.spans("save")
    source = (done.trace.path.parent / "project" / "script.py").read_text().splitlines()
    assert source[inside["line"] - 1].endswith("# the site of the receiver's")
    assert (outside["file"], outside["line"], outside["origin"]) == (None, None, None)


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")
def test_the_call_site_of_a_task_is_who_has_the_loop_run_for_it(twice):
    done = twice(
        """
opened = Signal()
@receiver(opened)
def hears(**kwargs): pass
async def main():
    await opened.asend("awaited")  # a site
    await asyncio.gather(opened.asend("gathered"))
    await asyncio.create_task(opened.asend("task"))
    asyncio.get_running_loop().call_soon(opened.send, "called soon")
    asyncio.get_running_loop().call_soon(lambda: opened.send("lambda"))  # a site
    await asyncio.sleep(0)
asyncio.run(main())
asyncio.run(opened.asend("run"))  # a site
loop = asyncio.new_event_loop()
loop.run_until_complete(opened.asend("until complete"))  # a site
async def both(): await asyncio.gather(opened.asend("in another"))
loop.run_until_complete(both())
loop.close()
"""
    )
    source = (done.trace.path.parent / "project" / "script.py").read_text().splitlines()
    sends = {send["sender"].removeprefix("str "): send for send in done.trace.spans("send")}
    assert len(sends) == 8
    for sender in ("'gathered'", "'task'", "'called soon'", "'in another'"):
        send = sends.pop(sender)
        assert (send["file"], send["line"], send["origin"]) == (None, None, None)
    for sender, send in sends.items():
        line = source[send["line"] - 1]
        assert line.endswith("# a site")
        assert sender.strip("'") in line


def test_multi_table_inheritance_is_one_save(twice):
    done = twice(
        """
class Atlas(Book):
    scale = models.IntegerField(default=1)
    class Meta: app_label = "library"
with connection.schema_editor() as editor: editor.create_model(Atlas)
atlas = Atlas.objects.create(title="x")
atlas.save()
"""
    )
    created, updated = done.trace.spans("save")
    assert (created["created"], updated["created"]) == (True, False)
    assert created["pk"] == 1
    names = [span["name"] for span in done.trace.children(created)]
    assert names.count("INSERT library_book") == names.count("INSERT library_atlas") == 1
    assert created["transaction"] is None
    assert done.trace.spans("transaction")[-1]["outcome"] == "committed"


def test_deletes_of_instances_and_query_sets_with_their_cascade(twice):
    done = twice(
        BOTH
        + """
shelf = Shelf.objects.create(name="s")
for n in range(3): Book.objects.create(title=str(n), shelf=shelf)
Book.objects.filter(title="0").delete()
print(shelf.delete()[0])
Reader.objects.all().delete()
"""
    )
    books, shelf, readers = done.trace.spans("delete")
    assert (books["operation"], books["model"], books["counts"]) == (
        "queryset_delete",
        "library.Book",
        {"library.Book": 1},
    )
    assert (shelf["operation"], shelf["pk"]) == ("delete", 1)
    assert shelf["counts"]["library.Book"] == 2
    sends = [span for span in done.trace.children(shelf) if span["kind"] == "send"]
    assert [send["name"] for send in sends].count("post_delete") == 2
    assert sends[0]["arguments"]["origin"] == "library.Shelf pk=1"
    assert {span["kind"] for span in done.trace.children(readers)} == {"query"}
    assert done.trace.spans("bulk") == []


def test_many_to_many_actions(twice):
    done = twice(
        """
@receiver(m2m_changed)
def linked(action, **kwargs): pass
book = Book.objects.create(title="x")
ann, bob = Reader.objects.create(name="ann"), Reader.objects.create(name="bob")
book.readers.add(ann, bob)
book.readers.remove(ann)
book.readers.set([ann])
book.readers.clear()
ann.book_set.add(book)
"""
    )
    spans = done.trace.spans("m2m")
    assert [(s["name"], s["field"], s["action"], s["count"]) for s in spans] == [
        ("Book.readers.add()", "readers", "add", 2),
        ("Book.readers.remove()", "readers", "remove", 1),
        ("Book.readers.set()", "readers", "set", 1),
        ("Book.readers.clear()", "readers", "clear", None),
        ("Reader.book_set.add()", "book_set", "add", 1),
    ]
    assert done.trace.spans("bulk") == []
    assert done.trace.spans("delete") == []
    sends = [s for s in done.trace.children(spans[0]) if s["kind"] == "send"]
    assert [send["arguments"]["action"] for send in sends] == ["pre_add", "post_add"]
    assert {send["sender"] for send in sends} == {"library.Book_readers"}


def test_a_fixture_sets_a_many_to_many_field(twice):
    done = twice(
        """
from django.core import serializers
@receiver(m2m_changed)
def linked(action, **kwargs): pass
Reader.objects.create(name="ann")
book = {"title": "x", "pages": 1, "shelf": None, "readers": [1]}
for each in serializers.deserialize("python", [{"model": "library.book", "pk": 1, "fields": book}]):
    each.save()
"""
    )
    span = done.trace.span("m2m")
    assert (span["name"], span["action"], span["count"]) == ("Book.readers.set()", "set", 1)
    assert done.trace.spans("bulk") == []


def test_bulk_writes_name_the_receivers_that_they_bypass(twice):
    done = twice(
        BOTH
        + """
books = Book.objects.bulk_create([Book(title=str(n)) for n in range(5)])
for book in Book.objects.all(): pass
Book.objects.bulk_update(list(Book.objects.all()), ["title"])
print(Book.objects.filter(title="1").update(pages=2))
print(Book.objects.filter(title="1")._raw_delete("default"))
Reader.objects.bulk_create([Reader(name="x")])
Book.readers.through.objects.bulk_create([Book.readers.through(book_id=1, reader_id=1)])
"""
    )
    spans = done.trace.spans("bulk")
    assert [(s["operation"], s["rows"], s["bypassed"]) for s in spans] == [
        ("bulk_create", 5, ["__main__.heard"]),
        ("bulk_update", 5, ["__main__.heard"]),
        ("update", 1, ["__main__.heard"]),
        ("raw_delete", 1, ["__main__.heard"]),
        ("bulk_create", 1, []),
        ("bulk_create", 1, []),
    ]
    assert {span["alias"] for span in spans} == {"default"}


def test_relations_name_the_receivers_of_their_through_model_that_they_bypass(twice):
    done = twice(
        """
class Room(models.Model):
    shelves = models.ManyToManyField(Shelf, through="Stand")
    class Meta: app_label = "library"
class Stand(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)
    shelf = models.ForeignKey(Shelf, models.CASCADE)
    class Meta: app_label = "library"
with connection.schema_editor() as editor:
    for model in (Room, Stand): editor.create_model(model)
def stood(**kwargs): pass
def gone(**kwargs): print("gone")
post_save.connect(stood, sender=Stand); post_delete.connect(gone, sender=Stand)
post_save.connect(stood, sender=Book.readers.through)
room = Room.objects.create(); a, b = Shelf.objects.create(), Shelf.objects.create()
book = Book.objects.create(); reader = Reader.objects.create()
room.shelves.add(a)
room.shelves.add(a)
room.shelves.set([b])
b.room_set.clear()
book.readers.add(reader)
"""
    )
    spans = done.trace.spans("m2m")
    assert [(span["action"], span["bypassed"]) for span in spans] == [
        ("add", ["__main__.stood"]),
        ("add", []),  # it was there already
        ("set", ["__main__.stood"]),
        ("clear", []),  # which sends the signals of each row
        ("add", []),  # the table is Django's own
    ]
    assert done.traced.stdout == "gone\n" * 2


def test_a_save_in_a_receiver_is_below_it_and_an_error_goes_up(twice):
    done = twice(
        """
@receiver(post_save, sender=Book)
def shelve(instance, **kwargs): Shelf.objects.create(name="s")
@receiver(pre_save, sender=Shelf)
def refuse(**kwargs): raise ValueError("no shelves")
import traceback
try: Book(title="x").save()
except ValueError: traceback.print_exc(file=sys.stdout)
"""
    )
    trace = done.trace
    inner = trace.span("save", name="Shelf.save()")
    assert inner["parent"] == trace.span("receiver", name="__main__.shelve")["id"]
    failed = [line["name"] for line in trace.lines("end", exception="ValueError")]
    assert failed == [
        "__main__.refuse",
        "pre_save",
        "Shelf.save()",
        "__main__.shelve",
        "post_save",
        "Book.save()",
    ]


def test_secrets_are_hidden_by_the_name_of_their_field(twice):
    done = twice(
        """
class Token(models.Model):
    key = models.CharField(max_length=40, primary_key=True)
    api_secret = models.CharField(max_length=40, default="")
    author = models.CharField(max_length=40, default="")
    class Meta: app_label = "library"
with connection.schema_editor() as editor: editor.create_model(Token)
@receiver(pre_save, sender=Token)
def fill(instance, **kwargs): instance.api_secret = "hush-hush"; instance.author = "Ann"
opened = Signal()
opened.connect(lambda **kwargs: None, weak=False)
token = Token(key="planted-key"); token.save()
opened.send(token, token=token, password="planted-password")
with connection.cursor() as cursor:
    @receiver(opened)
    def query(**kwargs): cursor.execute("SELECT 'planted-literal', 12345 -- planted-comment")
    opened.send(None)
"""
    )
    text = "".join(path.read_text() for path in done.trace.path.iterdir())
    assert "planted" not in text
    assert "hush" not in text
    assert done.trace.spans("receiver")[0]["changes"] == {
        "api_secret": ["***", "***"],
        "author": ["", "Ann"],
    }
    assert done.trace.spans("send")[1]["sender"] == "library.Token pk=***"
    assert done.trace.spans("query")[-1]["sql"] == "SELECT ?, ? ?"
