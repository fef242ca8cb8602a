"""`sigtrace check` as a command: what it writes, where to, and with which status it ends."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.checking import small as files
from tests.support import run_process

UNEXPECTED = "pre_save shop.Item → shop.receivers.third is not in sigtrace.baseline"


@pytest.fixture
def drifted(small):
    """A project with a receiver more and a line more than there should be."""
    path = small.path / "shop/receivers.py"
    path.write_text(files.RECEIVERS + files.THIRD, "utf-8")
    with (small.path / "sigtrace.baseline").open("a", encoding="utf-8") as file:
        file.write("shop.signals.gone * shop.gone.hear\n")
    return small


def test_a_clean_project(small):
    done = small.sigtrace("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "sigtrace check · 5 receivers, sigtrace.baseline has 5"
        " · settings config.settings (sigtrace.baseline)\n"
        "\n"
        "All as sigtrace.baseline has it: 5 unchanged.\n"
    )


def test_findings_say_what_where_and_what_next(drifted):
    done = drifted.sigtrace("check")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "sigtrace check · 6 receivers, sigtrace.baseline has 6"
        " · settings config.settings (sigtrace.baseline)\n"
        "\n"
        f"  + sigtrace.E001  {UNEXPECTED}\n"
        "      shop/receivers.py:23 · called after shop.receivers.second\n"
        "\n"
        "  – sigtrace.E002  gone any sender → shop.gone.hear is in sigtrace.baseline and not connected\n"
        "      sigtrace.baseline:9 · shop.gone was not imported\n"
        "\n"
        "2 errors (1 unexpected, 1 missing), 5 unchanged.\n"
        "Intended? sigtrace check --update, and commit sigtrace.baseline\n"
    )


def test_update_says_what_changed_and_the_check_is_clean_then(drifted):
    done = drifted.sigtrace("check", "--update")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "sigtrace: sigtrace.baseline: +1 −1, 6 receivers\n"
    assert drifted.sigtrace("check").returncode == 0


def test_addresses_in_uids_are_the_same_to_every_check(small):
    (small.path / "shop/receivers.py").write_text(files.RECEIVERS + ADDRESSED, "utf-8")
    assert small.sigtrace("check", "--update").returncode == 0
    baseline = (small.path / "sigtrace.baseline").read_text("utf-8")
    begin = "django.db.models.signals.pre_delete shop.Item shop.receivers."
    assert f"{begin}by_itself uid=<id>\n" in baseline
    assert f'{begin}by_three uid="<(<id>, <id>, <id>)>" ×2\n' in baseline
    done = small.sigtrace("check")
    assert done.returncode == 1
    assert "1 error (1 connected twice), 7 unchanged" in done.stdout
    assert "connected 2 times, each time with another dispatch_uid" in done.stdout


ADDRESSED = """

from django.db.models.signals import pre_delete


def by_itself(sender, **kwargs):
    pass


def by_three(sender, **kwargs):
    pass


pre_delete.connect(by_itself, sender=Item, dispatch_uid=id(by_itself))
for each in (object(), []):
    uid = (id(pre_delete), id(each), id(by_three))
    pre_delete.connect(by_three, sender=Item, dispatch_uid=uid)
