"""Which installed package a file belongs to."""

from __future__ import annotations

import os
from importlib import metadata
from typing import NamedTuple

_FOLDERS = ("site-packages", "dist-packages")


class Package(NamedTuple):
    """A distribution: its name and version as its metadata say."""

    name: str
    version: str


class Packages:
    """The distributions of this interpreter, read when first asked for.

    One that is edited in a folder around the `project` is the project, and installs nothing.
    """

    def __init__(self, project: str) -> None:
        self._project = os.path.join(os.path.realpath(project), "")
        self._known: dict[str, Package | None] = {}
        self._by_top: dict[str, list[metadata.Distribution]] | None = None
        self._editable: list[tuple[str, metadata.Distribution]] = []

    def owner(self, filename: str) -> Package | None:
        """Return the package that installed the file, or whose editable folder it is in."""
        if filename not in self._known:
            found = self._find(filename)
            self._known[filename] = None if found is None else Package(_name(found), found.version)
        return self._known[filename]

    def _find(self, filename: str) -> metadata.Distribution | None:
        if self._by_top is None:
            self._by_top = self._read()
        parts = filename.split(os.sep)
        for folder in _FOLDERS:
            if folder in parts:
                inside = parts[len(parts) - parts[::-1].index(folder) :]
                top = inside[0].removesuffix(".py") if len(inside) == 1 else inside[0]
                return _which(self._by_top.get(top, []), "/".join(inside))
        for root, distribution in self._editable:
            if filename.startswith(root):
                return distribution
        return None

    def _read(self) -> dict[str, list[metadata.Distribution]]:
        by_top: dict[str, list[metadata.Distribution]] = {}
        by_name: dict[str, metadata.Distribution] = {}
        for distribution in metadata.distributions():
            # The first one on the path is the one that is imported.
            by_name.setdefault(_name(distribution), distribution)
        for top, names in metadata.packages_distributions().items():
            for name in dict.fromkeys(names):
                if name in by_name:
                    by_top.setdefault(top, []).append(by_name[name])
        for distribution in by_name.values():
            root = _editable_root(distribution)
            if root and not self._project.startswith(os.path.join(os.path.realpath(root), "")):
                self._editable.append((root, distribution))
        # The innermost folder first.
        self._editable.sort(key=lambda item: -len(item[0]))
        return by_top


def _name(distribution: metadata.Distribution) -> str:
    return str(distribution.metadata["Name"])


def _which(candidates: list[metadata.Distribution], path: str) -> metadata.Distribution | None:
    """Several packages may share a namespace: then that which lists the file, or its folder."""
    if len(candidates) > 1:
        for begin in (path, path.rpartition("/")[0] + "/"):
            for distribution in candidates:
                if any(str(file).startswith(begin) for file in distribution.files or ()):
                    return distribution
    return candidates[0] if candidates else None


def _editable_root(distribution: metadata.Distribution) -> str:
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        told = json.loads(distribution.read_text("direct_url.json") or "{}")
        if told.get("dir_info", {}).get("editable"):
            return os.path.join(url2pathname(urlsplit(told["url"]).path), "")
    except (AttributeError, KeyError, OSError, ValueError):
        pass
    return ""
