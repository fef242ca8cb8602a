"""Where a finding is, as the host of a repository shows it: a path from the repository's root."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigtrace.analysis.check import Result
    from sigtrace.analysis.rules import Finding


def location(finding: Finding, result: Result, root: Path) -> tuple[str, int]:
    """The path and line of a finding; of one outside of the repository, those of the baseline."""
    project = Path(result.project)
    if finding.file is not None:
        path = (project / finding.file).resolve()
        if path.is_relative_to(root.resolve()):
            return path.relative_to(root.resolve()).as_posix(), finding.line or 1
    baseline = (project / result.file.path).resolve()
    inside = baseline.is_relative_to(root.resolve())
    return (baseline.relative_to(root.resolve()) if inside else baseline).as_posix(), 1
