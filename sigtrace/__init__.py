"""strace for Django signals: run any command of a project, see what every save sets off."""

from __future__ import annotations

__version__ = "0.1.0"
