"""In a terminal: which commands are live by themselves. Servers and test runners have files of their own."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e import worksite
from tests.e2e.jobs import Job

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Site


@pytest.mark.parametrize(
    ("command", "live"),
    [
        (["manage.py", "migrate"], False),
        (["manage.py", "loaddata", "articles"], False),
        (["manage.py", "shell", "-c", "import work; work.work()"], True),
        (["-c", "import work; work.work()"], True),
    ],
)
def test_quiet_unless_asked_for(
    migrated_site: Site, tmp_path: Path, command: list[str], live: bool
) -> None:
    with ExitStack() as stack:
        jobs = []
        for number, options in enumerate([(), ("--live",), ("--no-live",)]):
            site = worksite.make(migrated_site, tmp_path / str(number))
            jobs.append(stack.enter_context(Job(site, command, options)))
        by_default, asked_for, forbidden = (job.end() for job in jobs)
    assert {ended.status for ended in (by_default, asked_for, forbidden)} == {0}
    assert "● " in asked_for.shown
    assert "● " not in forbidden.shown
    assert ("● " in by_default.shown) is live
    assert "sigtrace: " in by_default.shown
