"""`sigtrace receivers` and `sigtrace explain` as a user meets them: output, hints, exit statuses."""

from __future__ import annotations

import importlib
import json
import os
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from tests.inspecting import shop as shop_files
from tests.projects import MANAGE, Project, make_project
from tests.support import SAMPLE_SITE, Site, run_process

if TYPE_CHECKING:
    from pathlib import Path

APP = """
from django.db import models
from django.db.models.signals import post_save

class Thing(models.Model): ...

def heard(sender, **kwargs): ...

post_save.connect(heard, sender=Thing)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Project:
    path = tmp_path_factory.mktemp("shop") / "project"
    return make_project(path, shop_files.FILES, shop_files.APPS, shop_files.SETTINGS)


@pytest.fixture
def project(tmp_path) -> Project:
    files = {"app/models.py": APP, "config/other.py": "from config.settings import *\n"}
    return make_project(tmp_path / "project", files, ("app",))


@pytest.fixture
def sample() -> Site:
    return Site(SAMPLE_SITE, {"PYTHONDONTWRITEBYTECODE": "1"})


def test_the_list_for_people(shop):
    done = shop.sigtrace("receivers", "shop.signals")
    assert (done.returncode, done.stderr) == (0, "")
    head, *lines = done.stdout.splitlines()
    assert head.startswith("22 signals (6 without receivers) · 3")
    assert head.endswith("· settings config.settings (manage.py)")
    assert lines[:6] == [
        "",
        "shop.signals.Registry.Inner.deep",
        "  any sender",
        (
            "    1 shop.receivers.function                             "
            "shop/receivers.py:13   .connect() weak"
        ),
        "      connected in shop/receivers.py:110, in ready() of shop",
        "",
    ]
    text = done.stdout
    assert "uid='first' · ×2: connected 2 times · connected in" in text
    assert "    - shop.receivers.<lambda>" in text
    assert "      lambda · never called: connected weakly, and garbage since" in text
    assert text.endswith("4 of 22 signals match 'shop.signals'\n")


def test_nothing_of_sigtrace_is_left_behind(project):
    assert project.sigtrace("receivers").returncode == 0
    assert sorted(path.name for path in project.path.iterdir()) == ["app", "config", "manage.py"]


@pytest.mark.parametrize(
    ("pattern", "signals"),
    [
        ("shop.Legacy", {"post_save"}),
        ("LEGACY", {"post_save", "post_delete"}),
        ("twice_decorated", {"pre_save", "post_save"}),
        ("*.deep", {"deep"}),
        ("m2m", {"m2m_changed"}),
    ],
)
def test_patterns(shop, pattern, signals):
    done = shop.sigtrace("receivers", pattern, "--format", "json")
    found = {one["signal"].rpartition(".")[2] for one in json.loads(done.stdout)["signals"]}
    # Who asks for a model asks for what hears any model.
    assert found - {"post_delete"} == signals - {"post_delete"}


def test_json(shop):
    done = shop.sigtrace("receivers", "--format", "json")
    assert done.stdout.isascii()
    told = json.loads(done.stdout)
    assert told["version"] == 1
    assert told["settings"] == {
        "module": "config.settings",
        "source": "manage.py",
        "file": "config/settings.py",
    }
    assert told["totals"]["signals"] == len(told["signals"]) == 22
    assert told["totals"]["own"] == 25
    (empty,) = (one for one in told["signals"] if one["signal"].endswith(".pre_init"))
    assert empty["receivers"] == []
    (signal,) = (one for one in told["signals"] if one["signal"] == "shop.signals.subclassed")
    assert [one["receiver"] for one in signal["receivers"]] in (
        ["shop.receivers.function", "shop.receivers.coroutine"],
        ["shop.receivers.coroutine", "shop.receivers.function"],  # 4.2 knows no async ones
    )
    (lazy,) = (
        receiver
        for one in told["signals"]
        for receiver in one["receivers"]
        if receiver["state"] == "lazy"
    )
    assert (lazy["sender"], lazy["sender_kind"]) == ("'shop.Missing'", "lazy")


def test_markdown(shop):
    text = shop.sigtrace("receivers", "Registry.changed", "--format", "markdown").stdout
    assert text.startswith("## sigtrace receivers\n\n22 signals")
    assert "\n### shop.signals.Registry.changed\n\n| Sender | Receiver | At |" in text
    assert "| any sender | `shop.receivers.function` | shop/receivers.py:13 | own |" in text


@pytest.mark.parametrize("format_", ["text", "json", "markdown"])
def test_what_matches_nothing_is_no_error(project, format_):
    done = project.sigtrace("receivers", "app.Thnig", "--format", format_)
    assert (done.returncode, done.stderr) == (0, "")
    assert "app.Thing" in done.stdout
    if format_ == "text":
        assert "Nothing connected matches 'app.Thnig'. Nearest: app.Thing" in done.stdout


def test_what_the_project_prints_is_not_in_the_result(project):
    settings = (project.path / "config/settings.py").read_text()
    project.write({"config/settings.py": settings + "print('loading the settings')\n"})
    done = project.sigtrace("receivers", "--format", "json")
    assert json.loads(done.stdout)["version"] == 1
    assert done.stderr == "loading the settings\n"


def test_which_settings_won(project):
    def source(*args: str, **env: str) -> tuple[str, str]:
        done = project.sigtrace("receivers", "--format", "json", *args, env=env)
        assert done.returncode == 0, done.stderr
        settings = json.loads(done.stdout)["settings"]
        return settings["module"], settings["source"]

    assert source() == ("config.settings", "manage.py")
    (project.path / "pyproject.toml").write_text('[tool.sigtrace]\nsettings = "config.other"\n')
    module, named = source()
    assert module == "config.other"
    assert named.startswith("settings in [tool.sigtrace] of ")
    variable = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    assert source(**variable) == ("config.settings", "DJANGO_SETTINGS_MODULE in the environment")
    assert source(SIGTRACE_SETTINGS="config.other", **variable)[1] == "SIGTRACE_SETTINGS"
    assert source("--settings", "config.settings") == ("config.settings", "--settings")


def test_settings_named_by_pytest_where_there_is_no_manage(project):
    (project.path / "manage.py").unlink()
    (project.path / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = config.other\n")
    done = project.sigtrace("receivers", "heard")
    assert done.returncode == 0, done.stderr
    assert "settings config.other (DJANGO_SETTINGS_MODULE in [pytest] of pytest.ini)" in (
        " ".join(done.stdout.split())
    )
    assert "app.models.heard" in done.stdout


def test_a_project_one_folder_below(project):
    done = project.sigtrace("receivers", "heard", cwd=project.path.parent)
    assert "(project/manage.py)" in done.stdout
    assert "app/models.py:7" in done.stdout


def test_more_is_loaded_on_request(shop):
    assert "in_a_view" not in shop.sigtrace("receivers").stdout
    done = shop.sigtrace("receivers", "in_a_view", "--import", "urls")
    assert "late/views.py" in done.stdout
    assert "· imported urls" in done.stdout
    by_variable = shop.sigtrace("receivers", "in_a_view", env={"SIGTRACE_IMPORT": "late.views"})
    assert "· imported late.views" in by_variable.stdout


def test_another_folder_to_import_from(project, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "local_settings.py").write_text("from config.settings import *\n")
    asked = ("receivers", "--settings", "local_settings")
    refused = project.sigtrace(*asked)
    assert refused.returncode == 2
    assert "--pythonpath names a folder before them" in refused.stderr
    done = project.sigtrace(*asked, "--pythonpath", "../more")
    assert "settings local_settings (--settings)" in done.stdout


def test_what_was_left_out_is_said(project):
    project.write({"manage.py": MANAGE.replace("execute_from_command_line(sys.argv)", "pass")})
    done = project.sigtrace("receivers", "--settings", "config.settings")
    assert done.returncode == 0
    assert done.stderr == (
        "sigtrace: manage.py was left out: it never came to Django's command line\n"
    )


FAILURES = {
    "no project": ({}, (), "There is no Django project in", "--settings config.settings"),
    "two projects": (
        {"one/manage.py": MANAGE, "two/manage.py": MANAGE},
        (),
        "There are several projects here: one/manage.py, two/manage.py.",
        "Run it in the folder of one",
    ),
    "a manage.py of another framework": (
        {"manage.py": "from flask_script import Manager\nraise SystemExit('run')\n"},
        (),
        "manage.py does not mention Django, so it was not run, and nothing else names the settings",
        "If it is a Django project's, name them: --settings config.settings",
    ),
    "a bad interpreter": (
        {"manage.py": MANAGE},
        ("--python", "/nowhere/python"),
        "There is no interpreter /nowhere/python.",
        "--python .venv/bin/python",
    ),
    "no Python": (
        {"manage.py": MANAGE},
        ("--python", "/bin/true"),
        "The project's interpreter ended before the project was set up (exit status 0).",
        "",
    ),
    "settings that are not there": (
        {"manage.py": MANAGE},
        (),
        "The settings config.settings (named by manage.py) cannot be loaded: ModuleNotFoundError:",
        "--pythonpath names a folder",
    ),
    "a bad file": (
        {"pytest.ini": "", "pyproject.toml": "["},
        (),
        "pyproject.toml cannot be read",
        "",
    ),
}


@pytest.mark.parametrize("command", [("receivers",), ("explain", "app.Thing")])
@pytest.mark.parametrize(("files", "args", "said", "hint"), FAILURES.values(), ids=FAILURES)
def test_failures_are_one_sentence_and_a_hint(command, files, args, said, hint, tmp_path, sigtrace):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    done = sigtrace(*command, *args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    first, *rest = done.stderr.splitlines()
    assert said in first
    assert first.startswith("sigtrace: ")
    assert len(rest) <= 1
    assert hint in "".join(rest)


def test_a_manage_that_delegates_needs_the_settings_to_be_named(project):
    project.write({"manage.py": "from conf.cli import main\nmain()\n"})
    below = project.path / "config"
    done = project.sigtrace("receivers", cwd=below)
    assert done.returncode == 2
    first, hint = done.stderr.splitlines()
    assert first.startswith("sigtrace: ../manage.py does not mention Django, so it was not run")
    asked = hint.partition("name them: ")[2].split()
    assert asked == ["--settings", "config.settings", "--pythonpath", str(project.path)]
    done = project.sigtrace("receivers", "heard", *asked, cwd=below)
    assert (done.returncode, "app.models.heard" in done.stdout) == (0, True), done.stderr


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The interpreter of an environment in which nothing is installed."""
    venv.create(tmp_path / "bare", symlinks=True)
    return tmp_path / "bare" / "bin" / "python"


