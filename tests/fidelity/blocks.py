"""Runs Django's `runtests.py`, each of its tests in a block of `sigtrace.trace()`.

`python blocks.py runtests.py [OPTION]…`; the last line on standard error counts the chains. A test
fails where a block leaves `Signal` another than it was.
"""

from __future__ import annotations

import atexit
import functools
import runpy
import sys
import unittest
from pathlib import Path

from django.dispatch import Signal

import sigtrace

UNTRACED = dict(vars(Signal))


class Blocks:
    """What replaces `TestCase.run`."""

    def __init__(self) -> None:
        self.chains = 0
        self._depth = 0

    def install(self) -> None:
        original = unittest.TestCase.run

        @functools.wraps(original)
        def run(case: unittest.TestCase, result: unittest.TestResult | None = None):
            self._depth += 1
            with sigtrace.trace() as t:
                done = original(case, result)
            self._depth -= 1
            self.chains += len(t.chains)
            t.tree()
            if not self._depth:  # some tests run tests
                assert dict(vars(Signal)) == UNTRACED
            return done

        unittest.TestCase.run = run  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    blocks = Blocks()
    blocks.install()
    atexit.register(lambda: print(f"{blocks.chains} chains in blocks", file=sys.stderr))
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    runpy.run_path(sys.argv[0], run_name="__main__")
