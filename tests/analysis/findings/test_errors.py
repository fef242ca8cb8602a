"""R006 and R007: which receiver an exception is put down to."""

from __future__ import annotations

import pytest

from sigtrace.analysis.failures import failures
from sigtrace.tree import Builder
from tests.factories import end

E = "django.db.utils.IntegrityError"


def receiver(name, span_id, parent, at=0.0, ms=1.0, **fields):
    return end("receiver", span_id, parent, at, ms, name=name, receiver=name, **fields)


def saving(inner, outer, line=5):
    """A receiver whose save raises one exception, and out of which another comes."""
    return [
        end("query", "1-4", "1-3", exception=inner),
        end("save", "1-3", "1-2", exception=inner, line=line),
        receiver("a.saves", "1-2", "1-1", exception=outer),
        end("send", "1-1", exception=outer),
    ]


def outside(*lines):
    builder = Builder()
    chains = [chain for line in lines for chain in builder.feed(line)]
    return [one.inside for chain in chains for one in failures(chain.root) if one.outside]


def test_the_receiver_that_an_exception_left_has_raised_it(find, said):
    (one,) = find("R006", *saving(E, E))
    assert said(one) == (
        f"a.saves raised {E} once\nin INSERT blog_article of Article.save() at blog/views.py:5"
    )
    assert (one.file, one.line, one.evidence) == ("blog/signals.py", 24, ("1-4",))
    assert outside(*saving(E, E)) == []


def test_one_receiver_and_exception_are_one_finding(find, said):
    again = [{**line, "id": line["id"].replace("1-", "2-")} for line in saving(E, E, line=6)]
    for line in again:
        line["parent"] = line["parent"] and line["parent"].replace("1-", "2-")
    (one,) = find("R006", *saving(E, E), *again)
    assert one.count == 2
    assert said(one).count("INSERT blog_article of Article.save()") == 2


def test_what_a_receiver_catches_is_neither_its_own_nor_outside(find):
    assert find("R006", *saving(E, None)) == []
    assert outside(*saving(E, None)) == []
    assert outside(end("query", "1-2", "1-1", exception=E), end("save", "1-1", exception=E)) == [
        "Article.save()"
    ]


def test_what_is_raised_in_place_of_another_is_found(find, said):
    (one,) = find("R006", *saving("ValueError", "RuntimeError"))
    assert said(one) == "a.saves raised RuntimeError once"


def test_the_innermost_receiver_is_named_once(find):
    (one,) = find(
        "R006",
        receiver("a.inner", "1-5", "1-4", exception=E),
        end("send", "1-4", "1-3", exception=E),
        end("save", "1-3", "1-2", exception=E),
        receiver("a.outer", "1-2", "1-1", exception=E),
        end("send", "1-1", exception=E),
    )
    assert one.message[0].path == "a.inner"


def test_of_several_attempts_the_last_one_is_not_caught(find):
    (one,) = find(
        "R006",
        *(end("save", f"1-{n}", "1-2", at=n, exception=E, line=n) for n in (3, 4)),
        receiver("a.retries", "1-2", "1-1", ms=9, exception=E),
        end("send", "1-1", ms=9, exception=E),
    )
    assert (one.count, one.evidence) == (1, ("1-4",))


@pytest.mark.parametrize(
    ("exception", "found"),
    [
        ("asyncio.exceptions.CancelledError", 0),
        ("GeneratorExit", 0),
        ("KeyboardInterrupt", 0),
        ("SystemExit", 1),
        ("TimeoutError", 1),
    ],
)
def test_a_receiver_that_was_cancelled_has_raised_nothing(find, said, exception, found):
    lines = [
        receiver("a.waits", "1-2", "1-1", exception=exception),
        end("send", "1-1", exception=exception, not_reached=["a.late"]),
    ]
    assert len(find("R006", *lines)) == found
    (one,) = find("R007", *lines)
    assert (f"a.waits was ended by {exception} before" in said(one)) is not bool(found)


def test_a_signal_that_no_module_names_is_called_by_its_place(find, said):
    (one,) = find(
        "R007",
        receiver("a.fails", "1-2", "1-1", exception="KeyError"),
        end(
            "send",
            "1-1",
            exception="KeyError",
            not_reached=["a.late"],
            signal="blog.bus.<Signal at blog/bus.py:5>",
            name="<Signal at blog/bus.py:5>",
        ),
    )
    assert "a.late was not called by <Signal at blog/bus.py:5> of" in said(one)


def test_who_is_cancelled_because_another_failed_keeps_nobody_from_being_called(find, said):
    (one,) = find(
        "R007",
        receiver("a.fails", "1-2", "1-1", exception="KeyError"),
        receiver("a.waits", "1-3", "1-1", exception="asyncio.exceptions.CancelledError"),
        end("send", "1-1", exception="KeyError", not_reached=["a.late"]),
    )
    assert "a.fails raised KeyError before" in said(one)
