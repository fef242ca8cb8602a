"""The rules of `sigtrace check`, each a function from a project to findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.rules.any_sender import any_sender
from sigtrace.analysis.rules.context import FAIL, OFF, WARN, Context, File, Options
from sigtrace.analysis.rules.differences import differences, unexpected
from sigtrace.analysis.rules.duplicates import duplicates
from sigtrace.analysis.rules.finding import ERROR, RULES, WARNING, Finding, Rule
from sigtrace.analysis.rules.order import order
from sigtrace.analysis.rules.senders import senders
from sigtrace.analysis.rules.shapes import shapes
from sigtrace.analysis.rules.unimported import unimported
from sigtrace.analysis.rules.weak import weak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKS: tuple[Callable[[Context], Iterator[Finding]], ...] = (
    differences,
    unimported,
    duplicates,
    weak,
    senders,
    shapes,
    any_sender,
    order,
)

__all__ = [
    "CHECKS",
    "ERROR",
    "FAIL",
    "OFF",
    "RULES",
    "WARN",
    "WARNING",
    "Context",
    "File",
    "Finding",
    "Options",
    "Rule",
    "unexpected",
]
