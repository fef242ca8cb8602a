"""What is told of a project that cannot be set up: what failed, at which step, on which line."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from ..places import OWN, THIRD_PARTY, Places

if TYPE_CHECKING:
    from collections.abc import Iterator


class HandedOverError(BaseException):
    """The project's manage.py has done all that it does before a command; no failure."""


class FailedError(Exception):
    """The project cannot be set up; `told` says why."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__()
        self.told = told


@contextlib.contextmanager
def step(name: str, project: str, source: str = "", module: str = "") -> Iterator[None]:
    """Make a FailedError of whatever is raised in this step, also of a SystemExit."""
    try:
        yield
    except (HandedOverError, FailedError, KeyboardInterrupt):
        raise
    except BaseException as error:
        cause = error.__cause__ or error.__context__ or error
        file, line = _place_of(error, Places(project))
        told = {
            "stage": name,
            "source": source,
            "module": module,
            "type": type(error).__name__,
            "message": str(error),
            "missing": next((e.name for e in (error, cause) if isinstance(e, ImportError)), None),
            "file": file,
            "line": line,
            "path": sys.path[:3],
            "executable": sys.executable,
        }
        raise FailedError(told) from None


def _place_of(error: BaseException, places: Places) -> tuple[str | None, int | None]:
    """Return the project's innermost line, without one that of another package's."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    found: dict[str, tuple[str, int]] = {}
    traceback = error.__traceback__
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        found[places.origin(filename)] = (filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found.get(OWN) or found.get(THIRD_PARTY) or (None, None)