def test_django_in_another_environment(project, bare):
    done = project.sigtrace("receivers", "--python", str(bare))
    assert done.returncode == 2
    assert f"Django cannot be imported by {bare}: name the project's" in done.stderr
    by_environment = project.sigtrace("receivers", env={"VIRTUAL_ENV": str(bare.parent.parent)})
    assert by_environment.stderr == done.stderr


def test_the_projects_environment_needs_no_sigtrace(project, bare, tmp_path):
    (tmp_path / "packages").mkdir()
    for name in ("django", "asgiref", "sqlparse"):
        (origin,) = importlib.import_module(name).__path__
        (tmp_path / "packages" / name).symlink_to(origin)
    env = {"PYTHONPATH": str(tmp_path / "packages")}
    refused = run_process(bare, "-c", "import django, sigtrace", cwd=project.path, env=env)
    assert "No module named 'sigtrace'" in refused.stderr
    done = project.sigtrace("receivers", "heard", "--python", str(bare), env=env)
    assert "app.models.heard" in done.stdout, done.stderr


def test_explain_for_people(sample):
    done = sample.sigtrace("explain", "article")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "blog.Article                                              blog/models.py:18",
        "settings config.settings (manage.py)",
    ]
    assert lines[3:9] == [
        "● Article.save()  created or updated",
        "├─ pre_save",
        "│  └─ generate_slug                                       blog/signals.py:19",
        "├─ INSERT or UPDATE blog.Article",
        "└─ post_save",
        "   ├─ notify_about_article                                blog/signals.py:26",
    ]
    assert "! The rows of blog.Article_tags go without m2m_changed." in lines
    assert lines[-1].endswith("seen by running it: sigtrace run manage.py shell")


