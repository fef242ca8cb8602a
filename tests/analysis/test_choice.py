"""Which chains are drawn: they come as lines again, whole."""

from __future__ import annotations

from sigtrace.analysis.choice import Choice, chosen
from sigtrace.tree import Builder
from tests.factories import article_save, begin, end, process, registered, scope

FAILING = [
    end("query", "1-32", "1-31", exception="E"),
    end("save", "1-31", name="Tag.save()", model="blog.Tag", exception="E", ms=3),
]
OPEN = [begin("save", "1-41"), end("query", "1-42", "1-41"), begin("send", "1-43", "1-41")]
LINES = [
    process("1"),
    scope("1-90"),
    *article_save("1"),
    *FAILING,
    end("transaction", "1-80"),
    *OPEN,
]


def roots(*lines, **choice):
    """The names and numbers of spans of what is put together again."""
    builder = Builder()
    chains = [
        chain for event in chosen(lines or LINES, Choice(**choice)) for chain in builder.feed(event)
    ]
    return [(chain.root.id, _size(chain.root)) for chain in (*chains, *builder.finish())]


def _size(span):
    return 1 + sum(map(_size, span.children))


def test_nothing_chosen_is_everything():
    assert not Choice().is_made
    assert Choice(errors=True).is_made
    assert roots() == [("1-1", 9), ("1-31", 2), ("1-41", 3)]


def test_by_name_by_model_and_by_the_id_of_a_span():
    assert roots(root=("Tag.*",)) == [("1-31", 2)]
    assert roots(root=("blog.Article", "blog.T*")) == [("1-1", 9), ("1-31", 2)]
    assert roots(root=("1-3",)) == [("1-1", 9)]
    assert roots(root=("nothing",)) == []


def test_errors_unfinished_and_around_a_receiver():
    assert roots(errors=True) == [("1-31", 2)]
    assert roots(unfinished=True) == [("1-41", 3)]
    assert roots(around=("generate_slug",)) == [("1-1", 9)]
    assert roots(around=("search.*",), errors=True) == []


def test_around_a_callback_where_it_ran():
    lines = [
        registered("1-2", "1-1", name="a.later"),
        end("save", "1-1"),
        end("on_commit", "1-2", name="a.later"),
    ]
    assert roots(*lines, around=("later",)) == [("1-2", 1)]


def test_the_slowest_come_first():
    lines = [end("save", f"1-{number}", ms=ms) for number, ms in enumerate((5, 30, 5, 20), start=1)]
    assert [root for root, _ in roots(*lines, slowest=3)] == ["1-2", "1-4", "1-1"]
    assert [root for root, _ in roots(*lines, slowest=9)] == ["1-2", "1-4", "1-1", "1-3"]


def test_the_slowest_are_of_those_that_are_shown():
    lines = [end("save", f"1-{number}", ms=ms) for number, ms in enumerate((5, 30, 20), start=1)]
    shown = chosen(lines, Choice(slowest=1), lambda chain: chain.root.id != "1-2")
    assert [event["id"] for event in shown] == ["1-3"]


def test_a_chain_comes_with_the_blocks_around_it():
    lines = [
        begin("transaction", "1-1", alias="default", transaction=None),
        begin("transaction", "1-2", alias="other", transaction="1-1"),
        end("save", "1-3", transaction="1-2"),
        end("transaction", "1-2", alias="other", transaction="1-1"),
        end("save", "1-4", transaction="1-1"),
    ]
    for choice in (Choice(root=("1-3",)), Choice(slowest=1)):
        builder = Builder()
        (chain,) = [one for event in chosen(lines[:4], choice) for one in builder.feed(event)]
        assert list(chain.around) == ["1-2", "1-1"]
        assert chain.transaction == "1-1"


def test_lines_of_no_chain_pass():
    passed = list(chosen(LINES, Choice(root=("nothing",))))
    assert [event["event"] for event in passed] == ["process", "scope", "end"]


def test_what_was_registered_is_there_again():
    lines = [registered("1-2", "1-1"), end("save", "1-1")]
    assert [event["event"] for event in chosen(lines, Choice(root=("*",)))] == ["registered", "end"]


def test_of_the_slowest_chains_the_blocks_around_them_are_told_afterwards():
    lines = [
        end("save", "1-1", ms=5, transaction="1-10"),
        end("transaction", "1-10", transaction="1-11", outcome="committed"),
        end("transaction", "1-11", outcome="rolled back"),
        end("save", "1-2", ms=1, transaction="1-12"),
        end("transaction", "1-12"),
    ]
    found = [event["id"] for event in chosen(lines, Choice(slowest=1))]
    assert found == ["1-1", "1-10", "1-11"]
