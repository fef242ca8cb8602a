"""Receiver of the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import AuditLog

if TYPE_CHECKING:
    from blog.models import Article


def log_article(
    sender: type[Article], instance: Article, created: bool, raw: bool, **kwargs: object
) -> None:
    """Save another model from a save; shows a nested save, and ``raw``: fixtures are not logged."""
    if raw:
        return
    AuditLog.objects.create(action="created" if created else "updated", subject=str(instance))
