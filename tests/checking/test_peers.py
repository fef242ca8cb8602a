"""Over wagtail's and django-oscar's apps: agreed to without a crash, and an upgrade reads as a list."""

from __future__ import annotations

import json

import pytest

from tests import peers

pytestmark = peers.requested


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    return str(peers.environment(tmp_path_factory.mktemp("older") / "venv", "wagtail==6.0"))


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    return str(peers.environment(tmp_path_factory.mktemp("newer") / "venv", "wagtail==7.0"))


@pytest.mark.parametrize("upgrade", [True, False], ids=["upgrade", "downgrade"])
def test_another_version_of_wagtail_reads_as_a_list(tmp_path, older, newer, upgrade):
    before, after = (older, newer) if upgrade else (newer, older)
    project = peers.wagtail(tmp_path / "project")
    done = project.sigtrace("check", "--update", "--python", before)
    assert done.returncode == 0, done.stderr
    assert project.sigtrace("check", "--python", before).returncode == 0
    done = project.sigtrace("check", "--python", after, "--format", "json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert {one["id"] for one in found} == {"sigtrace.E012"}
    said = f"wagtail {'7.0' if upgrade else '6.0'}: "
    assert all(one["message"].startswith(said) for one in found)
    (embeds,) = [one for one in found if "clear_embed_caches" in one["message"]]
    assert embeds["level"] == ("error" if upgrade else "warning")
    assert project.sigtrace("check", "--update", "--python", after).returncode == 0
    assert project.sigtrace("check", "--python", after).returncode == 0


def test_oscar_is_agreed_to(tmp_path):
    python = str(peers.environment(tmp_path / "venv", "django-oscar", "sorl-thumbnail"))
    project = peers.oscar(tmp_path / "project")
    done = project.sigtrace("check", "--update", "--python", python)
    assert done.returncode == 0, done.stderr
    baseline = (project.path / "sigtrace.baseline").read_text("utf-8")
    assert "package=django-oscar" in baseline
    assert "package=?" not in baseline
    done = project.sigtrace("check", "--strict", "--python", python)
    assert done.returncode == 0, done.stdout
