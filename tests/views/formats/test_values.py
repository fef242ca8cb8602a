"""What may leave the machine."""

from __future__ import annotations

import pytest

from sigtrace.tree import Span
from sigtrace.views.formats.values import Values
from tests.factories import end

SEND = end(
    "send",
    "1-1",
    arguments={
        "instance": "blog.Token pk=abc",
        "created": True,
        "n": 7,
        "password": "x",
        "gone": None,
    },
)
RECEIVER = end(
    "receiver",
    "1-1",
    changes={"title": ["a", "b"], "api_key": ["c", "d"]},
    exception="E",
    exception_message="text",
)


def facts(event, mode, recorded="redacted"):
    return Values(mode, recorded).facts(Span(event))


def test_none_leaves_names_and_booleans():
    assert facts(SEND, "none")["arguments"] == {
        "instance": None,
        "created": True,
        "n": None,
        "password": None,
        "gone": None,
    }
    assert facts(RECEIVER, "none")["changes"] == {"title": None, "api_key": None}
    assert "pk" not in facts(end("save", "1-1"), "none")


def test_redacted_hides_by_name_also_what_was_recorded_with_all():
    assert facts(SEND, "redacted")["arguments"]["n"] == 7
    assert facts(SEND, "redacted", "all")["arguments"]["password"] == "***"
    assert facts(SEND, "redacted", "all")["arguments"]["instance"] == "blog.Token pk=***"
    assert facts(SEND, "redacted")["arguments"]["instance"] == "blog.Token pk=abc"
    assert facts(RECEIVER, "redacted")["changes"] == {
        "title": ["a", "b"],
        "api_key": ["***", "***"],
    }
    assert facts(end("save", "1-1", pk="abc"), "redacted", "all")["pk"] == "***"
    assert facts(end("save", "1-1"), "redacted", "all")["pk"] == 7


def test_a_sender_that_is_a_value_is_one():
    def sender(text, *modes):
        return facts(end("send", "1-1", sender=text), *modes)["sender"]

    assert sender("blog.Token pk=abc", "none") == "<blog.Token>"
    assert sender("'bearer abc'", "none") == "<str>"
    assert sender("blog.Token", "none") == "blog.Token"
    assert sender("blog.Token pk=abc", "redacted") == "blog.Token pk=abc"
    assert sender("blog.Token pk=abc", "redacted", "all") == "blog.Token pk=***"
    assert sender("blog.Token pk=abc", "all", "all") == "blog.Token pk=abc"
    assert "sender" not in facts(end("send", "1-1", sender=None), "none")


def test_all_is_all():
    assert facts(SEND, "all", "all")["arguments"] == SEND["arguments"]
    assert facts(RECEIVER, "all", "all")["exception_message"] == "text"


@pytest.mark.parametrize("mode", ["none", "redacted"])
def test_messages_of_exceptions_are_values(mode):
    assert "exception_message" not in facts(RECEIVER, mode, "all")


def test_what_is_null_or_empty_is_left_out():
    assert "dispatch_uid" not in facts(RECEIVER, "all")
    assert "not_reached" not in facts(SEND, "all")
