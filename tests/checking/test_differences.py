"""E001, E002, E012 and W010: a project, its package and its baseline drift apart."""

from __future__ import annotations

import django
import pytest

from tests.checking import small as files
from tests.checking.small import COUNT, GREET, lib
from tests.projects import line_of

PRE_SAVE = "django.db.models.signals.pre_save"


def edit(project, file, before, after):
    path = project.path / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def baseline(project):
    return (project.path / "sigtrace.baseline").read_text("utf-8")


def test_the_baseline_says_what_is_connected(small, findings):
    assert findings(small) == []
    (small.path / "sigtrace.baseline").unlink()
    done = small.sigtrace("check", "--update")
    assert (done.returncode, done.stderr) == (
        0,
        "sigtrace: sigtrace.baseline: +5 −0, 5 receivers\n",
    )
    assert baseline(small) == files.AGREED


def test_a_new_receiver_is_unexpected(small, findings):
    edit(small, "shop/receivers.py", files.RECEIVERS, files.RECEIVERS + files.THIRD)
    (found,) = findings(small)
    assert found == {
        "id": "sigtrace.E001",
        "level": "error",
        "title": "unexpected",
        "message": "pre_save shop.Item → shop.receivers.third is not in sigtrace.baseline",
        "file": "shop/receivers.py",
        "line": line_of(small, "shop/receivers.py", "def third") - 1,
        "hint": "Intended? sigtrace check --update, and commit sigtrace.baseline",
        "details": ["called after shop.receivers.second"],
        "names": ["shop.receivers.third", PRE_SAVE, "shop.Item"],
    }


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        (
            "@receiver(pre_save, sender=Item)\ndef second",
            "was imported, but does not connect second",
        ),
        ("from shop import receivers", "was not imported"),
    ],
)
def test_a_receiver_that_is_gone_is_missing(small, findings, lost, why):
    for file in ("shop/receivers.py", "shop/apps.py"):
        if lost in (small.path / file).read_text():
            edit(small, file, lost, "pass" if "import" in lost else "def second")
    found = {one["message"]: one for one in findings(small) if one["id"] == "sigtrace.E002"}
    one = found[
        "pre_save shop.Item → shop.receivers.second is in sigtrace.baseline and not connected"
    ]
    assert (one["file"], one["level"]) == ("sigtrace.baseline", "error")
    assert baseline(small).splitlines()[one["line"] - 1].endswith("shop.receivers.second")
    assert one["details"] == [f"shop.receivers {why}"]


def test_a_module_that_is_no_longer_imported_is_named_too(small, findings):
    edit(small, "shop/apps.py", "from shop import receivers", "pass")
    ids = [one["id"] for one in findings(small)]
    assert ids == ["sigtrace.E002"] * 3 + ["sigtrace.E003"]


def test_a_package_that_connects_more_fails_with_its_version(small, findings):
    lib(small, "1.1", COUNT, GREET)
    (found,) = findings(small)
    assert found["message"] == (
        "Lib 1.1: user_logged_in any sender → lib.models.greet is not in sigtrace.baseline"
    )
    assert (found["id"], found["level"]) == ("sigtrace.E012", "error")
    assert found["file"].endswith("site-packages/lib/models.py")


def test_a_package_that_connects_less_warns(small, findings):
    lib(small, "2.0")
    (found,) = findings(small)
    assert found["message"] == (
        "Lib 2.0: user_logged_in any sender → lib.models.count"
        " is in sigtrace.baseline and not connected"
    )
    assert (found["id"], found["level"], found["file"]) == (
        "sigtrace.E012",
        "warning",
        "sigtrace.baseline",
    )


@pytest.mark.parametrize(("asked", "levels"), [("warn", ["warning"] * 2), ("off", [])])
def test_a_project_can_be_lenient_with_packages(small, findings, asked, levels):
    lib(small, "2.0", GREET)
    (small.path / "pyproject.toml").write_text(f'[tool.sigtrace]\nthird-party = "{asked}"\n')
    found = findings(small)
    assert [one["level"] for one in found] == levels
    assert {one["id"] for one in found} <= {"sigtrace.E012"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'dispatch_uid="shop.index"',
            'dispatch_uid="index"',
            "has uid=index, sigtrace.baseline says uid=shop.index",
        ),
        (', dispatch_uid="shop.index"', "", "has no uid, sigtrace.baseline says uid=shop.index"),
        pytest.param(
            "def index",
            "async def index",
            "is async, sigtrace.baseline says not async",
            marks=pytest.mark.skipif(django.VERSION < (5,), reason="4.2 has no async receivers"),
        ),
    ],
)
def test_another_uid_or_mode_is_one_finding(small, findings, before, after, said):
    edit(small, "shop/receivers.py", before, after)
    (found,) = findings(small)
    assert found["id"] == "sigtrace.E001"
    assert found["message"] == f"post_save shop.Item → shop.receivers.index {said}"


def test_more_of_the_same_is_unexpected_and_less_is_missing(small, findings):
    twice = f"{PRE_SAVE} shop.Item shop.receivers.second ×2"
    edit(small, "sigtrace.baseline", f"{PRE_SAVE} shop.Item shop.receivers.second", twice)
    (found,) = findings(small)
    assert (found["id"], found["file"]) == ("sigtrace.E002", "sigtrace.baseline")
    assert found["message"].endswith("second is connected once, sigtrace.baseline says 2 times")


def test_call_order_counts_where_a_project_says_so(small, findings):
    edit(small, "shop/receivers.py", "first", "zero")
    assert small.sigtrace("check", "--update").returncode == 0
    (small.path / "pyproject.toml").write_text("[tool.sigtrace]\norder = true\n")
    (found,) = findings(small)
    assert found["message"] == "sigtrace.baseline does not hold the order of the calls yet"
    assert small.sigtrace("check", "--update").returncode == 0
    assert baseline(small).index("receivers.zero") < baseline(small).index("receivers.second")
    assert findings(small) == []
    text = files.RECEIVERS.replace("first", "other").replace("second", "zero")
    (small.path / "shop/receivers.py").write_text(text.replace("other", "second"))
    (found,) = findings(small)
    assert (found["id"], found["level"]) == ("sigtrace.W010", "warning")
    assert found["message"] == (
        "pre_save calls shop.receivers.second before shop.receivers.zero,"
        " in sigtrace.baseline it comes after it"
    )
    (small.path / "pyproject.toml").write_text("")
    assert findings(small) == []


def test_imports_count_and_are_remembered(small, findings):
    (found,) = findings(small, "--import", "urls")
    assert found["message"].endswith("shop.late.hear is not in sigtrace.baseline")
    assert (found["file"], found["id"]) == ("shop/late.py", "sigtrace.E001")
    assert found["details"] == [
        f"connected in shop/late.py:{line_of(small, 'shop/late.py', 'post_save.connect')}",
        "called after shop.receivers.index",
    ]
    assert small.sigtrace("check", "--update", "--import", "urls").returncode == 0
    assert "\nimport=urls\n" in baseline(small)
    assert findings(small) == []
