"""Says in one sentence why a project could not be set up, and what to try next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sigtrace.errors import SigtraceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 300


class MissingSettingsError(SigtraceError):
    """There is no settings module of that name; `source` is who named it."""

    def __init__(self, message: str, hint: str, source: str) -> None:
        super().__init__(message, hint)
        self.source = source


_STAGES = {
    "manage": "{source} failed before it came to Django's command line",
    "settings": "The settings {module} (named by {source}) cannot be loaded",
    "setup": "The project cannot be set up with the settings {module} (named by {source})",
    "import": "{module} cannot be imported",
    "inspection": "This project could not be inspected",
}


def failure(error: Mapping[str, Any]) -> SigtraceError:
    """Make of what the probe wrote an error for the user, exit status 2."""
    if error["stage"] == "unnamed":
        return SigtraceError(f"{error['source']} names no settings module.", NAME_ONE)
    said = _STAGES[error["stage"]].format(**error)
    message = " ".join(str(error["message"]).split())
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "…"
    what = f"{error['type']}: {message}" if message else error["type"]
    where = f" ({_shown(error['file'])}:{error['line']})" if error["file"] else ""
    said = f"{said}: {what}{where}"
    if error["stage"] == "settings" and _is_missing(error):
        return MissingSettingsError(said, _hint(error), error["source"])
    return SigtraceError(said, _hint(error))


NAME_ONE = "Name one: --settings config.settings, or DJANGO_SETTINGS_MODULE."


def _hint(error: Mapping[str, Any]) -> str:
    missing = error["missing"]
    if missing and missing.partition(".")[0] == "django":
        return (
            f"Django cannot be imported by {error['executable']}:"
            " name the project's interpreter with --python."
        )
    if _is_missing(error):
        looked = ", ".join(_shown(folder) or "." for folder in error["path"])
        return f"Python looks in {looked}, …; --pythonpath names a folder before them."
    if missing:
        return f"Not found by {error['executable']}: --python names another interpreter."
    return "It was loaded as by `python manage.py check`; does that work?"


def _is_missing(error: Mapping[str, Any]) -> bool:
    """Whether it is the module itself that was not found, or a package that it is in."""
    missing, module = error["missing"], error["module"]
    return bool(missing) and (module == missing or module.startswith(missing + "."))


def _shown(path: str) -> str:
    """A path below the current folder is relative to it."""
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118  (a prefix, not a path)
    return path.removeprefix(here)
