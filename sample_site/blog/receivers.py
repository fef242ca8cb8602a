"""Receivers as they are met in the wild, each one small and showing one thing."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import Signal, receiver

from .models import Article, Comment, Draft, Tag
from .signals import article_published

logger = logging.getLogger(__name__)


class BrokenLinkError(Exception):
    """A published article links to a host that cannot exist."""


@receiver(pre_save, sender=Comment)
def reject_spam(sender: type[Comment], instance: Comment, **kwargs: object) -> None:
    """Raise on spam; the save fails and the receivers after this one are not reached."""
    if "spam" in instance.text.lower():
        raise ValidationError("this comment looks like spam")


@receiver(pre_save, sender=Comment)
def tidy_comment(sender: type[Comment], instance: Comment, **kwargs: object) -> None:
    """Strip the text; comes after ``reject_spam`` and is not reached when that raises."""
    instance.text = instance.text.strip()


@receiver(post_delete, sender=Comment)
def note_deleted_comment(sender: type[Comment], instance: Comment, **kwargs: object) -> None:
    """Say that a comment went; is called in a cascade, when its article is deleted."""
    logger.info("comment deleted: %s", instance)


@receiver(pre_save, sender=Tag, dispatch_uid="blog.normalise_tag_name")
def normalise_tag_name(sender: type[Tag], instance: Tag, **kwargs: object) -> None:
    """Lower-case the name; its ``dispatch_uid`` keeps a second import from connecting it twice."""
    instance.name = instance.name.lower()


@receiver(m2m_changed)
def note_any_m2m_change(sender: type[models.Model], action: str, **kwargs: object) -> None:
    """Say what happened; has no ``sender``, so every many-to-many of every app calls it."""
    logger.info("%s: %s", sender._meta.label, action)


@receiver(post_save, sender=Draft)
def count_words(sender: type[Draft], instance: Draft, **kwargs: object) -> None:
    """Save the instance it was called for once more, guarded by a comparison."""
    words = len(instance.text.split())
    if instance.word_count != words:
        instance.word_count = words
        instance.save(update_fields=["word_count"])


def save_forever(sender: type[Draft], instance: Draft, **kwargs: object) -> None:
    """Save the instance again without a guard; connected by ``manage.py recurse`` alone."""
    instance.save()


@receiver(article_published, sender=Article)
def queue_newsletter(sender: type[Article], article: Article, **kwargs: object) -> None:
    """Put the sending off until the transaction commits; a rollback discards it."""
    transaction.on_commit(partial(send_newsletter, article.title))


def send_newsletter(title: str) -> None:
    """Pretend to mail the subscribers; runs after the commit."""
    logger.info("newsletter sent: %s", title)


@receiver(article_published, sender=Article)
def check_links(sender: type[Article], article: Article, **kwargs: object) -> None:
    """Raise on a link to ``.invalid``; ``send_robust`` swallows it and calls the others."""
    if ".invalid" in article.content:
        raise BrokenLinkError("the article links to a host that cannot exist")


async def refresh_search_index(sender: type[Article], article: Article, **kwargs: object) -> None:
    """Pretend to wait for a search service; ``asend`` runs it and the next one concurrently."""
    await asyncio.sleep(0.01)
    logger.info("search index refreshed: %s", article)


async def ping_subscribers(sender: type[Article], article: Article, **kwargs: object) -> None:
    """Pretend to wait for a push service; overlaps with ``refresh_search_index``."""
    await asyncio.sleep(0.01)
    logger.info("subscribers pinged: %s", article)


if hasattr(Signal, "asend"):  # Django 5.0 and later; 4.2 cannot call an async receiver
    article_published.connect(refresh_search_index, sender=Article)
    article_published.connect(ping_subscribers, sender=Article)
