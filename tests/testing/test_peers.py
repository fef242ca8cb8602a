"""A package's own tests come out the same with the plugin, whatever it is asked to do."""

from __future__ import annotations

import re
import tarfile

import pytest

from tests import peers
from tests.support import ROOT, run_process

pytestmark = peers.requested

PACKAGE = "django-simple-history"
"""It lives by signals: each model's saves and deletes write another one's rows."""

CONFTEST = """
import django
from django.conf import settings
import runtests
settings.configure(**runtests.get_default_settings())
django.setup()
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """Run the package's tests; what became of each."""
    folder = tmp_path_factory.mktemp("suite")
    packages = (PACKAGE, "pytest", "pytest-django", "pytest-xdist", str(ROOT))
    python = peers.environment(folder / "venv", *packages)
    pip = (python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", PACKAGE)
    done = run_process(*pip, cwd=folder, timeout=300)
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    path = folder / archive.name.removesuffix(".tar.gz")
    (path / "conftest.py").write_text(CONFTEST)

    def run(*options: str) -> dict[str, str]:
        words = ("-m", "pytest", "-p", "no:cacheprovider", "-rA", "-o", "python_files=test_*.py")
        tests = "simple_history/tests/tests"
        done = run_process(python, *words, *options, tests, cwd=path, timeout=600)
        found = re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) (\S+)", done.stdout, re.MULTILINE)
        if "--signal-cov" in options:
            assert "Signal coverage " in done.stdout
        return {name: outcome for outcome, name in found}

    return run


def test_the_outcomes_are_those_without_it(suite):
    without = suite("-p", "no:sigtrace")
    assert list(without.values()).count("PASSED") > 300
    assert suite() == without
    assert suite("--signals-on-failure") == without
    assert suite("--signal-cov") == without
    assert suite("--signal-cov", "--signals-on-failure", "-n", "2") == without
