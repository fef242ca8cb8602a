"""A check from beginning to end: what a project is or did, against what its baseline says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sigtrace.analysis.baseline import (
    Baseline,
    Connected,
    called,
    compare,
    compare_called,
    connected,
    updated,
)
from sigtrace.analysis.rules import (
    CHECKS,
    ERROR,
    FAIL,
    OFF,
    RULES,
    WARNING,
    Context,
    File,
    Finding,
    Options,
    unexpected,
)
from sigtrace.analysis.rules.ignores import Glob, Ignores
from sigtrace.analysis.source import Sources, read_comment
from sigtrace.inspection import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sigtrace.inspection import Inspection, Settings

Event = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a check found: `findings` with errors first, and the numbers around them.

    `receivers` counts what was compared, `known` the lines of the baseline. `project` is the folder
    that files are relative to; a recorded `run` has no settings.
    """

    file: File
    project: str
    receivers: int
    known: int
    unchanged: int
    findings: tuple[Finding, ...]
    ignored: int
    settings: Settings | None = None
    imports: tuple[str, ...] = ()
    run: str | None = None

    @property
    def errors(self) -> int:
        return sum(finding.severity == ERROR for finding in self.findings)

    @property
    def warnings(self) -> int:
        return sum(finding.severity == WARNING for finding in self.findings)


class Check:
    """One project against one baseline."""

    def __init__(
        self,
        inspection: Inspection,
        baseline: Baseline,
        file: File,
        options: Options,
        globs: tuple[Glob, ...] = (),
    ) -> None:
        self._inspection = inspection
        self._options = options
        self._sources = Sources(inspection)
        comments = [read_comment(file.path, one.number, one.comment) for one in baseline.lines]
        self._ignores = Ignores(
            globs,
            (*self._sources.comments, *(comment for comment in comments if comment)),
            self._sources.statement,
        )
        found = connected(inspection.connections)
        if options.third_party == OFF:
            found = [one for one in found if not one.entry.package]
            lines = tuple(line for line in baseline.lines if not line.entry.package)
            baseline = replace(baseline, lines=lines)
        self._baseline = baseline
        self._context = Context(
            inspection,
            baseline,
            compare(baseline, found),
            tuple(found),
            self._sources,
            file,
            options,
        )

    def result(self) -> Result:
        """Apply every rule, leave out what is ignored, and say which ignores were for nothing."""
        context = self._context
        found = [finding for check in CHECKS for finding in check(context)]
        kept = [finding for finding in found if not self._ignores(finding)]
        unused = [finding for finding in self._ignores.unused() if not self._ignores(finding)]
        inspection = self._inspection
        return Result(
            context.file,
            inspection.project,
            len(context.connected),
            len(self._baseline.lines),
            context.comparison.unchanged,
            _sorted([*kept, *unused]),
            len(found) - len(kept),
            inspection.settings,
            inspection.imports,
        )

    def updated(self) -> Baseline:
        """The baseline that agrees to everything that is connected and not ignored."""
        agreed = [one.entry for one in self._context.connected if not self._is_ignored(one)]
        settings = self._inspection.settings.module
        # What manage.py configured by itself has no module to be named again.
        settings = settings if settings.replace(".", "").isidentifier() else ""
        imports = self._inspection.imports
        return updated(self._baseline, settings, imports, agreed, self._options.order)

    def _is_ignored(self, one: Connected) -> bool:
        return self._ignores(unexpected(self._context, one, ""))


def check_called(
    name: str,
    project: str,
    events: Iterable[Event],
    baseline: Baseline,
    file: File,
    third_party: str = FAIL,
    globs: Sequence[Glob] = (),
) -> Result:
    """Compare what a recorded run called: E001 and E012 only, and globs as the only ignores."""
    found = [one for one in called(events) if one.origin == OWN or third_party != OFF]
    strange = compare_called(baseline, found)
    ignores = Ignores(tuple(globs))
    findings = [
        Finding(
            RULES["E001" if one.origin == OWN else "E012"],
            f"{one.entry.title} was called and is not in {file.name}",
            "Intended? Add it with sigtrace check --update, with --import for what connects it.",
            one.file,
            one.line,
            subjects=(one.entry.receiver, one.entry.signal, one.entry.sender),
            level="" if one.origin == OWN or third_party == FAIL else WARNING,
            sign="+",
        )
        for one in strange
    ]
    kept = [finding for finding in findings if not ignores(finding)]
    return Result(
        file,
        project,
        len(found),
        len(baseline.lines),
        len(found) - len(strange),
        _sorted(kept),
        len(findings) - len(kept),
        run=name,
    )


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: (one.severity != ERROR, one.rule.id, one.where)))
