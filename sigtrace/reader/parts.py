"""Cuts the files of a run in two, so that two processors can read them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sigtrace.reader.lines import checked, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Event = dict[str, Any]

WORTH = 32_000_000
"""Bytes from which on a second process pays for its start."""

_SEARCHED = 4 * 1024 * 1024
_HOLDS = (b'{"event":"scope"', b'{"event":"prompt"')


@dataclass(frozen=True)
class Part:
    """A stretch of whole lines of a process file; without a `stop` it goes on to the end."""

    path: Path
    start: int = 0
    stop: int | None = None


def halves(paths: Sequence[Path]) -> tuple[list[Part], list[Part]] | None:
    """Cut files in the middle, one of them after a chain outside of any atomic block.

    None where that is not worth it or no such place is near. Spans of another thread may be open
    there: whoever reads the first half sees those that do not end in it.
    """
    sizes = [path.stat().st_size for path in paths]
    if sum(sizes) < WORTH:
        return None
    first: list[Part] = []
    left = sum(sizes) // 2
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        if size <= left:
            first.append(Part(path))
            left -= size
            continue
        place = _chain_end(path, left)
        if place is None:
            return None
        later = [Part(path, place), *map(Part, paths[number + 1 :])]
        return [*first, Part(path, 0, place)], later
    return None


def open_before(part: Part) -> list[Event]:
    """The lines before a part of the scopes that are open there, and of a prompt."""
    found: dict[str, Event] = {}
    with part.path.open("rb") as file:
        position = 0
        for line in file:
            if position >= part.start:
                break
            position += len(line)
            if not line.startswith(_HOLDS):
                continue
            for value in decoded(line):
                event = checked(value, part.path)
                if event is not None and event.get("closed"):
                    found.pop(event["id"], None)
                elif event is not None:
                    found[str(event.get("id"))] = event
    return list(found.values())


def _chain_end(path: Path, near: int) -> int | None:
    """Where the first line ends, from there on, that ends a chain outside of a transaction."""
    with path.open("rb") as file:
        file.seek(near)
        file.readline()
        while file.tell() < near + _SEARCHED:
            line = file.readline()
            if not line:
                return None
            if line.startswith(b'{"event":"end"') and _is_chain(line, path):
                return file.tell()
    return None


def _is_chain(line: bytes, path: Path) -> bool:
    for value in decoded(line):
        event = checked(value, path)
        # Callbacks run on commit, right before the line of the block that they waited for.
        if event is None or event["kind"] in ("transaction", "on_commit"):
            return False
        return event.get("parent") is None and event.get("transaction") is None
    return False
