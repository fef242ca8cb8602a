"""Configuration of the audit log, which connects its receiver."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_save


class AuditConfig(AppConfig):
    """Connects with ``.connect()`` rather than with ``@receiver``."""

    name = "audit"

    def ready(self) -> None:
        """Connect to the articles of another app."""
        from blog.models import Article

        from .receivers import log_article

        post_save.connect(log_article, sender=Article)
