"""Which program a target stands for: a script, `-m`, `-c`, or any command on PATH."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from sigtrace.errors import SigtraceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CANNOT_EXECUTE = 126
NOT_FOUND = 127

_SCRIPTS = (".py", ".pyw", ".pyc", ".pyz")
_ATTACHED_MODULE = re.compile(r"^-[A-Za-z]*?m(?=\w)")  # -mpytest
_MANAGERS = ("django-admin", "django")

# Programs and modules that run tests, or that serve requests or tasks for others.
_QUIET = frozenset(
    """
    pytest py.test pytest-watch ptw unittest behave tox nox
    gunicorn uvicorn daphne hypercorn granian uwsgi waitress-serve mod_wsgi-express
    celery rq rqworker huey_consumer huey_consumer.py dramatiq procrastinate arq taskiq
    """.split()
)
# The same as commands of manage.py, or of whatever stands for it.
_QUIET_COMMANDS = frozenset(
    """
    test behave migrate migrate_schemas loaddata
    celery qcluster rqworker rqworker-pool run_huey rundramatiq procrastinate db_worker
    process_tasks runworker runapscheduler
    """.split()
)


class Command(NamedTuple):
    """A program as `os.execve` takes it; `interpreted` says that we chose the interpreter."""

    executable: str
    argv: tuple[str, ...]
    interpreted: bool


def resolve(
    target: Sequence[str], environ: Mapping[str, str], python: str | None = None
) -> Command:
    """Return the program for a target of at least one word.

    `python` names the interpreter for targets that have none of their own. Raises SigtraceError
    with exit status 127 if there is no such program, 126 if it cannot be executed.
    """
    first = target[0]
    is_script = first.endswith(_SCRIPTS)
    if first.startswith("-") or (is_script and python is not None):
        program = None
    elif os.path.dirname(first):
        program = first if _is_program(first) and not _lacks_interpreter(first) else None
    else:
        program = None if is_script else _which(first, environ)
    if program is not None:
        return Command(program, tuple(target), interpreted=False)
    if first.startswith("-") or is_script or (first and os.path.exists(first)):
        path = interpreter(environ, python)
        return Command(path, (path, *target), interpreted=True)
    hint = f"Did you mean {first}.py?" if os.path.isfile(first + ".py") else ""
    what = "no such file" if os.path.dirname(first) else "command not found"
    raise SigtraceError(f"Cannot start {first or 'nothing'}: {what}.", hint, NOT_FOUND)


def interpreter(environ: Mapping[str, str], python: str | None = None) -> str:
    """Return the project's interpreter: `python`, else that of the active venv, else our own.

    The path is not resolved: an interpreter finds its venv through the link that it was called by.
    Raises SigtraceError with exit status 127 or 126 if `python` is none.
    """
    if python is not None:
        path: str | None = python
        if not os.path.dirname(python):
            path = _which(python, environ)
        if path is None or not os.path.exists(path):
            hint = "Name an interpreter, such as --python .venv/bin/python."
            raise SigtraceError(f"There is no interpreter {python}.", hint, NOT_FOUND)
        if not _is_program(path):
            raise SigtraceError(f"Cannot start {python}: permission denied.", "", CANNOT_EXECUTE)
        return path
    if environ.get("VIRTUAL_ENV"):
        active = os.path.join(environ["VIRTUAL_ENV"], "bin", "python")
        if _is_program(active):
            return active
    return sys.executable


def is_quiet_by_default(target: Sequence[str]) -> bool:
    """Whether the live view is off unless asked for: test runs, migrations and worker servers.

    They are found behind whatever starts them: `-m coverage run`, `uv run`, `ddtrace-run`.
    """
    for place, word in enumerate(target):
        name = os.path.basename(_ATTACHED_MODULE.sub("", word))
        is_script = name.endswith(_SCRIPTS)
        if name in _QUIET or (not is_script and name.partition(".")[0] in _QUIET):
            return True
        is_manager = is_script or name in _MANAGERS
        if is_manager or place == 0 or target[place - 1] == "-m":
            first = next((each for each in target[place + 1 :] if not each.startswith("-")), "")
            if first in _QUIET_COMMANDS:
                return True
        if is_manager or word == "-c":
            return False
    return False


def start_folder(target: Sequence[str]) -> str:
    """Return where to look for the target's project: in its script's folder, else the current."""
    for word in target[:2]:
        if word.endswith(_SCRIPTS) and os.path.isfile(word):
            return os.path.dirname(os.path.abspath(word))
    return os.getcwd()


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _lacks_interpreter(path: str) -> bool:
    """Whether this is an executable Python file that does not name its interpreter in line one."""
    if not path.endswith(_SCRIPTS):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(2) not in (b"#!", b"PK")
    except OSError:
        return False


def _which(name: str, environ: Mapping[str, str]) -> str | None:
    """Find a command on PATH. Raises SigtraceError (126) if it is there but not executable."""
    refused = ""
    for path in _candidates(name, environ):
        if _is_program(path):
            return path
        if os.path.isfile(path):
            refused = refused or path
    if refused:
        raise SigtraceError(f"Cannot start {refused}: permission denied.", "", CANNOT_EXECUTE)
    return None


def _candidates(name: str, environ: Mapping[str, str]) -> Iterator[str]:
    if name:
        for folder in os.get_exec_path(environ):
            # An empty entry of PATH is the current folder.
            yield os.path.join(folder or os.curdir, name)
