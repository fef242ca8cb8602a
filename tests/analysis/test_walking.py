"""Ways through deep trees."""

from __future__ import annotations

from sigtrace.analysis.walking import fold, walk
from sigtrace.tree import Span


def deep(levels):
    span = Span({"id": "1-0", "name": "0"})
    for level in range(1, levels):
        span = Span({"id": f"1-{level}", "name": str(level)}, [span])
    return span


def test_neither_walk_nor_fold_minds_depth():
    root = deep(5000)
    assert sum(1 for _ in walk(root)) == 5000
    assert fold(root, lambda _, below: 1 + sum(below)) == 5000


def test_walk_goes_as_a_tree_is_drawn():
    leaf, other = Span({"name": "leaf"}), Span({"name": "other"})
    root = Span({"name": "root"}, [Span({"name": "branch"}, [leaf]), other])
    assert [span.name for span in walk(root)] == ["root", "branch", "leaf", "other"]


def test_fold_leaves_out_what_is_not_entered_and_what_has_no_value():
    root = deep(4)
    assert fold(root, lambda span, below: [span.name, *below], lambda span: span.name != "1") == [
        "3",
        ["2"],
    ]
    nothing: None = fold(root, lambda _span, _below: None)
    assert nothing is None
