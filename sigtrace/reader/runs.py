"""Find and open the runs of a project."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sigtrace.errors import SigtraceError
from sigtrace.folders import RUNS, runs_directory
from sigtrace.reader.lines import check_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Event = dict[str, Any]


_GZIP = b"\x1f\x8b"
_EVENT = b'"event"'


@dataclass(frozen=True)
class Run:
    """A recorded run: its process files, what the launcher and the registry wrote beside them.

    `path` is what the user named; `meta` and `receivers` are empty where their files are missing.
    """

    path: Path
    files: tuple[Path, ...]
    meta: Event = field(default_factory=dict)
    receivers: Event = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its files are, also where the user named only some of them."""
        return self.path if self.path.is_dir() else self.path.parent


def recorded_runs(folder: Path) -> list[Path]:
    """The runs in a folder such as `.sigtrace`, the one that was started last first."""
    return sorted(filter(_is_run, _subdirectories(folder)), key=_started, reverse=True)


def newest_run(start: Path) -> Path:
    """The directory of the run that was started last; SigtraceError if there is none."""
    runs = runs_directory(start)
    found = recorded_runs(runs)
    if not found:
        raise SigtraceError(
            f"There is no recorded run in {runs}.",
            hint="Record one: sigtrace run manage.py shell",
        )
    return found[0]


def find_run(path: Path, start: Path) -> Path:
    """Where a run is that the user named by its path, or by its name in the project of `start`.

    Raises SigtraceError where there is nothing of that name, or it cannot be reached.
    """
    runs = runs_directory(start)
    for place in (path, runs / path):
        try:
            if place.exists():
                return place
        except OSError as error:
            raise SigtraceError(f"{place}: {error.strerror}.") from error
    raise SigtraceError(f"{path}: there is no such run.", hint=f"Runs are the folders in {runs}.")


def read_meta(run: Path) -> Event:
    """What the launcher wrote into `run.json`; empty where it is missing or being written."""
    return _read_object(run / "run.json")


def project_of(run: Path) -> str:
    """The folder that the paths in a run are relative to; empty where that is not known."""
    project = read_meta(run).get("project")
    if isinstance(project, str) and project:
        return project
    folder = run.absolute().parent
    return str(folder.parent) if folder.name == RUNS else ""


def open_run(path: Path, start: Path) -> Run:
    """Open a run directory, a process file, or a run by its name in the project around `start`.

    Raises SigtraceError where there is no such run or nothing was recorded in it.
    """
    path = find_run(path, start)
    folder = path if path.is_dir() else path.parent
    files = process_files(path) if path.is_dir() else (path,)
    meta = read_meta(folder)
    if not files and not meta:
        raise SigtraceError(
            f"{path} is not a recorded run: it holds no run.json and no process file.",
            hint=f"Runs are the folders in {runs_directory(start)}.",
        )
    check_schema(meta, path)
    _check_form(path, files)
    if not any(file.stat().st_size for file in files):
        words = meta.get("argv")
        target = " ".join(map(str, words)) if isinstance(words, list) else path.name
        raise SigtraceError(
            f"Django was not imported by any traced process ({target}).",
            hint="Nothing was recorded; does that command run a Django project?",
        )
    return Run(path, files, meta, _read_object(folder / "receivers.json"))


def open_runs(paths: Sequence[Path], start: Path) -> list[Run]:
    """Open what the user named, the newest run if nothing; process files of one run are one."""
    runs: dict[Path, Run] = {}
    for path in paths or [newest_run(start)]:
        run = open_run(path, start)
        key = run.folder.resolve()
        known = runs.get(key)
        if known is not None:
            new = tuple(file for file in run.files if file not in known.files)
            run = replace(known, files=known.files + new)
        runs[key] = run
    return list(runs.values())


def process_files(run: Path) -> tuple[Path, ...]:
    """The process files of a run, by the time at which their processes began."""
    return tuple(sorted(run.glob("*.jsonl"), key=_began))


def _subdirectories(folder: Path) -> Sequence[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir()]
    except OSError:
        return []


def _is_run(folder: Path) -> bool:
    try:
        return (folder / "run.json").is_file() or any(folder.glob("*.jsonl"))
    except OSError:
        # Another user's.
        return False


def _started(run: Path) -> tuple[int, str]:
    started = read_meta(run).get("started")
    if isinstance(started, int):
        return (started, run.name)
    try:
        return (run.stat().st_mtime_ns, run.name)
    except OSError:
        # Deleted just now: too many runs.
        return (0, run.name)


def _began(file: Path) -> tuple[int, str]:
    try:
        with file.open("rb") as lines:
            time = json.loads(lines.readline()).get("time")
    except (OSError, ValueError, AttributeError):
        time = None
    return (time if isinstance(time, int) else 0, file.name)


def _check_form(path: Path, files: Sequence[Path]) -> None:
    """Raise SigtraceError for what is compressed, or was never written by a probe."""
    packed = [file for file in files if _starts_with(file, _GZIP)]
    if path.is_dir() and not files:
        packed = list(path.glob("*.jsonl.gz"))
    if packed:
        raise SigtraceError(
            f"{packed[0]} is compressed.", hint=f"gunzip {shlex.join(map(str, packed))}"
        )
    if any(file.stat().st_size for file in files) and not any(map(_is_of_a_trace, files)):
        raise SigtraceError(
            f"{path} is no trace: no line in it was written by sigtrace.",
            hint="Name a run's directory, or a process file in it.",
        )


def _is_of_a_trace(file: Path) -> bool:
    """Whether any line may be one of a trace, also if it is cut."""
    try:
        with file.open("rb") as lines:
            return any(_EVENT in line for line in lines)
    except OSError:
        # Whoever reads it says why it cannot be read.
        return True


def _starts_with(file: Path, mark: bytes) -> bool:
    try:
        with file.open("rb") as content:
            return content.read(len(mark)) == mark
    except OSError:
        return False


def _read_object(path: Path) -> Event:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
