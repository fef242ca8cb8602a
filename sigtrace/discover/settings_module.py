"""Finds a project's manage.py, and the files of other tools that name its settings module."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sigtrace.discover.table import PYPROJECT
from sigtrace.errors import SigtraceError
from sigtrace.folders import project_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MANAGE = "manage.py"

_PYTEST, _STUBS = "DJANGO_SETTINGS_MODULE", "django_settings_module"
_TOML = (("tool", "pytest", "ini_options"), ("tool", "pytest"), ("tool", "django-stubs"))
_INI = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
    ("mypy.ini", "mypy.plugins.django-stubs"),
    ("setup.cfg", "mypy.plugins.django-stubs"),
)
_NOT_A_PROJECT = ("node_modules", "site-packages")


@dataclass(frozen=True)
class Named:
    """A settings module, who names it in words, and the folders to import it from."""

    module: str
    source: str
    pythonpath: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """Where a project is: `manage` is None if it has no manage.py, `named` by another tool's file.

    `several` are the files of which any could be the project's manage.py; `refused` is the nearest
    manage.py that does not mention Django.
    """

    root: Path
    manage: Path | None = None
    named: Named | None = None
    several: tuple[Path, ...] = ()
    refused: Path | None = None


def find_project(start: Path) -> Project:
    """Look from `start` upwards, then one folder below it for a manage.py."""
    start = start.absolute()
    found = [folder / MANAGE for folder in _upwards(start) if _is_manage(folder / MANAGE)][:1]
    if not found:
        found = sorted(path for path in start.glob(f"*/{MANAGE}") if _may_be_project(path))
    manage = found[0] if len(found) == 1 else None
    folder = start if manage is None else manage.parent
    named = next(_named(start), None) or next(_named(folder), None)
    several = tuple(found) if manage is None else ()
    here = (each / MANAGE for each in _upwards(start))
    refused = next((path for path in here if path.is_file() and not _is_manage(path)), None)
    return Project(project_root(folder), manage, named, several, refused)


def _upwards(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield folder
        if (folder / ".git").exists() or (folder / PYPROJECT).is_file():
            return


def _may_be_project(path: Path) -> bool:
    name = path.parent.name
    return not name.startswith(".") and name not in _NOT_A_PROJECT and _is_manage(path)


def _is_manage(path: Path) -> bool:
    """Whether a manage.py is Django's: it is going to be run."""
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return b"django" in text or b"execute_from_command_line" in text


def _named(start: Path) -> Iterator[Named]:
    for folder in _upwards(start):
        for path, section, table in _tables(folder):
            for key in (_PYTEST, _STUBS):
                # django-stubs takes quotes in an ini file as well.
                module = table.get(key)
                module = module.strip("\"'") if isinstance(module, str) else ""
                if module:
                    pythonpath = table.get("pythonpath", ()) if key == _PYTEST else ()
                    folders = pythonpath.split() if isinstance(pythonpath, str) else pythonpath
                    # The tools themselves import from the folder of their file.
                    paths = (*(str(folder / name) for name in folders), str(folder))
                    yield Named(module, f"{key} in [{section}] of {path}", paths)


def _tables(folder: Path) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """Yield the tables of a folder's files in which a settings module may be named."""
    pyproject = folder / PYPROJECT
    if pyproject.is_file():
        import tomllib

        try:
            data = tomllib.loads(pyproject.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SigtraceError(
                f"{pyproject} cannot be read: {error}.", "Mend the file, or name --settings."
            ) from error
        for keys in _TOML:
            table: Any = data
            for key in keys:
                table = table.get(key, {}) if isinstance(table, dict) else {}
            if isinstance(table, dict):
                yield pyproject, ".".join(keys), table
    for name, section in _INI:
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            parser.read_string((folder / name).read_text("utf-8"))
        except (OSError, ValueError, configparser.Error):
            continue  # another tool's file; that tool says what is wrong with it
        if parser.has_section(section):
            yield folder / name, section, dict(parser.items(section))
