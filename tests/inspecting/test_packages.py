"""Whose a receiver is: the project's own, Django's, or an installed package's, of which version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.projects import Project, connection, make_project

if TYPE_CHECKING:
    from pathlib import Path

    from sigtrace.inspection import Place

MODELS = """
from django.db.models.signals import post_save

def {name}(sender, **kwargs): ...

post_save.connect({name})
"""


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return str(path)


def distribution(site: Path, name: str, version: str, **files: str) -> None:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for file, text in files.items():
        write(info / file, text)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "site-packages"


@pytest.fixture
def project(tmp_path: Path, site: Path) -> Project:
    return make_project(
        tmp_path / "project",
        {"own/models.py": MODELS.format(name="in_own")},
        ("own", "plain", "shared.first", "shared.second", "edited"),
        f"import sys\nsys.path += [{str(site)!r}, {str(tmp_path / 'source')!r}]\n",
    )


def test_packages_and_their_versions(project, site, tmp_path):
    write(site / "plain" / "models.py", MODELS.format(name="in_plain"))
    distribution(site, "django-plain", "1.2", **{"top_level.txt": "plain\n", "RECORD": ""})
    for part in ("first", "second"):
        write(site / "shared" / part / "models.py", MODELS.format(name=f"in_{part}"))
        distribution(site, f"shared-{part}", "3", RECORD=f"shared/{part}/models.py,,\n")
    write(tmp_path / "source" / "edited" / "models.py", MODELS.format(name="in_edited"))
    url = {"url": (tmp_path / "source").as_uri(), "dir_info": {"editable": True}}
    distribution(site, "Edited", "0.1", **{"direct_url.json": json.dumps(url)})

    found = project.inspect()

    def place(receiver: str) -> Place:
        return connection(found, receiver).receiver.place

    assert (place("in_own").origin, place("in_own").package) == ("own", None)
    plain = place("in_plain")
    assert (plain.origin, plain.package, plain.version) == ("third-party", "django-plain", "1.2")
    assert plain.file == str(site / "plain" / "models.py")
    assert (place("in_first").package, place("in_second").package) == (
        "shared-first",
        "shared-second",
    )
    edited = place("in_edited")
    assert (edited.origin, edited.package, edited.version) == ("third-party", "Edited", "0.1")
    labels = {app.label: app.place.package for app in found.apps}
    assert labels == {
        "own": None,
        "plain": "django-plain",
        "first": "shared-first",
        "second": "shared-second",
        "edited": "Edited",
    }


def test_what_is_edited_within_the_project_is_its_own(project, site):
    for name in ("plain", "shared/first", "shared/second"):
        write(site / name / "models.py", "")
    write(project.path / "libs" / "edited" / "models.py", MODELS.format(name="in_edited"))
    url = {"url": (project.path / "libs").as_uri(), "dir_info": {"editable": True}}
    distribution(site, "Edited", "0.1", **{"direct_url.json": json.dumps(url)})
    found = project.inspect(pythonpath=(str(project.path / "libs"),))
    place = connection(found, "in_edited").receiver.place
    assert (place.origin, place.package) == ("own", None)


def test_what_is_edited_around_the_project_is_its_own(project, site, tmp_path):
    for name in ("plain", "shared/first", "shared/second"):
        write(site / name / "models.py", "")
    write(tmp_path / "source" / "edited" / "models.py", MODELS.format(name="in_edited"))
    url = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    distribution(site, "Edited", "0.1", **{"direct_url.json": json.dumps(url)})
    found = project.inspect()
    place = connection(found, "in_edited").receiver.place
    assert (place.origin, place.package) == ("own", None)
    assert {app.label: app.place.origin for app in found.apps}["edited"] == "own"


def test_what_is_edited_in_a_folder_whose_name_begins_the_projects_is_not(project, site, tmp_path):
    for name in ("plain", "shared/first", "shared/second"):
        write(site / name / "models.py", "")
    write(tmp_path / "pro" / "edited" / "models.py", MODELS.format(name="in_edited"))
    url = {"url": (tmp_path / "pro").as_uri(), "dir_info": {"editable": True}}
    distribution(site, "Edited", "0.1", **{"direct_url.json": json.dumps(url)})
    place = connection(
        project.inspect(pythonpath=(str(tmp_path / "pro"),)), "in_edited"
    ).receiver.place
    assert (place.origin, place.package) == ("third-party", "Edited")


def test_a_package_that_connects_when_it_is_imported_has_done_so_itself(project, site):
    for name in ("shared/first", "shared/second", "edited"):
        write(site / name / "models.py", "")
    write(site / "plain" / "models.py", "import plain.helper\n")
    write(site / "plain" / "helper.py", MODELS.format(name="in_plain") + CONNECT_FOR)
    project.write(
        {
            "own/models.py": """
                import plain.helper

                def heard(sender, **kwargs): ...

                plain.helper.connect_for(heard)
                """
        }
    )
    found = project.inspect()
    at = connection(found, "in_plain").connected_at
    assert at is not None
    assert (at.file, at.line) == (str(site / "plain" / "helper.py"), 6)
    at = connection(found, "own.models.heard").connected_at
    assert at is not None
    assert (at.file, at.line, at.origin) == ("own/models.py", 6, "own")


CONNECT_FOR = """
def connect_for(receiver):
    post_save.connect(receiver)
"""
