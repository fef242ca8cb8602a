"""The folder of a run: its header, its lock, and which runs are deleted."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

import pytest

from sigtrace.errors import SigtraceError
from sigtrace.launch.recording import (
    Header,
    Recording,
    claim_folder,
    create_run,
    is_live,
    prune,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECOND = 1_000_000_000
HEADER = Header(
    sigtrace="1.0", argv=["manage.py"], cwd="/x", values="none", pid=7, started=5 * SECOND
)


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    recording = Recording(create_run(tmp_path / "runs", 5 * SECOND, 7), HEADER)
    yield recording
    recording.close()


def old_run(runs: Path, second: int, size: int = 10) -> Path:
    path = create_run(runs, second * SECOND, 1)
    (path / "run.json").write_text("{}")
    (path / "1.jsonl").write_bytes(b"x" * size)
    return path


def test_only_the_owner_can_read_a_run(recording: Recording) -> None:
    assert recording.path.name.startswith("19700101T000005Z-7-")
    assert recording.path.stat().st_mode & 0o777 == 0o700
    assert recording.path.parent.stat().st_mode & 0o777 == 0o700
    assert (recording.path / "run.json").stat().st_mode & 0o777 == 0o600
    assert (recording.path.parent / ".gitignore").read_text() == "*\n"


def test_the_header_before_and_after(recording: Recording) -> None:
    path = recording.path / "run.json"
    before = json.loads(path.read_text())
    assert before == {
        "schema": 1,
        "sigtrace": "1.0",
        "argv": ["manage.py"],
        "cwd": "/x",
        "values": "none",
        "pid": 7,
        "started": 5 * SECOND,
        "project": "",
        "ended": None,
        "exit_status": None,
        "signal": None,
    }
    recording.finish(6 * SECOND, 143, 15)
    after = json.loads(path.read_text())
    assert after == {**before, "ended": 6 * SECOND, "exit_status": 143, "signal": 15}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in recording.path.iterdir()] == ["run.json"]


def test_a_vanished_folder_is_no_error(recording: Recording) -> None:
    (recording.path / "run.json").unlink()
    recording.path.rmdir()
    recording.finish(6 * SECOND, 0, None)


def test_a_run_is_live_while_its_launcher_or_a_process_is(recording: Recording) -> None:
    assert is_live(recording.path)
    recording.close()
    assert not is_live(recording.path)
    with (recording.path / "9.jsonl").open("wb") as lines:
        assert not is_live(recording.path)
        fcntl.flock(lines, fcntl.LOCK_EX)
        # A look at what is still empty could keep the lock from whoever is about to take it.
        assert not is_live(recording.path)
        os.write(lines.fileno(), b"{}\n")
        assert is_live(recording.path)
    assert not is_live(recording.path)


def test_the_oldest_runs_are_deleted(tmp_path: Path) -> None:
    runs = [old_run(tmp_path, second) for second in range(5)]
    prune(tmp_path, runs[4], keep_runs=3, keep_bytes=1000)
    assert [run.exists() for run in runs] == [False, False, True, True, True]


def test_no_more_than_so_many_bytes_are_kept(tmp_path: Path) -> None:
    runs = [old_run(tmp_path, second, size=100) for second in range(4)]
    prune(tmp_path, runs[3], keep_runs=20, keep_bytes=250)
    assert [run.exists() for run in runs] == [False, False, True, True]
    prune(tmp_path, runs[3], keep_runs=20, keep_bytes=10)
    assert [run.exists() for run in runs] == [False, False, False, True], "never the current one"


def test_a_live_run_and_what_is_no_run_are_left_alone(tmp_path: Path) -> None:
    live, dead, current = (old_run(tmp_path, second) for second in range(3))
    other = tmp_path / "notes"
    other.mkdir()
    kept = dead / "mine.txt"
    kept.write_text("kept")
    with (live / "1.jsonl").open("rb") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        prune(tmp_path, current, keep_runs=1, keep_bytes=1000)
    assert live.exists()
    assert other.exists()
    assert [path.name for path in dead.iterdir()] == ["mine.txt"]


def test_a_named_folder_is_made_and_an_earlier_run_in_it_replaced(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trace"
    claim_folder(path)
    assert path.stat().st_mode & 0o777 == 0o700
    for name in ("run.json", "1.jsonl", "receivers.json", "receivers.json.4242"):
        (path / name).write_text("{}\n")
    claim_folder(path)
    assert not list(path.iterdir())


@pytest.mark.parametrize("names", [("notes.txt",), ("run.json", "notes.txt"), ("1.jsonl",)])
def test_a_folder_with_anything_else_is_not_touched(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(SigtraceError, match="holds files that are no recorded run"):
        claim_folder(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(names)


def test_a_folder_with_a_live_run_is_not_touched(recording: Recording) -> None:
    with pytest.raises(SigtraceError, match="still going on"):
        claim_folder(recording.path)
