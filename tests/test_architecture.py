"""The arrows of `.importlinter` hold, and what enters the traced program is small."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import SERVICE
from tests.support import ROOT, run_process

LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"

SHOW_LOADERS = (
    "import sys; print({name: vars(module.__loader__) for name, module in sys.modules.items()"
    " if name in ('unittest.case', '_pytest.runner', 'celery.signals')}, file=sys.stderr); "
)

SHOW_MODULES = "import sys; print(*sorted(sys.modules), sep='\\n')"

# Ours, which has handed over to the user's own if there is one.
AT_THE_FIRST_LINE = {"sitecustomize"}


@pytest.mark.lint
def test_imports_point_down():
    done = run_process(sys.executable, "-c", LINT_IMPORTS, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def added(untraced, traced):
    assert (untraced.returncode, traced.returncode) == (0, 0), traced.stderr
    return set(traced.stdout.split()) - set(untraced.stdout.split())


@pytest.mark.parametrize("imports", ["", "import unittest; ", "import pytest, celery.signals; "])
def test_a_program_without_django_gets_nothing(site, imports):
    if "celery" in imports:
        pytest.importorskip("celery", reason=f"{SERVICE} Celery is missing")
    command = ("-c", imports + SHOW_LOADERS + SHOW_MODULES)
    untraced = site.run(site.interpreter, *command)
    traced = site.sigtrace("run", "--no-live", *command)
    assert added(untraced, traced) <= AT_THE_FIRST_LINE
    assert traced.stderr.splitlines()[0] == untraced.stderr.strip()


def test_a_django_program_gets_the_probe_and_the_standard_library(site):
    script = site.script(
        "from blog.models import Article\nArticle.objects.create(title='x')\n" + SHOW_MODULES + "\n"
    ).name
    untraced = site.run(site.interpreter, script)
    traced = site.sigtrace("run", "--no-live", script)
    new = added(untraced, traced)
    assert "_sigtrace.probe" in new
    others = {name for name in new if not name.startswith("_sigtrace.")}
    assert others <= {*AT_THE_FIRST_LINE, "_sigtrace", "mmap"}
