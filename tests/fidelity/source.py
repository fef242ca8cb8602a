"""Fetches the tests of one version of Django: they are in its sdist, and in no wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


def default_cache() -> Path:
    """Where sdists are kept: outside the repository, as they are never committed."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sigtrace-fidelity"


def django_version(python: str) -> str:
    """The version of Django in that interpreter. Raises CalledProcessError if it has none."""
    program = "import django; print(django.get_version())"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def django_tests(version: str, cache: Path) -> Path:
    """The `tests` folder of that version, from the cache or else from PyPI by `pip download`.

    It is unpacked beside its final place and renamed, so that two runs cannot see a half of it.
    """
    place = cache / f"django-{version}" / "tests"
    if place.is_dir():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        download(version, Path(folder))
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (unpacked,) = (path for path in Path(folder).iterdir() if path.is_dir())
        shutil.rmtree(place.parent, ignore_errors=True)
        unpacked.rename(place.parent)
    return place


def download(version: str, folder: Path) -> None:
    """Put the sdist into the folder. pip prepares its metadata, which takes a few seconds."""
    # Our own pip: the target may have none. It must not mind which Python that Django wants.
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    options = ["--ignore-requires-python", "--no-binary", "Django", "--dest", str(folder)]
    subprocess.run([*pip, *options, f"Django=={version}"], check=True)
