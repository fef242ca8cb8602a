"""The environment that makes every Python below the target load the probe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sigtrace.errors import SigtraceError
from sigtrace.options import VARIABLE, InspectOptions, RecordOptions, decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "probe", "_boot")
"""The folder of the `sitecustomize` that waits for Django."""


def check_boot(boot: str = BOOT) -> None:
    """Raise SigtraceError if `boot` cannot stand in PYTHONPATH."""
    if os.pathsep in boot:
        raise SigtraceError(
            f"sigtrace is installed in {boot}, and {os.pathsep!r} cannot stand in PYTHONPATH.",
            "Install it in a folder without that character.",
        )


def traced(
    environ: Mapping[str, str], options: RecordOptions | InspectOptions, boot: str = BOOT
) -> dict[str, str]:
    """Return `environ` with the probe's folder first in PYTHONPATH, and what it is to do."""
    path = _without(environ.get("PYTHONPATH", ""), boot)
    # A separator at the end would put the current folder into the path.
    path = boot + os.pathsep + path if path else boot
    return {**environ, VARIABLE: encode(options), "PYTHONPATH": path}


def untraced(environ: Mapping[str, str], boot: str = BOOT) -> dict[str, str]:
    """Return `environ` without anything of ours in it."""
    clean = {name: value for name, value in environ.items() if name != VARIABLE}
    path = clean.get("PYTHONPATH", "")
    if boot in path.split(os.pathsep):
        rest = _without(path, boot)
        if rest:
            clean["PYTHONPATH"] = rest
        else:
            del clean["PYTHONPATH"]
    return clean


def outer_run(environ: Mapping[str, str]) -> RecordOptions | None:
    """Return what the run around this process records, or None if there is none (any more)."""
    try:
        options = decode(environ[VARIABLE])
    except (KeyError, ValueError):
        return None
    return options if os.path.isdir(options.run_dir) else None


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this is a CI job, as the variable says that nearly all of them set."""
    return environ.get("CI", "").lower() not in ("", "0", "false")


def values_by_default(environ: Mapping[str, str]) -> str:
    """Which values are recorded where nobody says so: none in CI, whose logs many can read."""
    return "none" if in_ci(environ) else "redacted"


def _without(path: str, boot: str) -> str:
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if entry != boot)
