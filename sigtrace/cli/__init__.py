"""The command line: one file a command, and the only place that knows click and exit statuses."""

from __future__ import annotations
