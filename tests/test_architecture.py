"""The arrows of `.importlinter` hold."""

from __future__ import annotations

import sys

import pytest

from tests.support import ROOT, run_process

LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"


@pytest.mark.lint
def test_imports_point_down():
    done = run_process(sys.executable, "-c", LINT_IMPORTS, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
