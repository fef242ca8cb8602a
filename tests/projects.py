"""Small Django projects that tests write, and what an inspection of them finds."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from sigtrace.inspection import Connection, Inspection, read_inspection
from sigtrace.launch.inspecting import inspect
from sigtrace.options import InspectOptions
from tests.support import Finished, clean_environment, run_process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MANAGE = """
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""

SETTINGS = """
SECRET_KEY = "x"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""


@dataclass(frozen=True)
class Project:
    """A folder with a manage.py, config/settings.py and one package for each app."""

    path: Path
    env: Mapping[str, str | None] = field(default_factory=dict)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files below the project, and an `__init__.py` into each new folder."""
        for name, text in files.items():
            path = self.path / name
            for folder in reversed(path.relative_to(self.path).parents):
                (self.path / folder).mkdir(exist_ok=True)
                if str(folder) != ".":
                    (self.path / folder / "__init__.py").touch()
            path.write_text(dedent(text), "utf-8")

    def inspect(self, **options: Any) -> Inspection:
        """Inspect the project as the commands do; keyword arguments are those of InspectOptions."""
        given = {"project": str(self.path), "manage": str(self.path / "manage.py"), **options}
        environment = clean_environment(**self.env)
        return read_inspection(
            inspect(sys.executable, InspectOptions(output="", **given), environment)
        )

    def sigtrace(self, *args: str, **options: Any) -> Finished:
        """`python -m sigtrace …` in the project."""
        env = {**self.env, **options.pop("env", {})}
        cwd = options.pop("cwd", self.path)
        return run_process(sys.executable, "-m", "sigtrace", *args, cwd=cwd, env=env, **options)


def make_project(
    path: Path,
    files: Mapping[str, str],
    apps: Sequence[str] = (),
    settings: str = "",
) -> Project:
    """Write a project of these files; `apps` are installed in this order, `settings` added."""
    project = Project(path, {"PYTHONDONTWRITEBYTECODE": "1"})
    path.mkdir(parents=True, exist_ok=True)
    installed = f"INSTALLED_APPS = {list(apps)!r}\n"
    project.write(
        {
            "manage.py": MANAGE,
            "config/settings.py": SETTINGS + installed + dedent(settings),
            **files,
        }
    )
    return project


def line_of(project: Project, file: str, text: str) -> int:
    """The number of the only line of a file that holds the text."""
    lines = (project.path / file).read_text("utf-8").splitlines()
    (found,) = [number for number, line in enumerate(lines, start=1) if text in line]
    return found


def connections(found: Inspection, receiver: str) -> list[Connection]:
    """The live connections of a receiver, by the last part of its name."""
    return [one for one in found.connections if one.receiver.name.endswith(receiver)]


def connection(found: Inspection, receiver: str) -> Connection:
    """The only one."""
    (one,) = connections(found, receiver)
    return one
