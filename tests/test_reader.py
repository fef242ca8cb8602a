"""Finding runs, reading damaged files, following a file that grows."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest

from sigtrace.errors import SigtraceError
from sigtrace.folders import runs_directory
from sigtrace.reader import (
    Damage,
    Follower,
    newest_run,
    open_run,
    open_runs,
    process_files,
    project_of,
    read_events,
    recorded_runs,
)
from tests.factories import article_save, begin, counts, end, process, registered, scope, write


def run_json(folder, **fields):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps({"schema": 1, "argv": ["manage.py"], **fields}))
    return folder


def test_runs_are_kept_beside_the_nearest_manage_py_or_pyproject(tmp_path):
    inner = tmp_path / "site" / "blog"
    inner.mkdir(parents=True)
    assert runs_directory(inner) == inner / ".sigtrace"
    (tmp_path / "pyproject.toml").touch()
    assert runs_directory(inner) == tmp_path / ".sigtrace"
    (tmp_path / "site" / "manage.py").touch()
    assert runs_directory(inner) == tmp_path / "site" / ".sigtrace"


def test_the_newest_run_is_the_one_that_was_started_last(tmp_path):
    (tmp_path / "manage.py").touch()
    late = run_json(tmp_path / ".sigtrace" / "a", started=2)
    run_json(tmp_path / ".sigtrace" / "b", started=1)
    (tmp_path / ".sigtrace" / "no-run").mkdir()
    assert newest_run(tmp_path) == late


def test_runs_are_sorted_by_their_start_also_while_one_is_deleted(tmp_path, monkeypatch):
    for name, started in (("a", 2), ("b", 3), ("c", 1)):
        run_json(tmp_path / name, started=started)
    (tmp_path / "no-run").mkdir()
    assert [run.name for run in recorded_runs(tmp_path)] == ["b", "a", "c"]
    assert recorded_runs(tmp_path / "missing") == []

    def found_and_deleted(run):
        shutil.rmtree(run)
        return True

    monkeypatch.setattr("sigtrace.reader.runs._is_run", found_and_deleted)
    assert len(recorded_runs(tmp_path)) == 4


def test_paths_are_relative_to_the_folder_of_the_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    assert project_of(Path(".sigtrace/one")) == str(tmp_path)
    assert project_of(tmp_path / "trace") == ""


def test_no_run_is_said_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(SigtraceError, match="no recorded run") as caught:
        newest_run(tmp_path)
    assert caught.value.exit_status == 2
    assert "sigtrace run" in caught.value.hint


def test_a_run_without_process_files_says_that_django_was_not_imported(tmp_path):
    run = run_json(tmp_path / "run", argv=["python", "-c", "<code>"])
    with pytest.raises(SigtraceError, match=r"Django was not imported .*python -c <code>"):
        open_run(run, tmp_path)


def test_an_empty_process_file_is_an_empty_run(tmp_path):
    write(tmp_path / "4242.jsonl")
    with pytest.raises(SigtraceError, match="Django was not imported"):
        open_run(tmp_path / "4242.jsonl", tmp_path)


@pytest.mark.parametrize("name", ["missing", "folder"])
def test_what_is_no_run_is_said(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(SigtraceError, match=name) as caught:
        open_run(tmp_path / name, tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["import django\n", '{"a": 1}\n', "\0\1\2", "[1]\n[2]\n"])
def test_what_was_not_written_by_a_probe_is_no_trace(tmp_path, text):
    (tmp_path / "1.jsonl").write_text(text)
    for path in (tmp_path, tmp_path / "1.jsonl"):
        with pytest.raises(SigtraceError, match=r"is no trace: no line") as caught:
            open_run(path, tmp_path)
        assert caught.value.hint
    write(tmp_path / "2.jsonl", end("save", "1-1"))
    assert len(open_run(tmp_path, tmp_path).files) == 2


def test_a_compressed_trace_is_said_with_what_unpacks_it(tmp_path):
    packed = tmp_path / "1 2.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"event":"end"}'))
    run_json(tmp_path)
    for path in (tmp_path, packed):
        with pytest.raises(SigtraceError, match=r"1 2\.jsonl\.gz is compressed") as caught:
            open_run(path, tmp_path)
        assert caught.value.hint == f"gunzip '{packed}'"


def test_a_run_is_found_by_its_name_and_brings_what_stands_beside_it(tmp_path, monkeypatch):
    run = run_json(tmp_path / ".sigtrace" / "one", exit_status=3)
    write(run / "4242.jsonl", process())
    (run / "receivers.json").write_text('{"signals": []}')
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    found = open_run(Path("one"), tmp_path)
    assert found.files == (run / "4242.jsonl",)
    assert found.meta["exit_status"] == 3
    assert found.receivers == {"signals": []}


def test_process_files_of_one_run_are_one_run(tmp_path):
    run = run_json(tmp_path / "run")
    first = write(run / "1.jsonl", process("1"))
    second = write(run / "2.jsonl", process("2"))
    other = write(tmp_path / "other" / "1.jsonl", process("1"))
    found = open_runs([second, first, second, other], tmp_path)
    assert [one.files for one in found] == [(second, first), (other,)]


def test_process_files_are_read_in_the_order_of_their_beginning(tmp_path):
    late = write(tmp_path / "1.jsonl", process("1", time=20))
    early = write(tmp_path / "22.jsonl", process("22", time=10))
    assert process_files(tmp_path) == (early, late)


def test_a_newer_schema_is_refused(tmp_path):
    file = write(tmp_path / "1.jsonl", process(schema=99))
    with pytest.raises(SigtraceError, match=r"newer sigtrace \(schema 99") as caught:
        list(read_events([file], Damage()))
    assert "pip install --upgrade" in caught.value.hint
    with pytest.raises(SigtraceError, match="newer"):
        open_run(run_json(tmp_path, schema=99), tmp_path)


def test_a_cut_last_line_is_no_damage(tmp_path):
    damage = Damage()
    file = write(tmp_path / "1.jsonl", process(), end("save", "1-1"), cut='{"event":"en')
    assert len(list(read_events([file], damage))) == 2
    assert damage.total == 0


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        '"text"',
        "[" * 100_000,
        '{"no": "event"}',
        '{"event":"end","kind":"save","id":7,"parent":null,"time":1}',
        '{"event":"end","kind":"save","id":"1-1","parent":7,"time":1}',
        '{"event":"begin","kind":"save","id":"1-1","parent":null}',
        '{"event":"scope"}',
        '{"event":"end","kind":"save","id":"1-1","par{"event":"end"}',
    ],
    ids=["text", "string", "deep", "no event", "id", "parent", "no time", "scope", "torn"],
)
def test_other_damage_is_counted_and_passed_over(tmp_path, line):
    damage = Damage()
    file = tmp_path / "1.jsonl"
    file.write_text(f"{line}\n\n{json.dumps(end('save', '1-1'))}\n")
    assert [event["id"] for event in read_events([file], damage)] == ["1-1"]
    assert damage.lines == {"1.jsonl": 1}


def test_unknown_events_and_fields_pass(tmp_path):
    damage = Damage()
    file = write(tmp_path / "1.jsonl", {"event": "new"}, end("save", "1-1", new_field=1))
    assert len(list(read_events([file], damage))) == 2
    assert damage.total == 0


def test_counts_say_whose_they_are(tmp_path):
    file = write(tmp_path / "4242-2.jsonl", counts())
    (event,) = read_events([file], Damage())
    assert event["process"] == "4242-2"


def test_an_unreadable_file_is_said(tmp_path):
    with pytest.raises(SigtraceError, match="No such file"):
        list(read_events([tmp_path / "gone.jsonl"], Damage()))


def test_the_follower_reads_what_is_new_and_only_whole_lines(tmp_path):
    run = tmp_path / "run"
    follower = Follower(run)
    assert follower.poll() == []
    file = write(run / "1.jsonl", process(), begin("save", "1-1"), cut='{"event":"wh')
    assert [event["event"] for event in follower.poll()] == ["process", "begin"]
    assert follower.poll() == []
    with file.open("a") as lines:
        lines.write('at"}\n')
    assert follower.poll() == [{"event": "what"}]
    write(run / "2.jsonl", process("2"))
    assert [event["process"] for event in follower.poll()] == ["2"]


def test_the_follower_counts_damage_and_reads_lines_of_any_length(tmp_path, monkeypatch):
    monkeypatch.setattr("sigtrace.reader.lines._CHUNK", 100)
    write(tmp_path / "1.jsonl", *article_save())
    follower = Follower(tmp_path)
    events = []
    while new := follower.poll():
        events += new
    assert events == article_save()
    with (tmp_path / "1.jsonl").open("a") as lines:
        lines.write("x" * 1000 + "\n")
    assert follower.poll() == []
    assert follower.damage.total == 1


def test_an_idle_poll_opens_no_file(tmp_path, monkeypatch):
    write(tmp_path / "1.jsonl", process())
    follower = Follower(tmp_path)
    follower.poll()
    monkeypatch.setattr("pathlib.Path.open", lambda *_: pytest.fail("opened"))
    assert follower.poll() == []


def test_a_file_that_vanishes_is_no_failure(tmp_path):
    file = write(tmp_path / "1.jsonl", process())
    follower = Follower(tmp_path)
    follower.poll()
    file.unlink()
    assert follower.poll() == []


def test_a_follower_that_skips_goes_on_with_what_comes(tmp_path):
    follower = Follower(tmp_path)
    file = write(tmp_path / "1.jsonl", process("1"), *article_save("1"), cut='{"event":"wh')
    follower.skip()
    assert follower.poll() == [process("1")]
    assert follower.poll() == []
    with file.open("a") as lines:
        lines.write('at"}\n')
    assert follower.poll() == [{"event": "what"}]


def test_skipping_ends_however_fast_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("sigtrace.reader.lines._CHUNK", 100)
    follower = Follower(tmp_path)
    file = write(tmp_path / "1.jsonl", process("1"))
    read = follower._new_lines

    def new_lines(path):
        with file.open("a") as lines:
            lines.write('{"event":"what"}\n')
        return read(path)

    monkeypatch.setattr(follower, "_new_lines", new_lines)
    follower.skip()
    assert follower.poll()[0] == process("1")


def test_skipping_damage_reaches_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("sigtrace.reader.lines._CHUNK", 100)
    file = tmp_path / "1.jsonl"
    file.write_text("damage\n" * 100 + json.dumps(end("save", "1-1")) + "\n")
    follower = Follower(tmp_path)
    follower.skip()
    assert follower.poll() == []
    assert follower.damage.total == 100


def test_what_has_not_ended_is_carried_over_whole(tmp_path):
    over = [scope("1-1"), *article_save("1", first=2), scope("1-1", closed=True)]
    late = [
        # Goes on with a chain that is over, or with one of another process: chains of their own.
        end("query", "1-20", "1-2"),
        end("save", "1-21", "9-1"),
        registered("1-22", "1-2"),
    ]
    still = [
        scope("1-30", "POST other/"),
        begin("transaction", "1-31"),
        end("query", "1-33", "1-32"),
        begin("save", "1-32", scope="1-30"),
        begin("send", "1-34", "1-32"),
        end("query", "1-36", "1-35"),
        end("receiver", "1-35", "1-34"),
        registered("1-37", "1-34"),
    ]
    write(tmp_path / "1.jsonl", process("1"), *over, counts(queries=1), *late, *still)
    with (tmp_path / "1.jsonl").open("a") as lines:
        lines.write(json.dumps(counts(queries=2)) + "\n" + '{"event":"prompt","time":1}\n')
    follower = Follower(tmp_path)
    follower.skip()
    first, *carried, last, prompt = follower.poll()
    assert (first["event"], last["queries"], prompt["event"]) == ("process", 2, "prompt")
    assert carried == still
