"""What is the tests' own, and so is not to be covered by them."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from sigtrace.analysis.source.files import is_of_tests

if TYPE_CHECKING:
    from sigtrace.analysis.connected import Connection
    from sigtrace.reader import Run


class Tests:
    """Knows the files of tests by their paths, as the runs of one project have them."""

    def __init__(self, run: Run) -> None:
        self._run = run.path.absolute().parts

    def hold(self, file: str | None) -> bool:
        """Whether a file is one of tests; the folders above the project have no say in it."""
        if file is None:
            return False
        parts = Path(file).parts
        pairs = zip(parts, self._run, strict=False)
        above = [*takewhile(lambda pair: pair[0] == pair[1], pairs)]
        return is_of_tests(str(Path(*parts[len(above) :])))

    def connect(self, one: Connection) -> bool:
        """Whether a receiver of tests is not known to be connected by a line that is of none."""
        return self.hold(one.file) and (one.at_file is None or self.hold(one.at_file))
