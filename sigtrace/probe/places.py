"""Whose code a file holds, and how a line of it is written."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from .text import quote

if TYPE_CHECKING:
    from types import CodeType

_LIBRARY = os.path.dirname(os.__file__) + os.sep
_SIGTRACE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_SCRIPTS = os.path.realpath(os.path.join(sys.prefix, "bin"))
_ASGIREF = f"{os.sep}asgiref{os.sep}"
_ASYNCIO = f"{_LIBRARY}asyncio{os.sep}"
_EXECNET = f"{os.sep}execnet{os.sep}"
# Theirs are the frames from which others' code is driven, and those carry no call's own line.
_DRIVERS = (_ASGIREF, _ASYNCIO, _EXECNET)
_ENTRIES = {
    "SyncToAsync.thread_handler": _ASGIREF,
    "Handle._run": _ASYNCIO,
    # A loop that is written in C has no frame of its own below this one.
    "Runner.run": _ASYNCIO,
    "WorkerGateway.serve": _EXECNET,
}

OWN, THIRD_PARTY, DJANGO, INTERNAL = "own", "third-party", "django", "internal"


class Place:
    """A line of code: `fields` is `,"file":…,"line":…,"origin":…` as JSON text."""

    __slots__ = ("begin", "fields", "origin")

    def __init__(self, fields: str, begin: str, origin: str) -> None:
        self.fields = fields
        self.begin = begin
        self.origin = origin


NOWHERE = Place(',"file":null,"line":null,"origin":null', "", "")


class Places:
    """Says of a file whose it is, and how to write it: relative to the project where it can be."""

    def __init__(self, project: str) -> None:
        self._project = project.rstrip(os.sep) + os.sep if project else ""
        self._origins: dict[str, str] = {}
        # Files whose frames never tell whose code called: Django's, the standard library's.
        self.passed: set[str] = set()
        django = sys.modules.get("django")
        file = getattr(django, "__file__", None) or ""
        self._django = os.path.dirname(file) + os.sep if file else "\0"

    def origin(self, filename: str) -> str:
        """`own`, `third-party`, `django`, or `internal` for what never asks for anything itself.

        That is the standard library, sigtrace, and what starts or carries the code of others.
        """
        known = self._origins.get(filename)
        if known is None:
            known = self._origins[filename] = self._find_origin(filename)
            if known in (DJANGO, INTERNAL) and not any(part in filename for part in _DRIVERS):
                self.passed.add(filename)
        return known

    def _find_origin(self, filename: str) -> str:
        if is_internal(filename):
            return INTERNAL
        if filename.startswith(self._django):
            return DJANGO
        if _is_installed(filename):
            # These carry calls between threads, loops and processes: they never ask for one.
            return INTERNAL if _ASGIREF in filename or _EXECNET in filename else THIRD_PARTY
        return INTERNAL if _is_script(filename) else OWN

    def place(self, filename: str, line: int) -> Place:
        """Describe a line of code."""
        origin = self.origin(filename)
        begin = f',"file":{quote(self.shown(filename))},"line":{line}'
        shown_origin = DJANGO if origin == DJANGO else OWN if origin == OWN else THIRD_PARTY
        return Place(f'{begin},"origin":"{shown_origin}"', begin, shown_origin)

    def shown(self, filename: str) -> str:
        """Write a path relative to the project if it lies in it."""
        if self._project and filename.startswith(self._project):
            return filename[len(self._project) :]
        return filename


def is_entry(code: CodeType) -> bool:
    """Whether the code is where a thread, a loop or a worker is entered, for whomever it is."""
    part = _ENTRIES.get(code.co_qualname)
    return part is not None and part in code.co_filename


def is_thread_entry(code: CodeType) -> bool:
    """Whether the code is where asgiref enters a thread for sync code that a coroutine awaits."""
    return code.co_name == "thread_handler" and _ASGIREF in code.co_filename


def is_internal(filename: str) -> bool:
    """Whether a file is sigtrace's or the standard library's, in which others may be installed."""
    if filename.startswith(("<frozen ", _SIGTRACE)):
        return True
    return filename.startswith(_LIBRARY) and not _is_installed(filename)


def _is_installed(filename: str) -> bool:
    return any(part in filename for part in _INSTALLED)


def _is_script(filename: str) -> bool:
    """Whether a file is a command of this environment, such as `pytest`, however it was found."""
    try:
        return os.path.isabs(filename) and os.path.dirname(os.path.realpath(filename)) == _SCRIPTS
    except ValueError:
        # Compiled code is named as its maker likes: with a null byte, or what no path can have.
        return False
