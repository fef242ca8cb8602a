"""A check that the commands of the blog share."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import connection

from blog.models import Draft


def require_tables() -> None:
    """Raise CommandError, which ends a command in one line, if nothing has been migrated yet."""
    if Draft._meta.db_table not in connection.introspection.table_names():
        raise CommandError("the database has no tables yet: run 'manage.py migrate' first")
