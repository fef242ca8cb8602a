"""Where a project's baseline is, and how it is read and written."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sigtrace.analysis.baseline import Baseline, parse, render
from sigtrace.analysis.rules import File
from sigtrace.cli.results import write_atomically
from sigtrace.discover.settings_module import find_project
from sigtrace.errors import SigtraceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import MissingSettingsError

NAME = "sigtrace.baseline"


@dataclass(frozen=True)
class BaselineFile:
    """A file that may not be there yet; `update` is the command that writes it."""

    path: Path
    update: str

    @property
    def name(self) -> str:
        """What messages call it: its path from here."""
        return os.path.relpath(self.path)

    def text(self) -> str:
        """Return what it holds, empty if it is not there. Raises SigtraceError."""
        try:
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SigtraceError(
                f"{self.name} cannot be read: {said}.", "Name another --baseline."
            ) from error

    def read(self) -> Baseline | None:
        """Return what it says, None if it is not there. Raises SigtraceError for what is none."""
        text = self.text()
        return parse(text, self.name) if text or self.path.exists() else None

    def write(self, baseline: Baseline) -> None:
        """Write it whole or not at all. Raises SigtraceError."""
        write_atomically(self.path, render(baseline))

    def missing(self) -> SigtraceError:
        """Say that there is none to compare with, and how to make one."""
        return SigtraceError(
            f"There is no {self.name} to compare with.", f"Make one, and commit it: {self.update}"
        )

    def renamed(self, error: MissingSettingsError, imports: tuple[str, ...]) -> SigtraceError:
        """Say as well how to name others, if it is this file that names the missing settings."""
        if error.source != self.name:
            return error
        # Its imports are those of the settings that it names: other settings go without.
        kept = "".join(f" --import {name}" for name in imports)
        hint = f"{error.hint} Was it renamed? {self.update} --settings NEW{kept}"
        return SigtraceError(error.message, hint)

    def relative_to(self, project: str) -> File:
        """The file as findings name it, whose paths are relative to the project."""
        path = self.path.resolve()
        root = Path(project).resolve()
        shown = os.path.relpath(path, root)
        return File(self.name, shown, self.update)


def find_baseline(named: str | None) -> BaselineFile:
    """Return the file that was named, else that beside pyproject.toml, else that beside manage.py.

    One that is there comes before one that is not.
    """
    if named is not None:
        update = shlex.join(["sigtrace", "check", "--baseline", named, "--update"])
        return BaselineFile(Path(named).absolute(), update)
    folders = list(_folders(Path.cwd()))
    existing = [folder for folder in folders if (folder / NAME).is_file()]
    return BaselineFile((*existing, *folders)[0] / NAME, "sigtrace check --update")


def _folders(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            yield folder
            break
        if (folder / ".git").exists():
            break
    project = find_project(start)
    if project.manage is not None:
        yield project.manage.parent
    yield project.root
