"""Publishing an article: saves it and sends ``article_published``, sync and async."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.db import transaction

from .models import Article
from .signals import article_published


def publish(article: Article) -> list[str]:
    """Publish in one transaction and return what went wrong, a message for each problem.

    ``send_robust`` calls every receiver, also after one has raised.
    """
    with transaction.atomic():
        article.save()
        responses = article_published.send_robust(sender=Article, article=article)
    return [str(response) for _, response in responses if isinstance(response, Exception)]


async def apublish(article: Article) -> None:
    """Publish from async code; the exception of a receiver comes out, as ``asend`` has it."""
    await article.asave()
    if hasattr(article_published, "asend"):
        await article_published.asend(sender=Article, article=article)
    else:  # Django 4.2
        await sync_to_async(article_published.send)(sender=Article, article=article)
