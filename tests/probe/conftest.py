"""A fixture that runs one script twice, untraced and with the probe, and compares what it prints."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sigtrace
from sigtrace.options import VARIABLE, RecordOptions, encode
from tests.support import Finished, Trace, run_process

if TYPE_CHECKING:
    from collections.abc import Callable

BOOT = Path(sigtrace.__file__).parent / "probe" / "_boot"

MODELS = """
from django.db import models

class Shelf(models.Model):
    name = models.CharField(max_length=50)

class Reader(models.Model):
    name = models.CharField(max_length=50)

class Book(models.Model):
    title = models.CharField(max_length=50)
    pages = models.IntegerField(default=0)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True)
    readers = models.ManyToManyField(Reader)
"""

HEADER = """
import asyncio, gc, os, sys
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["library"], USE_TZ=True, SECRET_KEY="x", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()
from django.db import connection, models, transaction
from django.db.models.signals import *
from django.dispatch import Signal, receiver
from library.models import Book, Reader, Shelf

with connection.schema_editor() as editor:
    for model in (Shelf, Reader, Book):
        editor.create_model(model)
"""


@dataclass(frozen=True)
class Twice:
    """One script, untraced and traced."""

    untraced: Finished
    traced: Finished
    trace: Trace


@pytest.fixture
def twice(tmp_path: Path) -> Callable[..., Twice]:
    """`twice(source, values="redacted", …)`: run it both ways; both must print the same.

    The script begins with `HEADER`; keyword arguments are `RecordOptions`. What is written to
    stdout, stderr and the exit status are compared unless `compare=False`.
    """

    def run(source: str, *, compare: bool = True, **options: object) -> Twice:
        project = tmp_path / "project"
        project.mkdir(exist_ok=True)
        (project / "library").mkdir(exist_ok=True)
        (project / "library" / "__init__.py").touch()
        (project / "library" / "models.py").write_text(MODELS, "utf-8")
        script = project / "script.py"
        script.write_text(HEADER + source, "utf-8")
        run_dir = tmp_path / f"run{len(list(tmp_path.glob('run*')))}"
        run_dir.mkdir(mode=0o700)
        untraced = run_process(sys.executable, "script.py", cwd=project)
        given = RecordOptions(run_dir=str(run_dir), project=str(project), **options)  # type: ignore[arg-type]
        environment = {"PYTHONPATH": str(BOOT), VARIABLE: encode(given)}
        traced = run_process(sys.executable, "script.py", cwd=project, env=environment)
        if compare:
            assert traced.stderr == untraced.stderr
            assert traced.stdout == untraced.stdout
            assert traced.returncode == untraced.returncode == 0, untraced.stderr
        return Twice(untraced, traced, Trace(run_dir))

    return run
