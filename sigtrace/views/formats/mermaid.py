"""Who sets off whom, as a flowchart that GitHub draws in a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.edges import ON_COMMIT
from sigtrace.views.text import clean, short

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from sigtrace.analysis.edges import Edge, Node

_SHAPES = {
    "receiver": ('["', '"]'),
    "on_commit": ('{{"', '"}}'),
    "send": ('>"', '"]'),
}
_OPERATION = ('(["', '"])')
_ENTITIES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}


def render_mermaid(counts: Counter[Edge]) -> str:
    """The graph as Mermaid's flowchart, in the order of names: equal runs give equal graphs."""
    edges = sorted(counts)
    nodes = sorted({node for edge in edges for node in (edge.source, edge.target)})
    ids = {node: f"n{number}" for number, node in enumerate(nodes, start=1)}
    lines = ["flowchart LR"]
    lines += [f"  {ids[node]}{_shape(node)}" for node in nodes]
    lines += [_edge(edge, counts[edge], ids) for edge in edges]
    lines += _classes(nodes, ids)
    return "\n".join(lines) + "\n"


def _shape(node: Node) -> str:
    opening, closing = _SHAPES.get(node.kind, _OPERATION)
    if node.kind in _SHAPES:
        last = short(node.name)
        module = node.name.removesuffix(last).rstrip(".")
        label = _text(last) + (f"<br/>{_text(module)}" if module else "")
    else:
        label = _text(node.name)
    return f"{opening}{label}{closing}"


def _edge(edge: Edge, count: int, ids: dict[Node, str]) -> str:
    arrow = "-.->" if edge.by == ON_COMMIT else "-->"
    words = [_text(short(edge.by))] if edge.by else []
    words += [f"×{count:,}"] if count > 1 else []  # noqa: RUF001
    label = f'|"{" ".join(words)}"|' if words else ""
    return f"  {ids[edge.source]} {arrow}{label} {ids[edge.target]}"


def _classes(nodes: list[Node], ids: dict[Node, str]) -> Iterator[str]:
    receivers = [ids[node] for node in nodes if node.kind == "receiver"]
    if receivers:
        yield "  classDef receiver stroke-width:2px"
        yield f"  class {','.join(receivers)} receiver"


def _text(value: str) -> str:
    """A label's text: what would end or mark it up is written as an entity."""
    return "".join(_ENTITIES.get(char, char) for char in clean(value))
