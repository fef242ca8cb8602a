"""What to record, as a value and as the one variable that carries it into the target."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

VARIABLE = "SIGTRACE_CONFIG"
VALUES = ("none", "redacted", "all")

# What a traced interpreter and the launcher say to each other over the socket `prompt`.
CHAIN_ENDED, PROMPT_COMES = b"c", b"p"
STILL_DRAWING, DRAWN = b"+", b"."


@dataclass(frozen=True)
class RecordOptions:
    """What the probe records, and where to.

    `run_dir` and `project` are absolute paths; `effects` adds mail, tasks, network and programs;
    `max_bytes` is the size of a run at which spans are no longer written; `redact` and `show` are
    names (or globs) to hide or to let through. `prompt` is the path of the socket on which an
    interactive interpreter waits for its trees.
    """

    run_dir: str
    project: str = ""
    values: str = "redacted"
    sql: bool = True
    effects: bool = False
    all_signals: bool = False
    max_bytes: int = 500_000_000
    prompt: str = ""
    redact: tuple[str, ...] = ()
    show: tuple[str, ...] = ()


def encode(options: RecordOptions) -> str:
    """Write the options as `key=value` lines; a tuple is one line for each item."""
    lines = []
    for field in fields(options):
        value = getattr(options, field.name)
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            text = str(int(item)) if isinstance(item, bool) else str(item)
            escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
            lines.append(f"{field.name}={escaped}")
    return "\n".join(lines)


def decode(text: str) -> RecordOptions:
    """Read what `encode` wrote; unknown keys are ignored. Raises ValueError without a run_dir."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        key, separator, value = line.partition("=")
        if separator:
            found.setdefault(key, []).append(_unescape(value))
    if "run_dir" not in found:
        raise ValueError(f"{VARIABLE} names no run_dir")
    known: dict[str, Any] = {}
    for field in fields(RecordOptions):
        if field.name in found:
            items = found[field.name]
            # Of the default's type; a bool is an int too, so it comes first.
            if isinstance(field.default, tuple):
                known[field.name] = tuple(items)
            elif isinstance(field.default, bool):
                known[field.name] = items[-1] == "1"
            elif isinstance(field.default, int):
                known[field.name] = int(items[-1])
            else:
                known[field.name] = items[-1]
    return RecordOptions(**known)


def _unescape(value: str) -> str:
    parts = value.split("\\\\")
    return "\\".join(part.replace("\\n", "\n") for part in parts)
