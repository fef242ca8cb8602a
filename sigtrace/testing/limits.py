"""`@pytest.mark.signals(…)`: what the receivers may do that a test sets off."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from sigtrace.testing.alignment import MARKS, UNEXPECTED
from sigtrace.testing.drawing import draw
from sigtrace.testing.errors import TraceError
from sigtrace.testing.names import ends_with
from sigtrace.testing.shortening import shortened
from sigtrace.testing.trace import trace
from sigtrace.views.text import plural, short

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from sigtrace.testing.records import Call
    from sigtrace.testing.trace import Trace


@dataclass(frozen=True)
class Limits:
    """The arguments of the marker; None is no limit."""

    max_depth: int | None = None
    max_queries_per_receiver: int | None = None
    only: tuple[str, ...] | None = None

    def exceeded(self, calls: Iterable[Call]) -> Iterator[tuple[Call, str]]:
        """The calls that go too far, and how, in words."""
        for call in calls:
            name, depth = short(call.receiver), self.max_depth
            if depth is not None and call.depth > depth:
                yield (
                    call,
                    f"{name} ran {plural(call.depth, 'receiver')} deep, max_depth is {depth}",
                )
            most = self.max_queries_per_receiver
            if most is not None and call.queries > most:
                said = plural(call.queries, "query", "queries")
                yield call, f"{name} executed {said}, max_queries_per_receiver is {most}"
            if self.only is not None and not any(ends_with(call.receiver, g) for g in self.only):
                yield call, f"{call.receiver} ran, which is not among only={list(self.only)}"


class CheckLimits:
    """Traces the tests that have the marker, and fails those that went too far.

    Where Django was not imported by the end of the collection (`uses_django`), a marker that cannot
    be read is a project's own.
    """

    def __init__(self, *, uses_django: bool) -> None:
        self._uses_django = uses_django

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Read the marker: one that cannot be read fails its own test, and no other."""
        try:
            item.stash[_LIMITS] = limits_of(item)
        except ValueError as error:
            said = str(error)
        else:
            return
        # Not while the error is handled, with which pytest would show it again.
        if self._uses_django:
            _fail(item, said)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        limits = item.stash.get(_LIMITS, Limits())
        if limits == Limits():
            # A marker that says nothing may be a project's own.
            return (yield)
        with trace() as traced:
            result = yield
        try:
            said = _said(traced, limits)
        except TraceError as error:
            said = f"{error.message}\n{error.hint}"
        if said:
            _fail(item, said)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        said = item.stash.get(_SAID, "")
        crash = getattr(report.longrepr, "reprcrash", None)
        if said and crash is not None and said == str(call.excinfo and call.excinfo.value):
            # `--tb=line` and what reads reports would name our own line.
            path, line, _ = item.reportinfo()
            crash.path, crash.lineno, crash.message = str(path), (line or 0) + 1, said
        return report


def _fail(item: pytest.Item, said: str) -> NoReturn:
    item.stash[_SAID] = said
    pytest.fail(said, pytrace=False)


def limits_of(item: pytest.Item) -> Limits:
    """The limits of a test: its own win over those of its class and module.

    Raises ValueError for an argument that the marker does not have, or that is none of its values.
    """
    found: dict[str, Any] = {}
    for marker in item.iter_markers("signals"):
        if marker.args:
            raise ValueError(f"@pytest.mark.signals takes names only: {_NAMES}")
        for name, value in marker.kwargs.items():
            found.setdefault(name, _checked(name, value))
    return Limits(**found)


def _checked(name: str, value: Any) -> Any:
    marker = "@pytest.mark.signals"
    if name != "only" and name not in _NUMBERS:
        raise ValueError(f"{marker} has no argument {name!r}; there are {_NAMES}")
    if value is None:
        return None
    if name == "only":
        is_list = isinstance(value, list | tuple | set | frozenset)
        if not is_list or not all(isinstance(glob, str) for glob in value):
            raise ValueError(f"{marker}(only=…) takes a list of globs, not {value!r}")
        return tuple(value)
    if type(value) is not int or value < 0:
        raise ValueError(f"{marker}({name}=…) takes a number, not {value!r}")
    return value


def _said(traced: Trace, limits: Limits) -> str:
    exceeded = list(limits.exceeded(traced.calls()))
    if not exceeded:
        return ""
    lines = [*dict.fromkeys(text for _, text in exceeded)]
    tree = draw(traced.events, marks={call.id: UNEXPECTED for call, _ in exceeded})
    return "\n".join([*shortened(lines), "", *shortened(str(tree).splitlines(), MARKS)])


_LIMITS = pytest.StashKey[Limits]()
_SAID = pytest.StashKey[str]()
_NUMBERS = ("max_depth", "max_queries_per_receiver")
_NAMES = ", ".join(field.name for field in fields(Limits))
