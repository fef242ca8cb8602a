"""`sigtrace diff` as a command."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from sigtrace.cli.main import group
from tests.factories import article_save, begin, counts, end, process, write
from tests.support import run_process


@pytest.fixture
def runs(tmp_path, monkeypatch):
    (tmp_path / "manage.py").touch()
    extra = [
        end("receiver", "1-902", "1-901", name="a.new", receiver="a.new"),
        end("send", "1-901"),
    ]
    write(tmp_path / ".sigtrace" / "before" / "1.jsonl", process("1"), *article_save("1"))
    write(tmp_path / ".sigtrace" / "after" / "1.jsonl", process("1"), *article_save("1"), *extra)
    cut = [*article_save("1"), counts(dropped=3)]
    write(tmp_path / ".sigtrace" / "cut" / "1.jsonl", process("1"), *cut)
    killed = [*article_save("1"), begin("save", "1-99")]
    write(tmp_path / ".sigtrace" / "killed" / "1.jsonl", process("1"), *killed)
    nosql = [line for line in article_save("1") if line["kind"] != "query"]
    write(tmp_path / ".sigtrace" / "nosql" / "1.jsonl", process("1"), *nosql)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def diff(*args):
    return CliRunner().invoke(group, ["diff", *map(str, args)])


def test_runs_are_found_by_name(runs):
    done = diff("before", "after")
    assert done.exit_code == 0, done.output
    assert "+ new  post_save" in done.stdout
    assert json.loads(diff("before", "after", "--format", "json").stdout)["new_receivers"]
    assert diff("before", "after", "--format", "markdown").stdout.startswith("## sigtrace")


@pytest.mark.parametrize("command", ["diff before after", "report before", "report before --tree"])
def test_a_closed_standard_output_is_one_sentence(runs, command):
    line = f"{sys.executable} -m sigtrace {command} >&-"
    done = run_process("sh", "-c", line, cwd=runs, env={})
    assert (done.returncode, done.stderr) == (2, "sigtrace: Standard output is closed.\n")


def test_a_file_instead_of_the_screen(runs):
    assert diff("before", "after", "--output", runs / "out.md", "--format", "markdown").stdout == ""
    assert (runs / "out.md").read_text().startswith("## sigtrace")


@pytest.mark.parametrize(
    ("before", "after", "changes", "status"),
    [
        ("before", "after", "new-receiver", 1),
        ("before", "after", "gone-receiver,new-edge", 1),
        ("before", "after", "gone-receiver,more-calls,new-sql,more-sql,gone-edge", 0),
        ("before", "after", "slower", 2),
        ("before", "nosql", "more-calls", 0),
        ("before", "nosql", "new-sql", 2),
        ("nosql", "before", "more-sql", 2),
        ("after", "before", "gone-edge", 1),
        ("before", "before", "new-receiver,new-edge", 0),
        ("before", "cut", "new-receiver", 2),
        ("before", "killed", "new-receiver", 2),
        ("cut", "after", "new-receiver", 2),
        ("cut", "after", "new-receiver,gone-receiver", 2),
        ("after", "killed", "gone-receiver", 2),
        ("killed", "after", "gone-receiver", 2),
    ],
)
def test_the_exit_status(runs, before, after, changes, status):
    assert diff(before, after, "--fail-on", changes).exit_code == status
    assert diff(before, after).exit_code == 0


def test_what_is_no_change_or_no_run_is_said(runs, capfd):
    done = diff("before", "after", "--fail-on", "everything")
    assert done.exit_code == 2
    assert "is no change. There are: new-receiver, gone-receiver" in done.stderr
    assert diff("before", "missing").exit_code == 2
    assert "missing: there is no such run" in capfd.readouterr().err


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_a_run_that_is_cut_is_told_in_every_format(runs, format_):
    said = diff("after", "killed", "--format", format_).stdout
    if format_ == "json":
        told = json.loads(said)
        assert (told["before"]["cut"], told["after"]["cut"]) == (False, True)
        assert told["after"]["unfinished_chains"] == 1
    else:
        assert (
            "B is cut (1 chain unfinished): it may only not show what is said to be gone." in said
        )
        assert "A is cut" not in said
    header = runs / ".sigtrace" / "before" / "run.json"
    header.write_text('{"schema":1,"argv":["manage.py"],"signal":9}')
    back = diff("before", "after", "--format", format_).stdout
    assert ('"signal": 9' if format_ == "json" else "ended by signal 9") in back


def test_two_real_runs(site):
    def record(folder):
        done = site.sigtrace("run", "--no-live", "--trace-dir", folder, "manage.py", "demo")
        assert done.returncode == 0, done.stderr

    record("first")
    record("second")
    same = site.sigtrace(
        "diff",
        "first",
        "second",
        "--fail-on",
        "new-receiver,gone-receiver,new-edge,gone-edge,more-calls,new-sql",
    )
    assert same.returncode == 0, same.stdout
    apps = site.path / "audit" / "receivers.py"
    apps.write_text(
        apps.read_text().replace(
            "    AuditLog.objects.create(",
            "    AuditLog.objects.count()\n    AuditLog.objects.create(",
        )
    )
    record("third")
    done = site.sigtrace("diff", "second", "third", "--fail-on", "new-sql")
    assert done.returncode == 1
    assert "SELECT COUNT(*)" in done.stdout
