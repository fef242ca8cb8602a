"""Where a project's manage.py is, and which files name its settings module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sigtrace.discover.settings_module import find_project
from sigtrace.errors import SigtraceError
from tests.projects import MANAGE

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, name: str, text: str = MANAGE) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_manage_here_above_or_one_folder_below(tmp_path):
    manage = write(tmp_path, "site/manage.py")
    (tmp_path / "site" / "app" / "deep").mkdir(parents=True)
    for start in ("site", "site/app/deep", "."):
        found = find_project(tmp_path / start)
        assert (found.manage, found.root) == (manage, tmp_path / "site")


def test_nothing_above_the_repository_is_looked_at(tmp_path):
    write(tmp_path, "manage.py")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert find_project(tmp_path / "repository").manage is None
    write(tmp_path, "other/pyproject.toml", "")
    (tmp_path / "other" / "docs").mkdir()
    assert find_project(tmp_path / "other" / "docs").manage is None


def test_several_below_are_nobodys(tmp_path):
    one, two = (write(tmp_path, f"{name}/manage.py") for name in ("one", "two"))
    found = find_project(tmp_path)
    assert (found.manage, found.several) == (None, (one, two))


@pytest.mark.parametrize("folder", [".venv", "node_modules"])
def test_folders_that_are_no_projects(tmp_path, folder):
    write(tmp_path, f"{folder}/manage.py")
    assert find_project(tmp_path).manage is None


def test_a_manage_of_another_framework_is_not_run(tmp_path):
    manage = write(tmp_path, "manage.py", "from flask.cli import main\nmain()\n")
    found = find_project(tmp_path)
    assert (found.manage, found.refused) == (None, manage)
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert find_project(tmp_path / "repository").refused is None


FILES = {
    "pyproject of pytest": (
        "pyproject.toml",
        '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "a.b"\npythonpath = ["src", "."]\n',
        "DJANGO_SETTINGS_MODULE in [tool.pytest.ini_options]",
        ("src", "."),
    ),
    "pyproject of pytest 9": (
        "pyproject.toml",
        '[tool.pytest]\nDJANGO_SETTINGS_MODULE = "a.b"\n',
        "DJANGO_SETTINGS_MODULE in [tool.pytest]",
        (),
    ),
    "pyproject of django-stubs": (
        "pyproject.toml",
        '[tool.django-stubs]\ndjango_settings_module = "a.b"\n',
        "django_settings_module in [tool.django-stubs]",
        (),
    ),
    "pytest.ini": (
        "pytest.ini",
        "[pytest]\nDJANGO_SETTINGS_MODULE = a.b\npythonpath = src\n",
        "DJANGO_SETTINGS_MODULE in [pytest]",
        ("src",),
    ),
    "tox.ini": (
        "tox.ini",
        "[pytest]\nDJANGO_SETTINGS_MODULE=a.b\n",
        "DJANGO_SETTINGS_MODULE in [pytest]",
        (),
    ),
    "setup.cfg of pytest": (
        "setup.cfg",
        "[tool:pytest]\nDJANGO_SETTINGS_MODULE = a.b\n",
        "DJANGO_SETTINGS_MODULE in [tool:pytest]",
        (),
    ),
    "mypy.ini": (
        "mypy.ini",
        '[mypy.plugins.django-stubs]\ndjango_settings_module = "a.b"\n',
        "django_settings_module in [mypy.plugins.django-stubs]",
        (),
    ),
    "setup.cfg of django-stubs": (
        "setup.cfg",
        "[mypy.plugins.django-stubs]\ndjango_settings_module = a.b\n",
        "django_settings_module in [mypy.plugins.django-stubs]",
        (),
    ),
}


@pytest.mark.parametrize(("name", "text", "source", "folders"), FILES.values(), ids=FILES)
def test_files_that_name_the_settings(tmp_path, name, text, source, folders):
    write(tmp_path, name, text)
    (tmp_path / "docs").mkdir()
    for start in (tmp_path, tmp_path / "docs"):
        found = find_project(start)
        assert found.named is not None
        assert found.named.module == "a.b"
        assert found.named.source == f"{source} of {tmp_path / name}"
        assert found.named.pythonpath == (
            *(str(tmp_path / folder) for folder in folders),
            str(tmp_path),
        )


def test_the_nearest_file_counts_and_pyproject_first(tmp_path):
    write(tmp_path, "pyproject.toml", FILES["pyproject of pytest"][1])
    write(tmp_path, "pytest.ini", FILES["pytest.ini"][1].replace("a.b", "c.d"))
    named = find_project(tmp_path).named
    assert named is not None
    assert named.module == "a.b"
    write(tmp_path, "app/tox.ini", FILES["tox.ini"][1].replace("a.b", "e.f"))
    named = find_project(tmp_path / "app").named
    assert named is not None
    assert named.module == "e.f"


@pytest.mark.parametrize("text", ["[pytest", "[pytest]\nx = %(y)s\n", "\xff"])
def test_broken_files_of_other_tools_name_nothing(tmp_path, text):
    (tmp_path / "pytest.ini").write_bytes(text.encode("latin-1"))
    assert find_project(tmp_path).named is None


def test_a_broken_pyproject_is_said(tmp_path):
    write(tmp_path, "pyproject.toml", "[tool")
    with pytest.raises(SigtraceError, match=r"pyproject\.toml cannot be read"):
        find_project(tmp_path)
