"""Rows that the database deletes by itself."""

from __future__ import annotations

import django
import pytest


@pytest.mark.skipif(django.VERSION < (6, 1), reason="Django has DB_CASCADE since 6.1")
def test_a_cascade_of_the_database_bypasses_receivers(twice):
    run = twice(
        """
class Page(models.Model):
    book = models.ForeignKey(Book, models.DB_CASCADE)
    class Meta:
        app_label = "library"
class Line(models.Model):
    page = models.ForeignKey(Page, models.DB_CASCADE)
    class Meta:
        app_label = "library"
with connection.schema_editor() as editor:
    editor.create_model(Page)
    editor.create_model(Line)
@receiver(post_delete, sender=Line)
def forget_line(**kwargs): print("called")
@receiver(pre_delete, sender=Page)
def forget_page(**kwargs): print("called")
book = Book.objects.create()
Line.objects.create(page=Page.objects.create(book=book))
book.delete()
print(Page.objects.count(), Line.objects.count())
Shelf.objects.create().delete()
"""
    )
    book, shelf = run.trace.spans("delete")
    assert book["bypassed"] == ["__main__.forget_page", "__main__.forget_line"]
    assert shelf["bypassed"] == []
    assert run.traced.stdout == "0 0\n"


def test_djangos_own_cascade_bypasses_nobody(twice):
    run = twice(
        """
@receiver(post_delete, sender=Book)
def forget(**kwargs): print("called")
shelf = Shelf.objects.create()
Book.objects.create(shelf=shelf)
shelf.delete()
"""
    )
    assert run.trace.span("delete")["bypassed"] == []
