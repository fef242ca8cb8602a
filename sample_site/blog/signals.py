"""The classic example: three receivers of an article's life, and a signal of our own."""

from __future__ import annotations

import logging

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal, receiver
from django.utils.text import slugify

from .models import Article

logger = logging.getLogger(__name__)

article_published = Signal()
"""Sent by ``blog.publishing`` with ``article``, the article that is now public."""


@receiver(pre_save, sender=Article)
def generate_slug(sender: type[Article], instance: Article, **kwargs: object) -> None:
    """Fill an empty slug; shows a receiver that changes the instance before it is written."""
    if not instance.slug:
        instance.slug = slugify(instance.title)


@receiver(post_save, sender=Article)
def notify_about_article(
    sender: type[Article], instance: Article, created: bool, **kwargs: object
) -> None:
    """Say that an article was created or updated; shows the use of ``created``."""
    logger.info("article %s: %s", "created" if created else "updated", instance)


@receiver(post_delete, sender=Article)
def cleanup_after_delete(sender: type[Article], instance: Article, **kwargs: object) -> None:
    """Say what went; a site with uploads would remove an article's files here."""
    logger.info("article deleted: %s", instance)
