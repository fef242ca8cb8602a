"""Process files in one stream, by time, without the `begin` lines of what has ended."""

from __future__ import annotations

import pytest

from sigtrace.errors import SigtraceError
from sigtrace.reader import Damage, merge_events
from tests.factories import article_save, begin, counts, end, process, scope, write


def merged(*paths, damage=None, **options):
    return list(merge_events(paths, Damage() if damage is None else damage, **options))


def ids(events):
    return [event.get("id", event["event"]) for event in events]


def test_only_what_never_ended_has_a_begin_line(tmp_path):
    file = write(
        tmp_path / "1.jsonl",
        process("1"),
        begin("save", "1-1"),
        begin("send", "1-2", "1-1"),
        end("send", "1-2", "1-1"),
        scope("1-3"),
        counts(),
    )
    events = merged(file)
    assert [(event["event"], event.get("id")) for event in events] == [
        ("process", None),
        ("end", "1-2"),
        ("scope", "1-3"),
        ("counts", None),
        ("begin", "1-1"),
    ]
    assert events[3]["process"] == "1"


def test_the_begin_line_of_an_outer_block_comes_in_its_place_to_who_asks(tmp_path):
    file = write(
        tmp_path / "1.jsonl",
        begin("transaction", "1-1"),
        begin("save", "1-2"),
        begin("transaction", "1-3", "1-2"),
        end("transaction", "1-3", "1-2"),
        end("save", "1-2"),
        end("transaction", "1-1"),
        begin("transaction", "1-4"),
        counts(),
        begin("save", "1-5"),
    )
    ended = ["1-3", "1-2", "1-1"]
    assert ids(merged(file, blocks=True)) == ["1-1", *ended, "1-4", "counts", "1-5"]
    assert ids(merged(file)) == [*ended, "counts", "1-4", "1-5"]


def test_files_are_merged_by_the_time_of_writing(tmp_path):
    first = write(
        tmp_path / "1.jsonl",
        process("1"),
        end("save", "1-1", at=0, ms=5),
        end("save", "1-2", at=6, ms=10),
        end("save", "1-3", at=30),
    )
    second = write(
        tmp_path / "2.jsonl",
        process("2"),
        end("save", "2-1", at=1, ms=1),
        end("save", "2-2", at=10),
    )
    third = write(tmp_path / "3.jsonl")
    assert ids(merged(first, second, third)) == [
        *("process", "process", "2-1", "1-1", "2-2", "1-2", "1-3"),
    ]


def test_damage_is_counted_and_a_cut_last_line_is_none(tmp_path):
    damage = Damage()
    file = tmp_path / "1.jsonl"
    write(file, process("1"), *article_save("1"), cut='{"event":"en')
    with file.open("rb+") as lines:
        data = lines.read()
        lines.seek(0)
        lines.write(b'{"event":"end"}\nnot json\n\n[1]\n' + data)
    assert len(merged(file, damage=damage)) == 1 + len(article_save())
    assert damage.lines == {"1.jsonl": 3}


def test_a_begin_line_of_another_form_is_read_like_others(tmp_path):
    file = tmp_path / "1.jsonl"
    odd = '{"event":"begin","kind":"save","time":1,"parent":null,"name":"x","id":"1-1"}\n'
    file.write_text(odd + '{"event":"begin","kind":"save","id":"1-2"}\n')
    damage = Damage()
    assert ids(merged(file, damage=damage)) == ["1-1"]
    assert damage.total == 1


def test_progress_is_told_of_all_lines(tmp_path, monkeypatch):
    monkeypatch.setattr("sigtrace.reader.merging._BLOCK", 1000)
    file = write(tmp_path / "1.jsonl", process("1"), *article_save("1"))
    told = []
    merged(file, progress=told.append)
    assert sum(told) == 1 + len(article_save())
    assert len(told) > 1


def test_an_unreadable_or_newer_file_is_said(tmp_path):
    with pytest.raises(SigtraceError, match="No such file"):
        merged(tmp_path / "gone.jsonl")
    with pytest.raises(SigtraceError, match="newer"):
        merged(write(tmp_path / "1.jsonl", process("1", schema=99)))