def test_explain_json(sample):
    done = sample.sigtrace("explain", "blog.Comment", "create", "--format", "json")
    told = json.loads(done.stdout)
    assert (told["version"], told["model"]) == (1, "blog.Comment")
    (chain,) = told["chains"]
    assert [step.get("signal") or step["statement"] for step in chain["steps"]] == [
        "pre_save",
        "INSERT",
        "post_save",
    ]
    receivers = [one["receiver"] for one in chain["steps"][0]["receivers"]]
    assert receivers == ["blog.receivers.reject_spam", "blog.receivers.tidy_comment"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("Artcle",), "There is no model Artcle.\n  Nearest: blog.Article"),
        (("Article", "m2m", "tgas"), "no many-to-many field tgas.\n  It has tags."),
        (("Article", "delete", "tags"), "Only m2m takes a field"),
        (("Article", "save"), "'save' is not one of 'create', 'update', 'delete', 'm2m'"),
    ],
)
def test_what_explain_refuses(sample, args, said):
    done = sample.sigtrace("explain", *args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_error(sample):
    command = f"{sys.executable} -m sigtrace receivers --format json | head -1"
    done = sample.run("bash", "-o", "pipefail", "-c", command)
    assert (done.stdout, done.stderr) == ("{\n", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("command", ["receivers", "explain app.Thing", "check --diff"])
def test_a_full_disk_is_one_sentence(project, command):
    line = f"{sys.executable} -m sigtrace {command} > /dev/full"
    done = run_process("sh", "-c", line, cwd=project.path, env={})
    said = "sigtrace: Standard output could not be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (2, said)
