"""What a nested call of a receiver leads to."""

from __future__ import annotations

from sigtrace.analysis.reentry import identity, reentry
from sigtrace.tree import Builder
from tests.factories import end


def nested(depth, name="blog.save_again", **innermost):
    """Lines of calls below each other: the receiver `1-2` of the send `1-1`, and so on."""
    lines = []
    for number in range(3 * depth, 0, -3):
        fields = innermost if number == 3 * depth else {}
        receiver, send, save = f"1-{number - 1}", f"1-{number - 2}", f"1-{number - 3}"
        lines += [
            end("receiver", f"1-9{number}", send, at=number, name="blog.log"),
            end("receiver", receiver, send, at=number, name=name, **fields),
            end("send", send, save if number > 3 else None, at=number),
        ]
        if number > 3:
            lines.append(end("save", save, f"1-{number - 4}", at=number - 1))
            lines.append(end("query", f"1-8{number}", f"1-{number - 4}", at=number - 1))
    return lines


def outer_call(*lines):
    builder = Builder()
    (chain,) = [chain for line in lines for chain in builder.feed(line)]
    return next(child for child in chain.root.children if child.name == "blog.save_again")


def led_to(call):
    return reentry(call, identity(call, None, None))


def test_calls_below_are_counted_with_what_happened_there():
    found = led_to(outer_call(*nested(4)))
    assert found is not None
    assert (found.calls, found.others, found.queries) == (4, {"blog.log": 3}, 3)
    assert not found.failures


def test_a_call_that_leads_to_no_other_is_none():
    assert led_to(outer_call(*nested(1))) is None


def test_receivers_of_one_name_at_different_places_differ():
    assert led_to(outer_call(*nested(2, line=25))) is None


def test_one_code_for_another_sender_is_another_receiver_unless_it_hears_any():
    other = {"sender": "blog.Tag"}
    assert led_to(outer_call(*nested(2, **other))) is None
    lines = [
        line | {"any_sender": True} if line["kind"] == "receiver" else line
        for line in nested(2, **other)
    ]
    found = led_to(outer_call(*lines))
    assert found is not None
    assert found.calls == 2
    assert led_to(outer_call(*nested(2, signal="django.db.models.signals.pre_save"))) is None


def test_errors_below_are_counted_but_not_its_own():
    found = led_to(outer_call(*nested(3, exception="builtins.ValueError")))
    assert found is not None
    assert [(failure.exception, failure.inside) for failure in found.failures] == [
        ("builtins.ValueError", "blog.save_again")
    ]
    own = outer_call(*nested(3))
    own.event["exception"] = "ValueError"
    found = led_to(own)
    assert found is not None
    assert not found.failures
