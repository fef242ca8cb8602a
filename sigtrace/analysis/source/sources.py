"""The own files of a project, each read and parsed when a rule asks for it."""

from __future__ import annotations

import ast
import warnings
from functools import cached_property
from typing import TYPE_CHECKING

from sigtrace.analysis.source.comments import MARK, Comment, comments, statement_lines
from sigtrace.analysis.source.connecting import Finder, Site
from sigtrace.analysis.source.files import SourceFile, own_files
from sigtrace.analysis.source.names import Names, made_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.inspection import Inspection

# Without one of these words there is nothing to find, and no need to parse.
_CONNECTING = (b"connect", b"receiver")


class Sources:
    """Reads sources only: nothing of the project is imported."""

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self._files = {file.shown: file for file in own_files(inspection)}
        self._texts: dict[str, bytes] = {}
        self._trees: dict[str, ast.Module | None] = {}

    @cached_property
    def sites(self) -> tuple[tuple[SourceFile, Site], ...]:
        """Every line that connects to a signal, by file and line."""
        return tuple(self._find_sites())

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """Every comment that ignores."""
        return tuple(
            comment
            for shown in self._files
            if MARK in self._text(shown)
            for comment in comments(shown, self._text(shown))
        )

    def statement(self, file: str, line: int) -> range:
        """The lines of the statement that a line of an own file is on."""
        tree = self._tree(file) if file in self._files else None
        return range(line, line + 1) if tree is None else statement_lines(tree, line)

    def _find_sites(self) -> Iterator[tuple[SourceFile, Site]]:
        for file in self._files.values():
            text = self._text(file.shown)
            tree = self._tree(file.shown) if any(word in text for word in _CONNECTING) else None
            if tree is not None:
                finder = Finder(Names(tree, file), self._is_signal)
                for site in sorted(finder.find(tree), key=lambda site: site.line):
                    yield file, site

    def _is_signal(self, path: str) -> bool:
        """Whether an import path is a signal's: by what exists, by source, or by its module."""
        if path in self._signals:
            return True
        module, _, name = path.rpartition(".")
        top = path.partition(".")[0]
        # Another name of one that is known: a package may hand on what its modules make.
        if (top, name) in self._short_signals:
            return True
        # The signals of a package's module that was not imported either; own sources were read.
        return (
            "signal" in module.rpartition(".")[2]
            and module not in self._modules
            and any(module.startswith(app.name + ".") for app in self._inspection.apps)
        )

    @cached_property
    def _modules(self) -> frozenset[str]:
        return frozenset(file.module for file in self._files.values())

    @cached_property
    def _signals(self) -> frozenset[str]:
        found = {signal.name for signal in self._inspection.signals}
        for file in self._files.values():
            if not file.is_loaded and b"Signal(" in self._text(file.shown):
                tree = self._tree(file.shown)
                if tree is not None:
                    found.update(made_signals(tree, Names(tree, file)))
        return frozenset(found)

    @cached_property
    def _short_signals(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (name.partition(".")[0], name.rpartition(".")[2]) for name in self._signals
        )

    def _text(self, shown: str) -> bytes:
        if shown not in self._texts:
            self._texts[shown] = self._files[shown].read()
        return self._texts[shown]

    def _tree(self, shown: str) -> ast.Module | None:
        if shown not in self._trees:
            try:
                with warnings.catch_warnings():
                    # What Python warns of in it is said when the project imports it.
                    warnings.simplefilter("ignore")
                    self._trees[shown] = ast.parse(self._text(shown))
            except (SyntaxError, ValueError, RecursionError):
                self._trees[shown] = None
        return self._trees[shown]
