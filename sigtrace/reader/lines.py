"""Read the lines of process files, also while they are being written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigtrace.errors import SigtraceError
from sigtrace.events import SCHEMA_VERSION
from sigtrace.reader.past import Past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Event = dict[str, Any]

_CHUNK = 256 * 1024


@dataclass
class Damage:
    """How many lines of which file could not be read."""

    lines: dict[str, int] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        self.lines[path.name] = self.lines.get(path.name, 0) + 1

    def absorb(self, other: Damage) -> None:
        """Count those that another reader has met."""
        for name, lines in other.lines.items():
            self.lines[name] = self.lines.get(name, 0) + lines

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
                    event = checked(_loaded(line), path)
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
        self._carried: list[Event] = []
        self.damage = Damage() if damage is None else damage

    def poll(self) -> list[Event]:
        """The events on the lines that were completed since the last call; costs a stat a file."""
        events, self._carried = self._carried, []
        for name, size in sorted(self._sizes().items()):
            if size > self._read.get(name, 0):
                events += self._new_lines(self._run / name)
        return events

    def skip(self) -> None:
        """Pass over what is there: `poll` goes on with what comes now.

        Its first answer begins with the lines of what has not ended, so that a chain that is open
        now is told whole.
        """
        past, end = Past(), sum(self._sizes().values())
        before, now = -1, 0
        # No further, however fast the run goes on; a line that is not whole yet is never read.
        while before < now < end:
            for event in self.poll():
                past.feed(event)
            before, now = now, sum(self._read.values())
        self._carried = past.lines()

    def _sizes(self) -> dict[str, int]:
        try:
            with os.scandir(self._run) as entries:
                return {e.name: e.stat().st_size for e in entries if e.name.endswith(".jsonl")}
        except OSError:
            # The directory is not there yet, or no longer.
            return {}

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
        for value in decoded(complete):
            event = checked(value, path)
            if event is not None:
                yield event
            else:
                self.damage.add(path)


def decoded(block: bytes) -> list[object]:
    """The values on whole lines, None for one that is no JSON."""
    try:
        # As one array: four times as fast as line by line.
        values: list[object] = json.loads(b"[%s]" % block.replace(b"\n", b",")[:-1])
    except (ValueError, RecursionError):
        return [_loaded(line) for line in block.split(b"\n") if line.strip()]
    return values


def _loaded(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def checked(event: object, path: Path) -> Event | None:
    """The event if it is one that can be worked with. Raises as `read_events` does."""
    if not isinstance(event, dict):
        return None
    what = event.get("event")
    if what == "process":
        check_schema(event, path)
    elif what in ("end", "begin", "registered"):
        if not (
            isinstance(event.get("id"), str)
            and isinstance(event.get("kind"), str)
            and isinstance(event.get("time"), int)
            and (event.get("parent") is None or isinstance(event["parent"], str))
        ):
            return None
    elif what == "scope":
        if not isinstance(event.get("id"), str):
            return None
    elif what in ("counts", "prompt"):
        # The line itself does not say whose it is.
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
