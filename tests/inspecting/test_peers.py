"""Over wagtail's and django-oscar's apps: all is found, named, and where it is said to be."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sigtrace.analysis.explaining import explain
from sigtrace.errors import SigtraceError
from sigtrace.inspection import Inspection, Receiver, read_inspection
from sigtrace.launch.inspecting import inspect
from sigtrace.options import InspectOptions
from tests import peers
from tests.support import clean_environment, run_process

if TYPE_CHECKING:
    from tests.projects import Project

pytestmark = peers.requested

# What there is, found by other means: after the fact, among all objects.
COUNT = """
import os, gc, json, weakref
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django.core.management
django.setup()
from django.dispatch import Signal
gc.collect()
signals = [one for one in gc.get_objects() if issubclass(type(one), Signal)]
alive = [
    entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1]
    for signal in signals
    for entry in signal.receivers
]
print(json.dumps([len(signals), sum(one is not None for one in alive)]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("peers") / "venv"
    return peers.environment(path, "wagtail", "django-oscar", "sorl-thumbnail")


@pytest.fixture(scope="module", params=["wagtail", "oscar"])
def project(request, tmp_path_factory) -> Project:
    make = {"wagtail": peers.wagtail, "oscar": peers.oscar}[request.param]
    return make(tmp_path_factory.mktemp(request.param) / "project")


@pytest.fixture(scope="module")
def found(project, python) -> Inspection:
    path = project.path
    options = InspectOptions(output="", project=str(path), manage=str(path / "manage.py"))
    return read_inspection(inspect(str(python), options, clean_environment()))


def test_all_that_is_connected_is_found(project, python, found):
    done = run_process(python, "-c", COUNT, cwd=project.path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [len(found.signals), len(found.connections)]
    assert found.warnings == ()


def test_every_receiver_has_a_name_and_the_package_that_it_comes_from(found):
    packages = {one.receiver.place.package for one in found.connections} - {None}
    assert len(packages) > 1
    for one in found.connections:
        assert all(part.isidentifier() for part in one.receiver.name.split(".")), one.receiver.name
        assert one.receiver.accepts_kwargs is not None
        assert one.connected_at is not None
        if one.receiver.place.origin == "third-party":
            assert one.receiver.place.package
            assert one.receiver.place.version
    for signal in found.signals:
        assert all(part.isidentifier() for part in signal.name.split(".")), signal.name


def lines(file: str, name: str) -> set[int]:
    """Where functions of that name begin in a file, with their first decorator."""
    tree = ast.parse(Path(file).read_bytes())
    return {
        min([node.lineno, *(one.lineno for one in node.decorator_list)])
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    }


def test_every_receiver_is_where_it_is_said_to_be(found):
    def is_there(receiver: Receiver) -> bool:
        file = receiver.place.file
        name = receiver.name.rpartition(".")[2]
        return file is not None and receiver.place.line in lines(file, name)

    wrong = [one.receiver for one in found.connections if not is_there(one.receiver)]
    assert wrong == []


def test_every_place_that_connected_is_a_line_of_code(found, project):
    for one in found.connections:
        at = one.connected_at
        assert at is not None
        assert at.file is not None
        source = (project.path / at.file).read_text().splitlines()
        assert source[(at.line or 0) - 1].strip(), (at.file, at.line)


def test_every_model_can_be_explained(found):
    for model in found.models:
        try:
            assert explain(found, model.path).chains
        except SigtraceError as error:
            assert "swapped out" in error.message  # noqa: PT017  (any other is raised again)
