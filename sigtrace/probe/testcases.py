"""Hooks on the runners of tests: unittest, Django's test cases, pytest."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from .failures import strip
from .scopes import TEST

if TYPE_CHECKING:
    from .patching import Patches
    from .places import Places
    from .scopes import Scope, Scopes

_MOST_CHARACTERS = 200


class TestHooks:
    """Enters a scope for each test, from its set-up to its tear-down."""

    def __init__(self, scopes: Scopes, patches: Patches, places: Places) -> None:
        self._scopes = scopes
        self._patches = patches
        self._places = places

    def install_unittest(self, module: Any) -> None:
        """Hook `unittest.case`."""
        self._patches.wrap(module.TestCase, "run", self._make_run)

    def install_django(self, module: Any) -> None:
        """Hook `django.test.testcases`, which loads fixtures before unittest runs the test."""
        self._patches.wrap(module.SimpleTestCase, "__call__", self._make_run)

    def install_pytest(self, module: Any) -> None:
        """Hook `_pytest.runner`."""
        self._patches.wrap(module, "runtestprotocol", self._make_runtestprotocol)

    def _make_run(self, original: Any) -> Any:
        def run(self_: Any, result: Any = None) -> Any:
            entered = self._enter_case(self_)
            try:
                return original(self_, result)
            except BaseException as error:
                strip(error)
                raise
            finally:
                self._scopes.leave(entered)

        return run

    def _enter_case(self, case: Any) -> Scope | None:
        # Whoever runs it, pytest or Django's own __call__, has entered the test.
        if self._scopes.in_test:
            return None
        return self._scopes.enter(TEST, lambda: self._case_name(case))

    def _make_runtestprotocol(self, original: Any) -> Any:
        def runtestprotocol(item: Any, log: bool = True, nextitem: Any = None) -> Any:
            entered = self._scopes.enter(TEST, lambda: self._item_name(item))
            try:
                return original(item, log=log, nextitem=nextitem)
            except BaseException as error:
                strip(error)
                raise
            finally:
                self._scopes.leave(entered)

        return runtestprotocol

    def _case_name(self, case: Any) -> str:
        """`blog/tests.py::ArticleTests::test_slug`: what pytest would call it."""
        doctest = case.__dict__.get("_dt_test")
        if doctest is not None:
            return _cut(f"{self._places.shown(str(doctest.filename))}::{doctest.name}")
        cls = type(case)
        file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        path = self._places.shown(file) if type(file) is str else cls.__module__
        classes = cls.__qualname__.replace(".", "::")
        return _cut(f"{path}::{classes}::{case._testMethodName}")

    def _item_name(self, item: Any) -> str:
        """The node id, with a path as everywhere else: relative to the project."""
        path, colons, name = item.nodeid.partition("::")
        file = getattr(item, "path", None)
        if file is not None:
            path = self._places.shown(os.fspath(file))
        return _cut(f"{path}{colons}{name}")


def _cut(name: str) -> str:
    # The id of a parametrised test can be as long as its parameters.
    return name if len(name) <= _MOST_CHARACTERS else f"{name[:_MOST_CHARACTERS]}…"
