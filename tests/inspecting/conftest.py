"""The shop, inspected once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.inspecting import shop as shop_files
from tests.projects import Project, make_project

if TYPE_CHECKING:
    from sigtrace.inspection import Inspection


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a receiver of every kind; do not change it."""
    path = tmp_path_factory.mktemp("shop") / "project"
    return make_project(path, shop_files.FILES, shop_files.APPS, shop_files.SETTINGS)


@pytest.fixture(scope="session")
def found(shop: Project) -> Inspection:
    """The inspection of the shop."""
    return shop.inspect()
