"""Comments that ignore findings: `# sigtrace: ignore[W008]` on the line, or of all rules."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

MARK = b"sigtrace:"

# Rules without their brackets are no reason to ignore all the others as well.
_COMMENT = re.compile(
    r"#\s*sigtrace:\s*ignore(?:\s*\[(?P<rules>[^\]]*)\]|(?P<bare>(?:[:,\s]+(?:sigtrace\.)?[A-Z]\d{3}\b)+))?"
)


@dataclass(frozen=True)
class Comment:
    """A comment that ignores; `rules` are short ids, None is for all of them."""

    file: str
    line: int
    rules: tuple[str, ...] | None


def read_comment(file: str, line: int, text: str) -> Comment | None:
    """The comment that a text holds, None if it holds none of ours."""
    found = _COMMENT.search(text)
    if found is None:
        return None
    named = found["bare"] if found["rules"] is None else found["rules"]
    if named is None:
        return Comment(file, line, None)
    words = re.split(r"[:,\s]+", named)
    return Comment(file, line, tuple(word.removeprefix("sigtrace.") for word in words if word))


def comments(file: str, source: bytes) -> list[Comment]:
    """The comments of a module; none of one that Python cannot read."""
    found = []
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.COMMENT:
                comment = read_comment(file, token.start[0], token.string)
                found += [comment] if comment else []
    except (tokenize.TokenError, SyntaxError, ValueError):
        return []
    return found


def statement_lines(tree: ast.Module, line: int) -> range:
    """The lines of the statement that `line` is on: of a function or class, those before its body.

    A decorator's line belongs to the function below it.
    """
    best = range(line, line + 1)
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
        lines = range(first, max(last or first, node.lineno) + 1)
        # A later node is not further out: of those that hold the line the innermost comes last.
        if line in lines:
            best = lines
    return best
