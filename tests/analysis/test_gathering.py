"""A run in two halves says what the whole run says."""

from __future__ import annotations

import json
import os
import pickle
import signal

import pytest

from sigtrace.analysis.filters import Selection
from sigtrace.analysis.report import analyse
from sigtrace.cli.background import Background
from sigtrace.errors import SigtraceError
from sigtrace.reader import halves, open_before, open_run, parts
from sigtrace.reader.parts import Part
from sigtrace.views.formats.json import as_object
from tests.benchmarks.reading import record, repeat
from tests.factories import (
    article_save,
    begin,
    counts,
    end,
    heard_save,
    process,
    registered,
    scope,
    write,
)


class AtOnce:
    """In the background, as far as can be told; the result has gone through a pipe."""

    used = 0

    def __init__(self, function):
        AtOnce.used += 1
        self._result = pickle.loads(pickle.dumps(function()))

    def result(self):
        return self._result

    def stop(self):
        AtOnce.used = 0


@pytest.fixture
def both(tmp_path, monkeypatch):
    """`both(path)`: the report of a run read whole and in halves, and whether those were used."""

    def compare(path, **selection):
        run, selected = open_run(path, tmp_path), Selection(**selection)
        whole = as_object(analyse([run], selected), "report")
        monkeypatch.setattr(parts, "WORTH", 0)
        AtOnce.used = 0
        halved = as_object(analyse([run], selected, in_background=AtOnce), "report")
        return whole, halved, AtOnce.used

    return compare


def sorted_lists(value):
    """Without what depends on which of equals was read first: order, ids and examples."""
    if isinstance(value, dict):
        examples = ("evidence", "id", "next", "time")
        return {key: sorted_lists(one) for key, one in value.items() if key not in examples}
    if isinstance(value, list):
        return sorted((sorted_lists(one) for one in value), key=json.dumps)
    return value


def test_a_real_run_of_which_names_are_selected(tmp_path, both):
    repeat(record(tmp_path), tmp_path / "run", 3000)
    names = {"sender": ("Tag",), "receiver": ("generate_slug",)}
    for option, globs in names.items():
        whole, halved, used = both(tmp_path / "run", **{option: globs})
        assert used == 1
        assert sorted_lists(halved) == sorted_lists(whole)


@pytest.mark.parametrize("processes", [1, 3])
def test_a_real_run(tmp_path, both, processes):
    repeat(record(tmp_path), tmp_path / "run", 3000, processes)
    whole, halved, used = both(tmp_path / "run")
    assert used == 1
    assert sorted_lists(halved) == sorted_lists(whole)
    assert {one["id"] for one in halved["findings"]} >= {"sigtrace.R001", "sigtrace.R008"}
    for one in halved["findings"]:
        assert len(one["evidence"]) <= 5


def filler(first, number=60):
    """Chains of no interest, so that a file has a middle."""
    return [
        end("save", f"1-{first + n}", at=first + n, name="Filler.save()") for n in range(number)
    ]


def run(tmp_path, *events):
    write(tmp_path / "run" / "1.jsonl", process("1"), *events)
    return tmp_path / "run"


def saved(number, **fields):
    lines = article_save("1", at=number, first=number, row=7, **fields)
    return [{**line, "scope": "1-9000"} for line in lines]


def test_a_scope_across_the_cut(tmp_path, both):
    opened = scope("1-9000")
    path = run(
        tmp_path,
        opened,
        *saved(10),
        *filler(100),
        *saved(300, created=False, differs=["title"]),
        {**opened, "closed": True},
        counts(queries=3),
    )
    whole, halved, used = both(path)
    assert used == 1
    (one,) = [one for one in halved["findings"] if one["id"] == "sigtrace.R001"]
    assert one["message"].startswith("one row of blog.Article is saved 2 times within request POST")
    assert sorted_lists(halved) == sorted_lists(whole)


def test_a_row_made_anew_in_the_second_half_is_another_one(tmp_path, both):
    opened = scope("1-9000")
    path = run(tmp_path, opened, *saved(10), *filler(100), *saved(300, created=True))
    whole, halved, used = both(path)
    assert used == 1
    assert [one for one in halved["findings"] if one["id"] == "sigtrace.R001"] == []
    assert halved["totals"] == whole["totals"]


