"""Read the lines of process files, also while they are being written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigtrace.errors import SigtraceError
from sigtrace.events import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Event = dict[str, Any]

_CHUNK = 4 * 1024 * 1024
_decode = json.JSONDecoder().raw_decode


@dataclass
class Damage:
    """How many lines of which file could not be read."""

    lines: dict[str, int] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        self.lines[path.name] = self.lines.get(path.name, 0) + 1

    @property
    def total(self) -> int:
        return sum(self.lines.values())


def read_events(paths: Iterable[Path], damage: Damage) -> Iterator[Event]:
    """Yield the lines of process files, one file after the other.

    A last line that was cut short is no damage: its process was killed. Raises SigtraceError for
    a file of a newer schema or one that cannot be read.
    """
    for path in paths:
        try:
            with path.open("rb") as file:
                for line in file:
                    event = parse_line(line, path)
                    if event is not None:
                        yield event
                    elif line.endswith(b"\n") and line.strip():
                        damage.add(path)
        except OSError as error:
            raise SigtraceError(f"{path}: {error.strerror}.") from error


class Follower:
    """Reads what is added to the process files of a run, also to files that appear later."""

    def __init__(self, run: Path, damage: Damage | None = None) -> None:
        self._run = run
        self._read: dict[str, int] = {}
        self.damage = Damage() if damage is None else damage

    def poll(self) -> list[Event]:
        """The events on the lines that were completed since the last call; costs a stat a file."""
        events: list[Event] = []
        try:
            with os.scandir(self._run) as entries:
                grown = [
                    Path(entry.path)
                    for entry in entries
                    if entry.name.endswith(".jsonl")
                    and entry.stat().st_size > self._read.get(entry.name, 0)
                ]
        except OSError:
            # The directory is not there yet, or no longer.
            return events
        for path in sorted(grown):
            events += self._new_lines(path)
        return events

    def _new_lines(self, path: Path) -> Iterator[Event]:
        position = self._read.get(path.name, 0)
        try:
            with path.open("rb") as file:
                file.seek(position)
                block = file.read(_CHUNK)
                while block and b"\n" not in block[-_CHUNK:]:
                    more = file.read(_CHUNK)
                    if not more:
                        return
                    block += more
        except OSError:
            return
        complete = block[: block.rfind(b"\n") + 1]
        self._read[path.name] = position + len(complete)
        for line in complete.split(b"\n"):
            event = parse_line(line, path)
            if event is not None:
                yield event
            elif line.strip():
                self.damage.add(path)


def parse_line(line: bytes, path: Path) -> Event | None:
    """The event on a line of that process file; None if it cannot be read as one."""
    try:
        text = line.strip().decode()
        # Half the time of `json.loads`, which looks for encodings and spaces first.
        event, end = _decode(text)
    except (ValueError, RecursionError):
        return None
    return read_event(event, path) if end == len(text) else None


def read_event(event: Any, path: Path) -> Event | None:
    """What a line of that process file holds; None if that is no event. Raises as `read_events`."""
    if not isinstance(event, dict):
        return None
    what = event.get("event")
    if what in ("end", "begin", "registered"):
        parent = event.get("parent")
        if not (
            isinstance(event.get("id"), str)
            and isinstance(event.get("kind"), str)
            and isinstance(event.get("time"), int)
            and (parent is None or isinstance(parent, str))
        ):
            return None
    elif what == "process":
        check_schema(event, path)
    elif what == "scope":
        if not isinstance(event.get("id"), str):
            return None
    elif what == "counts":
        # The line itself does not say whose counts they are.
        event["process"] = path.stem
    elif not isinstance(what, str):
        return None
    return event


def check_schema(header: Event, path: Path) -> None:
    """Raise SigtraceError if what the header belongs to was written by a newer version."""
    schema = header.get("schema")
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise SigtraceError(
            f"{path} was written by a newer sigtrace (schema {schema}, "
            f"this one reads {SCHEMA_VERSION}).",
            hint="Upgrade: pip install --upgrade sigtrace",
        )
