"""Configuration of the blog, which connects its receivers."""

from __future__ import annotations

from django.apps import AppConfig


class BlogConfig(AppConfig):
    """Connects receivers the usual way: by importing the modules that hold them."""

    name = "blog"

    def ready(self) -> None:
        """Import the modules whose ``@receiver`` decorators connect."""
        from . import receivers, signals  # noqa: F401