def test_a_transaction_that_ends_in_the_second_half(tmp_path, both):
    path = run(
        tmp_path,
        registered("1-50", transaction="1-49"),
        end("on_commit", "1-50", discarded=True, transaction="1-49"),
        *filler(100),
        end("transaction", "1-49", outcome="rolled back"),
    )
    whole, halved, used = both(path)
    assert used == 1
    assert [one["id"] for one in halved["findings"]] == ["sigtrace.R008"]
    assert sorted_lists(halved) == sorted_lists(whole)


def test_a_span_across_the_cut_is_read_as_a_whole(tmp_path, both):
    lines = article_save("1", first=9000)
    opened = begin("save", lines[-1]["id"])
    path = run(tmp_path, opened, *lines[:4], *filler(100), *lines[4:])
    whole, halved, used = both(path)
    assert used == 0  # it was given up
    assert halved == whole


def test_where_a_run_is_cut(tmp_path, monkeypatch):
    file = run(tmp_path, *filler(1, 1)) / "1.jsonl"
    assert halves([file]) is None  # too small to be worth it
    monkeypatch.setattr(parts, "WORTH", 0)
    assert halves([file]) is None  # nothing follows
    blocked = [end("save", f"1-{n}", transaction="1-99") for n in range(50)]
    assert halves([run(tmp_path, *blocked) / "1.jsonl"]) is None
    file = run(tmp_path, *blocked, *filler(100)) / "1.jsonl"
    (first,), (later,) = cut([file])
    assert (first.start, first.stop, later.stop) == (0, later.start, None)
    assert file.read_bytes()[later.start - 1 :].startswith(b"\n")
    other = write(tmp_path / "run" / "2.jsonl", process("2"), *blocked, *blocked, *filler(900, 300))
    (whole, first), (later,) = cut([file, other])
    assert whole == Part(file)
    assert (first.path, later.path, first.stop) == (other, other, later.start)
    assert 0 < later.start < other.stat().st_size


def cut(files):
    found = halves(files)
    assert found is not None
    return found


def test_what_holds_before_a_part(tmp_path):
    file = tmp_path / "1.jsonl"
    lines = [process("1"), scope("1-1"), scope("1-2"), {**scope("1-1"), "closed": True}]
    write(file, *lines, {"event": "prompt", "time": 1}, end("save", "1-3"), scope("1-4"))
    start = file.read_bytes().index(b'{"event":"end"')
    found = open_before(Part(file, start))
    assert [event.get("id", event["event"]) for event in found] == ["1-2", "prompt"]
    assert found[1]["process"] == "1"


def test_a_function_in_a_process_of_its_own():
    assert Background(os.getpid).result() not in (None, os.getpid())
    assert Background(lambda: {"a": [1] * 200_000}).result() == {"a": [1] * 200_000}


def test_a_failure_there_is_no_result():
    def fail():
        raise ValueError

    assert Background(fail).result() is None
    assert Background(lambda: lambda: None).result() is None  # cannot be pickled


def test_a_part_of_a_result_is_none(monkeypatch):
    reading, writing = os.pipe()
    monkeypatch.setattr(os, "pipe", lambda: (reading, writing))

    def is_killed():
        os.write(writing, pickle.dumps([1, 2, 3])[:-4])
        os.kill(os.getpid(), signal.SIGKILL)

    assert Background(is_killed).result() is None


def test_nobody_works_on_for_a_reader_that_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "WORTH", 1)
    saves = [line for number in range(9) for line in heard_save(f"1-{number * 10}")]
    write(tmp_path / "1.jsonl", process("1", schema=99), *saves)
    stopped = []

    class Watched(AtOnce):
        def stop(self):
            stopped.append(self)

    with pytest.raises(SigtraceError, match="newer sigtrace"):
        analyse([open_run(tmp_path, tmp_path)], in_background=Watched)
    assert len(stopped) == 1


def test_a_process_that_is_not_waited_for_is_ended():
    import time

    working = Background(lambda: time.sleep(600))
    pid = working._pid
    working.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
