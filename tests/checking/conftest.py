"""The project of mistakes, and what a check finds in a project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.checking import mistakes
from tests.checking.small import make_small
from tests.projects import Project, make_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Findings = list[dict[str, Any]]


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project of mistakes with a baseline that agrees to all of it; do not change it."""
    path = tmp_path_factory.mktemp("faulty") / "project"
    project = make_project(path, mistakes.FILES, mistakes.APPS, mistakes.SETTINGS)
    done = project.sigtrace("check", "--update", "--import", "news.tasks")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def findings() -> Callable[..., Findings]:
    """`findings(project, "--strict")`: what the check of a project finds, as its JSON says."""

    def check(project: Project, *args: str, **options: Any) -> Findings:
        done = project.sigtrace("check", "--format", "json", *args, **options)
        assert done.returncode in (0, 1), done.stderr
        found: Findings = json.loads(done.stdout)["findings"]
        return found

    return check


@pytest.fixture
def small(tmp_path: Path) -> Project:
    """A project of one's own with a baseline, to be changed."""
    return make_small(tmp_path)
