"""What the names of a module stand for, as far as its source says so by itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.source.files import SourceFile


class Names:
    """The import paths of the names of one module, wherever in it they were imported."""

    def __init__(self, tree: ast.Module, file: SourceFile) -> None:
        self.module = file.module
        self._package = file.package
        self._imported: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    # `import a.b` binds `a`.
                    path = alias.name if alias.asname else alias.name.partition(".")[0]
                    self._imported[alias.asname or path] = path
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                for alias in node.names:
                    self._imported[alias.asname or alias.name] = f"{base}.{alias.name}"
        for node in ast.walk(tree):
            self._follow(node)

    def path(self, node: ast.expr) -> str | None:
        """The import path of a name or of an attribute of one; None for any other expression."""
        if isinstance(node, ast.Name):
            return self._imported.get(node.id, f"{self.module}.{node.id}")
        if isinstance(node, ast.Attribute):
            value = self.path(node.value)
            return None if value is None else f"{value}.{node.attr}"
        return None

    def _follow(self, node: ast.AST) -> None:
        """Learn what `x = post_save` and `for x in (pre_save, post_save)` say of `x`."""
        target: ast.expr | None = None
        value: ast.expr | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple | ast.List):
            target, value = node.target, next(iter(node.iter.elts), None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Name | ast.Attribute):
            path = self.path(value)
            if path is not None:
                self._imported.setdefault(target.id, path)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self._package.split(".")
        parts = parts[: len(parts) - node.level + 1]
        return ".".join([*parts, *([node.module] if node.module else [])])


def made_signals(tree: ast.Module, names: Names) -> Iterator[str]:
    """The import paths of the signals that a module makes: `x = Signal()`, also in a class."""

    def visit(body: list[ast.stmt], prefix: str) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from visit(node.body, f"{prefix}.{node.name}")
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                made = names.path(node.value.func) or ""
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if made.endswith("Signal") and isinstance(target, ast.Name):
                        yield f"{prefix}.{target.id}"

    return visit(tree.body, names.module)
