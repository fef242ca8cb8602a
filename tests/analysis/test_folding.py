"""Which spans look the same."""

from __future__ import annotations

import pytest

from sigtrace.analysis.folding import Shapes
from sigtrace.tree import Builder
from tests.factories import end


def runs(*children):
    events = [*children, end("save", "1-1")]
    builder = Builder()
    root = next(chain.root for event in events for chain in builder.feed(event))
    return [len(run) for run in Shapes(root).runs(root.children)]


def sends(count, first=10, **fields):
    for number in range(first, first + 2 * count, 2):
        yield end("receiver", f"1-{number + 1}", f"1-{number}", ms=number, **fields)
        yield end("send", f"1-{number}", "1-1", at=number, ms=number)


def test_three_or_more_in_a_row_are_one_run():
    assert runs(*sends(2)) == [1, 1]
    assert runs(*sends(3)) == [3]


def test_values_and_times_make_no_difference_but_outcomes_and_receivers_do():
    assert runs(*sends(3), *sends(1, 50, changes={"slug": ["", "x"]})) == [4]
    assert runs(*sends(3), *sends(1, 50, exception="ValueError")) == [3, 1]
    assert runs(*sends(3), *sends(1, 50, name="other")) == [3, 1]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("save", {"created": False}),
        ("save", {"update_fields": ["slug"]}),
        ("save", {"alias": "other"}),
        ("save", {"transaction": "1-9"}),
        ("bulk", {"bypassed": ["blog.signals.generate_slug"]}),
        ("send", {"sender": "blog.Tag"}),
        ("send", {"signal": "blog.signals.post_save"}),
        ("send", {"method": "send_robust"}),
        ("send", {"not_reached": ["blog.signals.late"]}),
        ("receiver", {"mode": "async"}),
        ("receiver", {"swallowed": True}),
        ("on_commit", {"discarded": True}),
        ("transaction", {"outcome": "rolled back"}),
    ],
    ids=str,
)
def test_what_is_drawn_differently_is_no_part_of_a_run(kind, fields):
    equal = [end(kind, f"1-{number}", "1-1", at=number) for number in range(2, 6)]
    assert runs(*equal) == [4]
    assert runs(*equal, end(kind, "1-9", "1-1", at=9, **fields)) == [4, 1]


def test_what_stands_between_parts_them():
    assert runs(*sends(3), end("query", "1-30", "1-1", at=30), *sends(3, 50)) == [3, 1, 3]


def test_the_actions_of_a_many_to_many_change_differ():
    actions = ["pre_add", "pre_add", "post_add"]
    changes = [
        end("send", f"1-{number}", "1-1", at=number, arguments={"action": action})
        for number, action in enumerate(actions, start=2)
    ]
    assert runs(*changes) == [1, 1, 1]
