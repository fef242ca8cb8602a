"""Where a project is, what it has set for sigtrace, and where its settings module is named."""

from __future__ import annotations

from sigtrace.discover.settings_module import Named, Project, find_project
from sigtrace.discover.table import (
    PROJECT_FILES,
    SETTINGS,
    Found,
    Setting,
    Value,
    project_root,
    settings,
)

__all__ = [
    "PROJECT_FILES",
    "SETTINGS",
    "Found",
    "Named",
    "Project",
    "Setting",
    "Value",
    "find_project",
    "project_root",
    "settings",
]
