"""Where a module connects receivers, found in its source: nothing is imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigtrace.analysis.source.doomed import reason_of_call, reason_of_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sigtrace.analysis.source.names import Names

Function = ast.FunctionDef | ast.AsyncFunctionDef
_RECEIVER = ("django.dispatch.receiver", "django.dispatch.dispatcher.receiver")


@dataclass(frozen=True)
class Site:
    """A line that connects; `runs` says that importing the module reaches it.

    `doomed` is why the receiver is sure to be garbage at once, empty if it is not.
    """

    line: int
    last_line: int
    runs: bool
    doomed: str = ""


class Finder:
    """Finds the sites of one module; `is_signal` knows import paths."""

    def __init__(self, names: Names, is_signal: Callable[[str], bool]) -> None:
        self._names = names
        self._is_signal = is_signal

    def find(self, tree: ast.Module) -> Iterator[Site]:
        """The sites in the order of the source."""
        called = _called_at_import(tree)
        yield from self._body(tree.body, None, called, runs=True)

    def _body(
        self, body: list[ast.stmt], around: Function | None, called: set[str], *, runs: bool
    ) -> Iterator[Site]:
        for node in body:
            if isinstance(node, Function):
                yield from self._decorators(node, around, runs=runs)
                inside = runs and around is None and node.name in called
                yield from self._body(node.body, node, called, runs=inside)
            elif isinstance(node, ast.ClassDef):
                yield from self._body(node.body, around, called, runs=runs)
            elif isinstance(node, ast.If) and _is_never_true(node.test):
                yield from self._body(node.orelse, around, called, runs=runs)
            else:
                for below in _bodies(node):
                    yield from self._body(below, around, called, runs=runs)
                for call in _calls(node):
                    if self._is_connect(call.func):
                        doomed = reason_of_call(call, around, self._names)
                        last = call.end_lineno or call.lineno
                        yield Site(call.lineno, last, runs, doomed)

    def _decorators(self, node: Function, around: Function | None, *, runs: bool) -> Iterator[Site]:
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if (call and self._is_receiver(call)) or self._is_connect(decorator):
                doomed = reason_of_function(node, call, around)
                last = decorator.end_lineno or decorator.lineno
                yield Site(decorator.lineno, last, runs, doomed)

    def _is_receiver(self, call: ast.Call) -> bool:
        path = self._names.path(call.func)
        if path in _RECEIVER:
            return True
        # A project's own under the same name, with a signal that is known.
        return (
            path is not None
            and path.endswith(".receiver")
            and bool(call.args)
            and self._is_signal(self._names.path(call.args[0]) or "")
        )

    def _is_connect(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Attribute) or node.attr != "connect":
            return False
        path = self._names.path(node.value)
        return path is not None and self._is_signal(path)


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement: of an `if`, a loop, a `with`, a `try`, a `match`."""
    for name in ("body", "orelse", "finalbody"):
        below = getattr(node, name, None)
        if isinstance(below, list):
            yield below
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def _calls(node: ast.stmt) -> Iterator[ast.Call]:
    """The calls in the expressions of a statement, not in its blocks nor in a lambda."""
    waiting: list[ast.AST] = [
        child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr | ast.withitem)
    ]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, ast.Call):
            yield found
        if not isinstance(found, ast.Lambda):
            waiting += ast.iter_child_nodes(found)


def _called_at_import(tree: ast.Module) -> set[str]:
    """The names of the functions that the module itself calls."""
    called = set()
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.ClassDef):
            continue
        if isinstance(node, ast.If) and _is_never_true(node.test):
            waiting += node.orelse
            continue
        called |= {call.func.id for call in _calls(node) if isinstance(call.func, ast.Name)}
        waiting += [below for body in _bodies(node) for below in body]
    return called


def _is_never_true(test: ast.expr) -> bool:
    """Whether importing a module does not come into this `if`."""
    source = ast.unparse(test)
    return source.endswith("TYPE_CHECKING") or source.startswith("__name__ ==")
