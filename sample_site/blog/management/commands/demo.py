"""The command ``demo``: what sets off signals and what does not, one printed line a step."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from audit.models import AuditLog
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import F

from blog.management.tables import require_tables
from blog.models import Article, Draft, Tag
from blog.publishing import apublish, publish

# Everything the demo makes begins with this, so that it can clean up after itself.
MARK = "demo: "


class _ChangedMindError(Exception):
    """Raised to roll a transaction back."""


class Command(BaseCommand):
    """Walks through the life of an article; can be run again and leaves no rows behind."""

    help = "Create, update, tag, publish and delete an article, one printed line a step."

    def handle(self, *args: object, **options: object) -> None:
        """Run every step; raise CommandError if the tables are missing."""
        require_tables()
        steps = (
            self.create,
            self.update,
            self.tags,
            self.bulk,
            self.publish,
            self.rollback,
            self.error,
            self.again,
            self.asynchronous,
            self.delete,
        )
        try:
            for step in steps:
                self.stdout.write(step())
        finally:
            self.clean_up()

    def create(self) -> str:
        """Save a new article: generate_slug changes it, notify_about_article and audit follow."""
        self.article = Article.objects.create(title=f"{MARK}Hello signals")
        return f"create: the article got the slug {self.article.slug!r}"

    def update(self) -> str:
        """Save it again, with ``update_fields``."""
        self.article.content = "Now with content."
        self.article.save(update_fields=["content"])
        return "update: the article got its content"

    def tags(self) -> str:
        """Set the tags twice: the second time removes one and adds one."""
        one, two, three = (
            Tag.objects.get_or_create(name=f"{MARK}{name}")[0] for name in ("one", "two", "three")
        )
        self.article.tags.set([one, two])
        self.article.tags.set([two, three])
        return f"tags: the article has {self.article.tags.count()} tags"

    def bulk(self) -> str:
        """Write three articles in bulk, which no save receiver hears of."""
        articles = [Article(title=f"{MARK}bulk {number}") for number in range(3)]
        Article.objects.bulk_create(articles)
        many = Article.objects.filter(title__startswith=f"{MARK}bulk")
        rows = list(many)
        for row in rows:
            row.content = "Written in bulk."
        Article.objects.bulk_update(rows, ["content"])
        many.update(views=F("views") + 1)
        return f"bulk: {many.filter(slug='').count()} articles were written without a slug"

    def publish(self) -> str:
        """Publish twice: the link makes check_links raise, and send_robust swallow it."""
        publish(self.article)
        self.article.content = "See https://example.invalid/."
        problems = publish(self.article)
        return f"publish: {len(problems)} receiver raised, the others were called"

    def rollback(self) -> str:
        """Publish in a transaction that is rolled back: the newsletter is never sent."""
        article = Article(title=f"{MARK}Changed my mind")
        try:
            with transaction.atomic():
                publish(article)
                raise _ChangedMindError
        except _ChangedMindError:
            kept = Article.objects.filter(pk=article.pk).exists()
        return f"rollback: the article is {'still' if kept else 'not'} there"

    def error(self) -> str:
        """Save a comment that reject_spam refuses; tidy_comment is not reached."""
        self.article.comments.create(text=" A fine article. ")
        try:
            self.article.comments.create(text="Buy spam!")
        except ValidationError as error:
            return f"error: {error.messages[0]}"
        return "error: the comment was accepted"

    def again(self) -> str:
        """Save a draft that its receiver saves once more."""
        draft = Draft.objects.create(text=f"{MARK}three words")
        return f"again: the draft was saved twice and has {draft.word_count} words"

    def asynchronous(self) -> str:
        """Publish from async code: two receivers wait at the same time."""
        self.article.content = "The link is gone."
        async_to_sync(apublish)(self.article)
        return "async: the article was published from a coroutine"

    def delete(self) -> str:
        """Delete the article: its comment and its tag links go with it."""
        _, deleted = self.article.delete()
        return f"delete: the article took {deleted['blog.Comment']} comment with it"

    def clean_up(self) -> None:
        """Remove what the steps left, also if one of them failed."""
        Article.objects.filter(title__startswith=MARK).delete()
        Tag.objects.filter(name__startswith=MARK).delete()
        Draft.objects.filter(text__startswith=MARK).delete()
        AuditLog.objects.filter(subject__startswith=MARK).delete()
