"""The files of a project's own code: what was imported, and what lies in its apps beside that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from sigtrace.inspection import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import App, Inspection

# What other commands import when they need it.
_TEST_FOLDERS = ("tests", "test")
_TEST_FILES = ("tests.py", "test.py", "test_*.py", "tests_*.py", "*_test.py", "*_tests.py")
_ELSEWHERE_FOLDERS = (*_TEST_FOLDERS, "migrations", "management", "node_modules")
_ELSEWHERE = (*_TEST_FILES, "conftest.py")


@dataclass(frozen=True)
class SourceFile:
    """A Python file; `shown` is its path as findings say it, `is_loaded` whether it was imported.

    `app` is the label of the app in whose folder it lies.
    """

    path: Path
    shown: str
    module: str
    is_loaded: bool
    app: str | None = None

    @property
    def package(self) -> str:
        """The package that its relative imports start from."""
        is_package = self.path.name == "__init__.py"
        return self.module if is_package else self.module.rpartition(".")[0]

    def read(self) -> bytes:
        """The source, empty where it cannot be read."""
        try:
            return self.path.read_bytes()
        except OSError:
            return b""


def is_of_tests(shown: str) -> bool:
    """Whether a file, by its path in the project, is one of tests."""
    *folders, name = Path(shown).parts
    return not set(_TEST_FOLDERS).isdisjoint(folders) or any(
        fnmatchcase(name, glob) for glob in _ELSEWHERE
    )


def own_files(inspection: Inspection) -> list[SourceFile]:
    """The own modules that were imported, and the others in the folders of own apps.

    Tests, migrations and management commands that were not imported are left out: another command
    imports them.
    """
    project = Path(inspection.project)
    loaded = {
        (project / shown).resolve(): SourceFile(project / shown, shown, module, is_loaded=True)
        for module, shown in sorted(inspection.modules.items(), reverse=True)
        if shown.endswith(".py")
    }
    files = dict(loaded)
    for app in inspection.apps:
        if app.place.origin == OWN:
            for path in _sources((project / app.path).resolve(), loaded):
                if path not in files:
                    files[path] = _in_app(path, app, project)
    return sorted(files.values(), key=lambda file: file.shown)


def _in_app(path: Path, app: App, project: Path) -> SourceFile:
    folder = (project / app.path).resolve()
    parts = path.relative_to(folder).with_suffix("").parts
    module = ".".join((app.name, *parts)).removesuffix(".__init__")
    root = project.resolve()
    shown = str(path.relative_to(root) if path.is_relative_to(root) else path)
    return SourceFile(path, shown, module, is_loaded=False, app=app.label)


def _sources(root: Path, loaded: dict[Path, SourceFile]) -> Iterator[Path]:
    for name, folders, files in os.walk(root):
        folder = Path(name)
        if folder != root and _is_other(folder, files, loaded):
            folders.clear()
            continue
        folders[:] = [
            below for below in folders if below.isidentifier() and below not in _ELSEWHERE_FOLDERS
        ]
        for file in files:
            stem, _, suffix = file.partition(".")
            is_module = suffix == "py" and stem.isidentifier()
            if is_module and not any(fnmatchcase(file, glob) for glob in _ELSEWHERE):
                yield folder / file


def _is_other(folder: Path, files: list[str], loaded: dict[Path, SourceFile]) -> bool:
    """Whether this is an environment, or an app of its own that is not installed."""
    is_app = "apps.py" in files and folder / "apps.py" not in loaded
    return is_app or "pyvenv.cfg" in files
