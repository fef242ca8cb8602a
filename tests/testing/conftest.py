"""Fixtures for tests of what users' tests use: a site whose tests run in processes of their own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.testing.running import TestedSite

if TYPE_CHECKING:
    from tests.support import Site


@pytest.fixture
def tested(site: Site) -> TestedSite:
    """The sample site, with tests to be written: `tested.write("…")`, `tested.django()`."""
    return TestedSite(site)


@pytest.fixture
def in_site(tested: TestedSite):
    """`in_site(source)`: run a script with Django set up in the site; its standard output."""

    def run(source: str, **options) -> str:
        script = tested.site.script(source)
        done = tested.site.run(sys.executable, script.name, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
