"""The command ``recurse``: a receiver that saves its own instance without a guard."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models.signals import post_save

from blog.management.tables import require_tables
from blog.models import Draft
from blog.receivers import save_forever


class Command(BaseCommand):
    """Runs into RecursionError, says so in one line and leaves nothing in the database."""

    help = "Save a draft with a receiver that saves it again, until Python gives up."

    def handle(self, *args: object, **options: object) -> None:
        """Raise CommandError (exit status 1) once the recursion has ended."""
        require_tables()
        post_save.connect(save_forever, sender=Draft)
        try:
            with transaction.atomic():
                Draft.objects.create(text="again and again")
        except RecursionError as error:
            message = "RecursionError: save_forever saves the draft that it was called for"
            raise CommandError(message) from error
        finally:
            post_save.disconnect(save_forever, sender=Draft)
