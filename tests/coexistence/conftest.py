"""A script beside another tool, run with and without us: it has to say the same, the tool as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support import Site, Trace


@pytest.fixture
def beside(site: Site) -> Callable[..., Trace]:
    """`beside(source, "-m", "coverage", "run")`: run it both ways; what it prints must be equal.

    The script begins with `django.setup()`, or before that with `head`; words before its name and
    `env` are the tool's. What `look` returns after each run is compared as well. Each run has the
    same empty database.
    """

    def run(
        source: str,
        *words: str,
        head: str = "",
        look: Callable[[], object] = lambda: None,
        **options: object,
    ) -> Trace:
        script = site.script(source)
        if head:
            # What has to happen before Django is there.
            script.write_text(head + script.read_text("utf-8"), "utf-8")
        database = site.path / "db.sqlite3"
        empty = database.read_bytes()
        untraced = site.run(site.interpreter, *words, script.name, **options)
        seen = look()
        database.write_bytes(empty)
        traced = site.sigtrace("run", "--no-live", "--quiet", *words, script.name, **options)
        assert traced.stderr == untraced.stderr
        assert traced.stdout == untraced.stdout
        assert traced.returncode == untraced.returncode == 0, traced.stderr
        assert untraced.stdout
        assert look() == seen
        return site.trace()

    return run
