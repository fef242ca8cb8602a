"""Why a weakly connected receiver is sure to be garbage as soon as it has been connected."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigtrace.analysis.source.names import Names

Function = ast.FunctionDef | ast.AsyncFunctionDef


def reason_of_call(call: ast.Call, around: Function | None, names: Names) -> str:
    """Why the receiver of `signal.connect(…)` goes at once; empty if it may live."""
    receiver = _argument(call, 0, "receiver")
    if receiver is None or not _is_weak(call):
        return ""
    if isinstance(receiver, ast.Lambda):
        return "a lambda that nothing else holds"
    if isinstance(receiver, ast.Call):
        if names.path(receiver.func) == "functools.partial":
            return "a partial that nothing else holds"
        return "an object that nothing else holds" if _is_class(receiver.func) else ""
    if isinstance(receiver, ast.Attribute) and isinstance(receiver.value, ast.Call):
        is_made = _is_class(receiver.value.func)
        return "a method of an object that nothing else holds" if is_made else ""
    return _reason_of_name(receiver, around) if isinstance(receiver, ast.Name) and around else ""


def reason_of_function(node: Function, call: ast.Call | None, around: Function | None) -> str:
    """Why a function under `@receiver(…)` goes at once; empty if it may live."""
    if around is None or len(node.decorator_list) > 1 or (call and not _is_weak(call)):
        return ""
    return _reason_of_local(node, around)


def _reason_of_name(receiver: ast.Name, around: Function) -> str:
    for node in ast.walk(around):
        if isinstance(node, Function) and node is not around and node.name == receiver.id:
            return "" if node.decorator_list else _reason_of_local(node, around)
    return ""


def _reason_of_local(inner: Function, around: Function) -> str:
    """A function in another one lives on if that uses its name for anything but connecting it."""
    own = {id(node) for node in ast.walk(inner)}
    connected = {
        id(_argument(node, 0, "receiver"))
        for node in ast.walk(around)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "connect"
        and _is_weak(node)
    }
    for node in ast.walk(around):
        if isinstance(node, ast.Global | ast.Nonlocal) and inner.name in node.names:
            return ""
        is_use = isinstance(node, ast.Name) and node.id == inner.name
        if is_use and id(node) not in own and id(node) not in connected:
            return ""
    return f"a function of {around.name}, which ends"


def _is_weak(call: ast.Call) -> bool:
    """Whether `weak` is left at its default or is true."""
    value = _argument(call, 2, "weak")
    if any(keyword.arg is None for keyword in call.keywords):
        return False
    return value is None or (isinstance(value, ast.Constant) and bool(value.value))


def _argument(call: ast.Call, index: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[index] if index < len(call.args) else None


def _is_class(func: ast.expr) -> bool:
    """Whether this is the name of a class, as far as one can see."""
    name = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
    return name[:1].isupper() or (name[:1] == "_" and name.lstrip("_")[:1].isupper())
