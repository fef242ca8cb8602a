"""What to record or inspect, as a value and as the one variable that carries it to the target."""

from __future__ import annotations

from typing import Any, NamedTuple

VARIABLE = "SIGTRACE_CONFIG"
VALUES = ("none", "redacted", "all")
MAX_BYTES = 500_000_000

# What a traced interpreter and the launcher say to each other over the socket `prompt`.
CHAIN_ENDED, PROMPT_COMES = b"c", b"p"
STILL_DRAWING, DRAWN = b"+", b"."


class RecordOptions(NamedTuple):
    """What the probe records, and where to.

    `run_dir` and `project` are absolute paths; `effects` adds mail, tasks, network and programs;
    `max_bytes` is the size of a run at which spans are no longer written; `redact` and `show` are
    names (or globs) to hide or to let through. `prompt` is the path of the socket on which an
    interactive interpreter waits for its trees. Without `keep_values` the files hold none, whatever
    who listens in the process is told.
    """

    run_dir: str
    project: str = ""
    values: str = "redacted"
    keep_values: bool = True
    sql: bool = True
    effects: bool = False
    all_signals: bool = False
    max_bytes: int = MAX_BYTES
    prompt: str = ""
    redact: tuple[str, ...] = ()
    show: tuple[str, ...] = ()


class InspectOptions(NamedTuple):
    """What a process of the project's is to load and to tell, and the file that it writes.

    `settings` is the module that the user named; without one `manage`, the project's manage.py, is
    run up to its command, and `fallback` is what other files name. Every `…source` says in words
    who named a module. Folders of `pythonpath` are absolute; `imports` are modules or `urls`.
    """

    output: str
    project: str = ""
    manage: str = ""
    settings: str = ""
    settings_source: str = ""
    fallback: str = ""
    fallback_source: str = ""
    fallback_pythonpath: tuple[str, ...] = ()
    pythonpath: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


def encode(options: RecordOptions | InspectOptions) -> str:
    """Write the options as `key=value` lines; a tuple is one line for each item."""
    lines = []
    for name, value in options._asdict().items():
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            text = str(int(item)) if isinstance(item, bool) else str(item)
            escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
            lines.append(f"{name}={escaped}")
    return "\n".join(lines)


def decode(text: str) -> RecordOptions:
    """Read what `encode` wrote; unknown keys are ignored. Raises ValueError without a run_dir."""
    return RecordOptions(**_decode(text, RecordOptions, "run_dir"))


def decode_inspection(text: str) -> InspectOptions:
    """Read what `encode` wrote of InspectOptions. Raises ValueError without an output."""
    return InspectOptions(**_decode(text, InspectOptions, "output"))


def _decode(text: str, cls: type[RecordOptions | InspectOptions], required: str) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        key, separator, value = line.partition("=")
        if separator:
            found.setdefault(key, []).append(_unescape(value))
    if required not in found:
        raise ValueError(f"{VARIABLE} names no {required}")
    known: dict[str, Any] = {}
    for name in cls._fields:
        if name in found:
            items = found[name]
            default = cls._field_defaults.get(name)
            # Of the default's type; a bool is an int too, so it comes first.
            if isinstance(default, tuple):
                known[name] = tuple(items)
            elif isinstance(default, bool):
                known[name] = items[-1] == "1"
            elif isinstance(default, int):
                known[name] = int(items[-1])
            else:
                known[name] = items[-1]
    return known


def _unescape(value: str) -> str:
    parts = value.split("\\\\")
    return "\\".join(part.replace("\\n", "\n") for part in parts)
