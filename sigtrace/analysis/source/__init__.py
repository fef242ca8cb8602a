"""What the source of a project's own code says: where it connects, and what it asks to ignore."""

from __future__ import annotations

from sigtrace.analysis.source.comments import Comment, read_comment
from sigtrace.analysis.source.connecting import Site
from sigtrace.analysis.source.files import SourceFile
from sigtrace.analysis.source.sources import Sources

__all__ = ["Comment", "Site", "SourceFile", "Sources", "read_comment"]
