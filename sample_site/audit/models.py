"""Model of the audit log."""

from __future__ import annotations

from django.db import models


class AuditLog(models.Model):
    """One thing that happened."""

    action = models.CharField(max_length=20)
    subject = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        """Return what happened to what."""
        return f"{self.action}: {self.subject}"