"""


def test_diff_shows_what_update_would_write(drifted):
    before = (drifted.path / "sigtrace.baseline").read_text("utf-8")
    done = drifted.sigtrace("check", "--diff")
    assert done.returncode == 1
    changed = [line for line in done.stdout.splitlines() if line[:1] in "+-"]
    assert changed == [
        "--- sigtrace.baseline",
        "+++ sigtrace.baseline (updated)",
        "-shop.signals.gone * shop.gone.hear",
        "+django.db.models.signals.pre_save shop.Item shop.receivers.third",
    ]
    assert (drifted.path / "sigtrace.baseline").read_text("utf-8") == before
    drifted.sigtrace("check", "--update")
    done = drifted.sigtrace("check", "--diff")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ci_does_not_write_unless_it_is_forced(drifted):
    done = drifted.sigtrace("check", "--update", env={"CI": "true"})
    assert done.returncode == 2
    assert "not written where CI is set" in done.stderr
    assert drifted.sigtrace("check", env={"CI": "true"}).returncode == 1
    assert drifted.sigtrace("check", "--update", "--force", env={"CI": "true"}).returncode == 0
    assert drifted.sigtrace("check", env={"CI": "true"}).returncode == 0


def test_without_a_baseline_it_cannot_tell(small):
    (small.path / "sigtrace.baseline").unlink()
    done = small.sigtrace("check")
    assert done.returncode == 2
    assert done.stderr == (
        "sigtrace: There is no sigtrace.baseline to compare with.\n"
        "  Make one, and commit it: sigtrace check --update\n"
    )


def test_the_baseline_is_beside_pyproject_and_found_from_below(small):
    root = small.path.parent
    (root / "pyproject.toml").write_text("")
    (small.path / "sigtrace.baseline").rename(root / "sigtrace.baseline")
    done = small.sigtrace("check", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "../sigtrace.baseline has 5" in done.stdout
    (root / "sigtrace.baseline").unlink()
    done = small.sigtrace("check", "--update")
    assert (root / "sigtrace.baseline").exists()
    assert not (small.path / "sigtrace.baseline").exists()


def test_several_settings_have_several_baselines(small):
    (small.path / "config/worker.py").write_text(
        "from config.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS[:2], 'lib']\n"
    )
    asked = ("--baseline", "worker.baseline")
    done = small.sigtrace("check", *asked, "--update", "--settings", "config.worker")
    assert (done.returncode, "2 receivers" in done.stderr) == (0, True)
    done = small.sigtrace("check", *asked, env={"DJANGO_SETTINGS_MODULE": "config.settings"})
    assert done.returncode == 0, done.stdout
    assert "settings config.worker (worker.baseline)" in done.stdout
    done = small.sigtrace("check", "--settings", "config.worker")
    assert done.returncode == 1
    assert "was written for config.settings, and this is config.worker" in done.stderr
    assert "Intended? sigtrace check --update" in done.stdout
    (small.path / "worker.baseline").write_text("# sigtrace baseline 1\n")
    done = small.sigtrace("check", *asked, "--format", "json")
    hint = json.loads(done.stdout)["findings"][0]["hint"]
    assert hint == (
        "Intended? sigtrace check --baseline worker.baseline --update, and commit worker.baseline"
    )


def test_bad_settings_name_the_module_and_who_named_it(small):
    path = small.path / "sigtrace.baseline"
    path.write_text(path.read_text().replace("config.settings", "config.ci"))
    done = small.sigtrace("check")
    assert (done.returncode, done.stdout) == (2, "")
    assert "config.ci (named by sigtrace.baseline) cannot be loaded" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("named", [(), ("--baseline", "other.baseline")])
def test_settings_that_were_renamed_have_a_way_out(small, named):
    path = small.path / "sigtrace.baseline"
    text = path.read_text().replace("config.settings", "config.gone\nimport=config.urls")
    path = path.rename(small.path / (named[1] if named else path.name))
    path.write_text(text)
    asked = " ".join(("sigtrace", "check", *named, "--update"))
    way_out = f"{asked} --settings NEW --import config.urls"
    for update in ((), ("--update",)):
        done = small.sigtrace("check", *named, *update)
        assert done.returncode == 2
        assert done.stderr.endswith(f"before them. Was it renamed? {way_out}\n")
    done = small.sigtrace("check", *named, "--settings", "config.gone")
    assert (done.returncode, "renamed" in done.stderr) == (2, False)
    done = small.sigtrace(*way_out.replace("NEW", "config.settings").split()[1:])
    assert done.returncode == 0, done.stderr
    assert "settings=config.settings\nimport=config.urls\n" in path.read_text()
    assert small.sigtrace("check", *named).returncode == 0


@pytest.mark.parametrize(
    "args",
    [
        ("--update", "--diff"),
        ("--force",),
        ("--trace", "x", "--update"),
        ("--trace", "nowhere"),
        ("--format", "xml"),
        ("--baseline", "manage.py"),
        ("--baseline", "config"),
        ("--output", "no/such/folder"),
    ],
)
def test_what_cannot_be_done_is_said_and_is_2(small, args):
    done = small.sigtrace("check", *args)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("mode", "option", "value"),
    [
        (("--trace", "run"), "--settings", ("foo",)),
        (("--trace", "run"), "--python", ("foo",)),
        (("--trace", "run"), "--pythonpath", ("foo",)),
        (("--trace", "run"), "--import", ("urls",)),
        (("--diff",), "--format", ("json",)),
        (("--diff",), "--output", ("out",)),
        (("--diff",), "--strict", ()),
        (("--update",), "--format", ("json",)),
        (("--update",), "--output", ("out",)),
        (("--update",), "--strict", ()),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(drifted, mode, option, value):
    before = (drifted.path / "sigtrace.baseline").read_text("utf-8")
    done = drifted.sigtrace("check", *mode, option, *value)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{mode[0]} " in done.stderr
    assert f"it goes without {option}." in done.stderr
    assert (drifted.path / "sigtrace.baseline").read_text("utf-8") == before


def test_what_is_set_for_every_check_is_no_reason_to_refuse(drifted):
    (drifted.path / "pyproject.toml").write_text("[tool.sigtrace]\nstrict = true\n")
    done = drifted.sigtrace("check", "--update", env={"SIGTRACE_SETTINGS": "config.settings"})
    assert done.returncode == 0, done.stderr


def test_a_mistake_of_ours_is_no_finding(small):
    code = (
        "import sigtrace.analysis.check as check\n"
        "check.CHECKS = (lambda context: 1 / 0,)\n"
        "from sigtrace.cli.main import main\n"
        "import sys; sys.argv[1:] = ['check']; main()\n"
    )
    (small.path / "broken.py").write_text(code)
    done = run_process(sys.executable, "broken.py", cwd=small.path, env=small.env)
    assert done.returncode == 2
    assert "a mistake in sigtrace: ZeroDivisionError" in done.stderr


def test_warnings_fail_if_strict(small):
    (small.path / "pyproject.toml").write_text('[tool.sigtrace]\nignore = ["E001:nobody"]\n')
    done = small.sigtrace("check")
    assert done.returncode == 0
    assert (
        "1 warning (1 unused ignore), 5 unchanged. Warnings fail with --strict only." in done.stdout
    )
    assert small.sigtrace("check", "--strict").returncode == 1
    (small.path / "pyproject.toml").write_text(
        '[tool.sigtrace]\nignore = ["E001:nobody"]\nstrict = true\n'
    )
    assert small.sigtrace("check").returncode == 1


def test_github_gets_annotations_and_a_summary_by_itself(drifted):
    repository = drifted.path.parent
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(repository),
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
    }
    (repository / "summary.md").write_text("before\n")
    done = drifted.sigtrace("check", env=env)
    assert done.returncode == 1
    text, first, second = done.stdout.rsplit("::error ", 2)
    assert f"  + sigtrace.E001  {UNEXPECTED}" in text
    assert first == (
        "title=sigtrace.E001 unexpected,file=project/shop/receivers.py,line=23::"
        f"{UNEXPECTED}%0Acalled after shop.receivers.second"
        "%0AIntended? sigtrace check --update, and commit sigtrace.baseline\n"
    )
    assert second.startswith("title=sigtrace.E002 missing,file=project/sigtrace.baseline,line=9::")
    summary = (repository / "summary.md").read_text("utf-8")
    assert summary.startswith("before\n## sigtrace check\n")
    assert "| `sigtrace.E002` |" in summary
    done = drifted.sigtrace("check", "--format", "json", env=env)
    assert json.loads(done.stdout)["totals"]["errors"] == 2
    assert (repository / "summary.md").read_text("utf-8") == summary


def test_a_summary_that_cannot_be_written_leaves_the_status_alone(drifted):
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(drifted.path)}
    for status in (1, 0):
        done = drifted.sigtrace("check", env=env)
        assert done.returncode == status, done.stderr
        assert done.stderr == (
            f"sigtrace: {drifted.path}, which GITHUB_STEP_SUMMARY names, cannot be written:"
            " Is a directory\n"
        )
        drifted.sigtrace("check", "--update")


def test_output_goes_to_a_file_and_a_line_of_it_to_stderr(drifted):
    done = drifted.sigtrace("check", "--format", "sarif", "--output", "out.sarif")
    assert (done.returncode, done.stdout) == (1, "")
    assert "2 errors (1 unexpected, 1 missing), 5 unchanged · out.sarif" in done.stderr
    found = json.loads((drifted.path / "out.sarif").read_text("utf-8"))
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in found["runs"][0]["results"]
    }
    assert uris == {"shop/receivers.py", "sigtrace.baseline"}


def test_paths_start_at_the_repository(drifted):
    subprocess.run(["git", "init", "-q", drifted.path.parent], check=True)
    done = drifted.sigtrace("check", "--format", "github")
    assert "file=project/shop/receivers.py,line=23" in done.stdout


def test_a_run_is_checked_by_what_it_called(drifted):
    source = (
        "from shop.models import Item\nfrom shop import late\n"
        "from django.db import connection\n"
        "with connection.schema_editor() as editor:\n    editor.create_model(Item)\n"
        "late.connect()\nItem().save()\n"
    )
    (drifted.path / "task.py").write_text(
        "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
        "import django\ndjango.setup()\n" + source
    )
    done = drifted.sigtrace("run", "--no-live", "--trace-dir", "run", "task.py")
    assert done.returncode == 0, done.stderr
    done = drifted.sigtrace("check", "--trace", "run")
    assert done.returncode == 1
    assert done.stdout == (
        "sigtrace check · run run called 5 receivers, sigtrace.baseline has 6\n"
        "\n"
        "  + sigtrace.E001  post_save shop.Item → shop.late.hear was called and is not in sigtrace.baseline\n"
        "      shop/late.py:5\n"
        "      Intended? Add it with sigtrace check --update, with --import for what connects it.\n"
        "\n"
        "  + sigtrace.E001  pre_save shop.Item → shop.receivers.third was called and is not in sigtrace.baseline\n"
        "      shop/receivers.py:23\n"
        "      Intended? Add it with sigtrace check --update, with --import for what connects it.\n"
        "\n"
        "2 errors (2 unexpected), 3 unchanged.\n"
    )
    env = {"SIGTRACE_IGNORE": "E001:shop.late.* E001:third"}
    assert drifted.sigtrace("check", "--trace", "run", env=env).returncode == 0


def test_a_terminal_that_knows_ascii_only_is_told_all_the_same(drifted):
    for format_ in ("text", "github", "markdown"):
        done = drifted.sigtrace("check", "--format", format_, env={"PYTHONIOENCODING": "ascii"})
        assert (done.returncode, done.stderr) == (1, "")
        assert "shop.receivers.third" in done.stdout.replace("\\", "")


def test_what_an_update_changed_is_said_in_ascii_too(drifted):
    done = drifted.sigtrace("check", "--update", env={"PYTHONIOENCODING": "ascii"})
    assert done.stderr == "sigtrace: sigtrace.baseline: +1 -1, 6 receivers\n"


def test_help_needs_no_rich():
    code = "import sys; from sigtrace.cli import check; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
