"""Tests of the blog's receivers; ``count_words`` is left without one on purpose.

It is the receiver that a measurement of signal coverage should find.
"""

from __future__ import annotations

from audit.models import AuditLog
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import TestCase
from django.urls import reverse

from blog.models import Article, Tag


class ArticleTests(TestCase):
    """The classic three receivers and the audit log."""

    def test_an_empty_slug_is_filled(self) -> None:
        self.assertEqual(Article.objects.create(title="Hello World").slug, "hello-world")

    def test_a_slug_is_kept(self) -> None:
        self.assertEqual(Article.objects.create(title="Hello", slug="mine").slug, "mine")

    def test_each_save_is_announced_and_logged(self) -> None:
        with self.assertLogs("blog.signals", "INFO") as logs:
            Article.objects.create(title="Hello").save()
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            ["article created: Hello", "article updated: Hello"],
        )
        self.assertEqual(
            list(AuditLog.objects.order_by("pk").values_list("action", flat=True)),
            ["created", "updated"],
        )

    def test_a_fixture_is_not_logged(self) -> None:
        call_command("loaddata", "articles", verbosity=0)
        self.assertEqual(Article.objects.count(), 2)
        self.assertFalse(AuditLog.objects.exists())

    def test_a_bulk_write_has_no_slug(self) -> None:
        Article.objects.bulk_create([Article(title="Hello")])
        self.assertEqual(Article.objects.get().slug, "")

    def test_a_delete_cascades(self) -> None:
        article = Article.objects.create(title="Hello")
        article.comments.create(text="Nice")
        with self.assertLogs("blog", "INFO") as logs:
            article.delete()
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            ["comment deleted: Nice", "article deleted: Hello"],
        )


class CommentAndTagTests(TestCase):
    """Receivers that change, refuse and watch."""

    def setUp(self) -> None:
        self.article = Article.objects.create(title="Hello")

    def test_a_comment_is_tidied(self) -> None:
        self.assertEqual(self.article.comments.create(text=" Nice ").text, "Nice")

    def test_spam_is_refused(self) -> None:
        with self.assertRaises(ValidationError):
            self.article.comments.create(text="Buy SPAM")
        self.assertFalse(self.article.comments.exists())

    def test_tags_are_lower_case_and_watched(self) -> None:
        with self.assertLogs("blog.receivers", "INFO") as logs:
            self.article.tags.set([Tag.objects.create(name="Django")])
        self.assertEqual(self.article.tags.get().name, "django")
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            ["blog.Article_tags: pre_add", "blog.Article_tags: post_add"],
        )


class PublishTests(TestCase):
    """The two views and what ``article_published`` sets off."""

    def test_the_newsletter_waits_for_the_commit(self) -> None:
        article = Article.objects.create(title="Hello")
        with self.captureOnCommitCallbacks() as callbacks:
            response = self.client.post(reverse("publish", args=[article.pk]))
        self.assertEqual(response.json(), {"published": "hello", "problems": []})
        with self.assertLogs("blog.receivers", "INFO") as logs:
            callbacks[0]()
        self.assertEqual(logs.records[0].getMessage(), "newsletter sent: Hello")

    def test_a_broken_link_is_reported(self) -> None:
        article = Article.objects.create(title="Hello", content="https://example.invalid/")
        with self.assertLogs("django.dispatch", "ERROR"):
            response = self.client.post(reverse("publish", args=[article.pk]))
        self.assertEqual(len(response.json()["problems"]), 1)

    def test_only_post_publishes(self) -> None:
        with self.assertLogs("django.request", "WARNING"):
            response = self.client.get(reverse("publish", args=[1]))
        self.assertEqual(response.status_code, 405)

    async def test_the_async_view_publishes(self) -> None:
        article = await Article.objects.acreate(title="Hello")
        response = await self.async_client.post(reverse("publish-async", args=[article.pk]))
        self.assertEqual(response.json(), {"published": "hello", "problems": []})
