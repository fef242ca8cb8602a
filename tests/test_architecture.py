"""The arrows of `.importlinter` hold, and what enters the traced program is small."""

from __future__ import annotations

import sys

import pytest

from tests.support import ROOT, run_process

LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"

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


def test_a_program_without_django_gets_nothing(site):
    command = ("-c", SHOW_MODULES)
    untraced = site.run(site.interpreter, *command)
    traced = site.sigtrace("run", "--no-live", *command)
    assert added(untraced, traced) <= AT_THE_FIRST_LINE


def test_a_django_program_gets_the_probe_and_the_standard_library(site):
    script = site.script(
        "from blog.models import Article\nArticle.objects.create(title='x')\n" + SHOW_MODULES + "\n"
    ).name
    untraced = site.run(site.interpreter, script)
    traced = site.sigtrace("run", "--no-live", script)
    new = added(untraced, traced)
    assert "_sigtrace.probe" in new
    others = {name for name in new if not name.startswith("_sigtrace.")}
    assert others <= {*AT_THE_FIRST_LINE, "_sigtrace"}
