"""`sigtrace report` as a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from sigtrace.cli.main import group
from tests.factories import article_save, begin, end, process, write


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "manage.py").touch()
    run = tmp_path / ".sigtrace" / "20260101T000000Z-1-abc"
    write(run / "4242.jsonl", process(), *article_save())
    (run / "run.json").write_text('{"schema":1,"argv":["manage.py","demo"],"started":1}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(*args, **options):
    return CliRunner().invoke(group, ["report", *map(str, args)], **options)


def test_the_newest_run_by_default(project):
    done = report()
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("20260101T000000Z-1-abc · manage.py demo")
    assert done.stdout.endswith("Next: sigtrace report --tree   (every chain)\n")
    assert done.stderr == ""


def test_the_next_command_names_the_run_that_was_named(project):
    assert (
        "sigtrace report 20260101T000000Z-1-abc --tree" in report("20260101T000000Z-1-abc").stdout
    )


def test_tree_with_display_options(project):
    done = report("--tree", "--receiver", "generate_slug", "--args")
    assert "generate_slug" in done.stdout
    assert "raw=False" in done.stdout
    assert "notify" not in done.stdout


def test_an_empty_tree_says_how_to_see_more(project, capfd):
    done = report("--tree", "--sender", "nobody")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no chain to draw; --all" in capfd.readouterr().err


def test_json_and_markdown(project):
    assert json.loads(report("--format", "json").stdout)["totals"]["chains"] == 1
    assert report("--format", "markdown").stdout.startswith("## sigtrace: `manage.py demo`")


def test_tree_goes_with_text_only(project):
    done = report("--tree", "--format", "json")
    assert done.exit_code == 2
    assert "--tree" in done.stderr


def test_output_is_written_whole_or_not_at_all(project):
    file = project / "out.txt"
    file.write_text("old")
    assert report("--output", file).stdout == ""
    assert file.read_text().startswith("20260101")
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()
    file.write_text("old")
    assert report("missing", "--output", file).exit_code == 2
    assert file.read_text() == "old"
    assert [path.name for path in project.iterdir() if path.name.startswith(".out")] == []


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_output_that_cannot_be_written_is_said(project, capfd):
    assert report("--output", project / "no" / "out.txt").exit_code == 2
    assert "could not be written: No such file or directory" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (None, "no recorded run"),
        ([], "Django was not imported"),
        ([process(schema=99)], "newer sigtrace"),
    ],
    ids=["no run", "empty run", "newer schema"],
)
def test_what_cannot_be_reported_is_said(tmp_path, monkeypatch, capfd, events, said):
    (tmp_path / "manage.py").touch()
    monkeypatch.chdir(tmp_path)
    if events is not None:
        write(tmp_path / ".sigtrace" / "run" / "4242.jsonl", *events)
    assert report().exit_code == 2
    sentence, hint = capfd.readouterr().err.splitlines()
    assert said in sentence
    assert hint.strip()


def test_a_killed_receiver_is_unfinished(project):
    write(
        project / ".sigtrace" / "20260101T000000Z-1-abc" / "4242.jsonl",
        process(),
        begin("save", "4242-1"),
        begin("send", "4242-2", "4242-1"),
        begin("receiver", "4242-3", "4242-2", file="blog/signals.py", line=24),
        cut='{"event":"e',
    )
    (line,) = [line for line in report("--tree").stdout.splitlines() if "notify" in line]
    assert line.endswith("unfinished")


def test_damage_is_said_beside_a_tree(project, capfd):
    write(project / "1.jsonl", process("1"), {"event": "end"}, *article_save("1"))
    assert report("--tree", project / "1.jsonl").exit_code == 0
    assert "1 line could not be read: 1.jsonl" in capfd.readouterr().err


def test_a_pipe_that_closes_early_is_no_failure(project):
    events = [
        event
        for number in range(1, 9000, 3)
        for event in (
            end("receiver", f"1-{number + 2}", f"1-{number + 1}"),
            end("send", f"1-{number + 1}"),
        )
    ]
    file = write(project / "1.jsonl", process("1"), *events)
    command = [sys.executable, "-m", "sigtrace", "report", "--tree", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        assert started.stdout.readline().startswith(b"\xe2\x97\x8f post_save")
        started.stdout.close()
        error = started.stderr.read()
    assert (started.returncode, error) == (0, b"")


def test_help_needs_no_rich():
    code = "import sys; from sigtrace.cli import report; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
