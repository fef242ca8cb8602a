"""What the fixtures of `conftest` hand out: a copy of the sample site, a finished process, a trace."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SITE = ROOT / "sample_site"

POSTGRESQL = "SIGTRACE_TEST_POSTGRESQL"
"""Names the server for tests: a libpq connection string. Databases are made and dropped there."""

# A test says itself what it wants of these; the developer's own must not decide.
UNWANTED = (
    "CI",
    "COLORTERM",
    "COLUMNS",
    "DOMTERM",
    "FORCE_COLOR",
    "FORCE_HYPERLINK",
    "INSIDE_EMACS",
    "KONSOLE_VERSION",
    "LINES",
    "LV",
    "NO_COLOR",
    "PAGER",
    "STY",
    "TERM",
    "TMUX",
    "VIRTUAL_ENV",
    "VTE_VERSION",
)
UNWANTED_PREFIXES = (
    "CLICOLOR",
    "DJANGO_",
    "GITHUB_",
    "LESS",
    "PG",
    "PYTEST_",
    "PYTHON",
    "SAMPLE_SITE_",
    "SIGTRACE_",
    "SSH_",
    "TERM_",
    "TTY_",
)


def clean_environment(**changes: str | None) -> dict[str, str]:
    """Our environment without what would change defaults; `changes` are set, None removes."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in UNWANTED and not name.startswith(UNWANTED_PREFIXES)
    }
    for name, value in changes.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    return environment


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def postgresql_database(address: str) -> Iterator[dict[str, str]]:
    """Make a database on a server and drop it afterwards: the PG… variables that lead to it.

    `address` is a libpq connection string; needs psycopg.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    found = conninfo_to_dict(address)
    variables = {names[key]: str(value) for key, value in found.items() if key in names}
    database = f"sigtrace_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
        try:
            yield {**variables, "PGDATABASE": database}
        finally:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")


@dataclass(frozen=True)
class Finished:
    """A process that has ended. `returncode` is negative where a signal ended it."""

    args: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


def run_process(
    *args: str | Path,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    stdin: str | None = None,
    timeout: float = 60,
) -> Finished:
    """Run a program to its end in a clean environment; `env` is what changes in it.

    `stdin` is text for standard input (none: it is empty). Raises `subprocess.TimeoutExpired`
    after `timeout` seconds.
    """
    command = tuple(str(arg) for arg in args)
    done = subprocess.run(
        command,
        cwd=cwd,
        env=clean_environment(**(env or {})),
        input=stdin or "",
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=timeout,
        check=False,
    )
    return Finished(command, done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Trace:
    """One recorded run, read without any code of ours, so that the file format is what is tested."""

    path: Path

    @property
    def run(self) -> dict[str, Any]:
        """What `run.json` says."""
        return dict(json.loads((self.path / "run.json").read_text("ascii")))

    @property
    def processes(self) -> list[Path]:
        """The process files, by name."""
        return sorted(self.path.glob("*.jsonl"))

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every line of every process file, each file in its order."""
        return [
            json.loads(line)
            for path in self.processes
            for line in path.read_text("ascii").splitlines()
        ]

    def lines(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """The lines of that `event` whose fields have these values."""
        return [
            line
            for line in self.events
            if line["event"] == event and all(line.get(k) == v for k, v in fields.items())
        ]

    def spans(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """The finished spans of that kind with these values, in the order in which they began."""
        return sorted(self.lines("end", kind=kind, **fields), key=lambda span: span["time"])

    def span(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The only such span."""
        found = self.spans(kind, **fields)
        assert len(found) == 1, f"{len(found)} spans of kind {kind} with {fields}: {found}"
        return found[0]

    def children(self, span: dict[str, Any]) -> list[dict[str, Any]]:
        """The finished spans right below that one, in the order in which they began."""
        found = [line for line in self.lines("end") if line["parent"] == span["id"]]
        return sorted(found, key=lambda child: child["time"])


@dataclass(frozen=True)
class Site:
    """A copy of the sample site with a migrated database of its own."""

    path: Path
    env: Mapping[str, str | None] = field(default_factory=dict)
    interpreter: str = sys.executable

    def run(self, *args: str | Path, **options: Any) -> Finished:
        """Run a program in the site, untraced: `site.run(site.interpreter, "manage.py", "demo")`."""
        env = {**self.env, **options.pop("env", {})}
        return run_process(*args, cwd=options.pop("cwd", self.path), env=env, **options)

    def manage(self, *args: str, **options: Any) -> Finished:
        """`python manage.py …` untraced."""
        return self.run(self.interpreter, "manage.py", *args, **options)

    def sigtrace(self, *args: str | Path, **options: Any) -> Finished:
        """`python -m sigtrace …` in the site."""
        return self.run(self.interpreter, "-m", "sigtrace", *args, **options)

    def script(self, source: str, name: str = "script.py") -> Path:
        """Write a script into the site that begins with `django.setup()`; `name` is its file."""
        path = self.path / name
        head = (
            "import os\n"
            'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n'
            "import django\n"
            "django.setup()\n"
        )
        path.write_text(head + source, "utf-8")
        return path

    def trace(self) -> Trace:
        """The newest run that the site has recorded."""
        runs = sorted(path.parent for path in (self.path / ".sigtrace").glob("*/run.json"))
        assert runs, "nothing was recorded"
        return Trace(runs[-1])
