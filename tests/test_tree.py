"""From lines to chains: nesting, order, what is late, what never ends."""

from __future__ import annotations

import pytest

from sigtrace.tree import FINISHED, REGISTERED, RUNNING, UNFINISHED, Builder
from tests.factories import START, article_save, begin, end, registered, scope


def build(events, finish=True):
    builder = Builder()
    chains = [chain for event in events for chain in builder.feed(event)]
    return chains + (builder.finish() if finish else [])


def shape(span):
    """A span as (name, [children])."""
    return (span.name, [shape(child) for child in span.children])


def test_a_chain_is_finished_when_its_root_ends():
    events = article_save()
    assert build(events[:-1], finish=False) == []
    (chain,) = build(events, finish=False)
    assert shape(chain.root) == (
        "Article.save()",
        [
            ("pre_save", [("blog.signals.generate_slug", [])]),
            ("INSERT blog_article", []),
            (
                "post_save",
                [
                    ("blog.signals.notify_about_article", []),
                    (
                        "search.signals.update_search_index",
                        [("AuditLog.save()", [("INSERT search_auditlog", [])])],
                    ),
                ],
            ),
        ],
    )
    assert (chain.process, chain.scope, chain.continues) == ("4242", None, None)


def test_children_stand_in_order_of_their_start_then_of_their_number():
    late = end("query", "1-2", "1-1", at=3, name="late")
    tenth = end("query", "1-10", "1-1", at=1, name="tenth")
    ninth = end("query", "1-9", "1-1", at=1, name="ninth")
    (chain,) = build([late, tenth, ninth, end("save", "1-1")])
    assert [child.name for child in chain.root.children] == ["ninth", "tenth", "late"]


def test_a_scope_labels_its_chains_and_may_be_renamed_when_it_closes():
    first, second = build(
        [
            scope("1-1", "POST ?"),
            end("save", "1-2", scope="1-1"),
            scope("1-1", "POST articles/", closed=True, status=201),
            end("save", "1-3", scope="1-1"),
        ]
    )
    # What was read before it had its route is said of a request that has one.
    assert first.scope is second.scope
    assert first.scope.label == "request POST articles/"


def test_spans_that_only_began_are_unfinished_with_what_ended_in_them():
    (chain,) = build(
        [
            begin("save", "1-1", scope=None),
            begin("send", "1-2", "1-1", at=1),
            end("query", "1-4", "1-3", at=3),
            begin("receiver", "1-3", "1-2", at=2),
        ]
    )
    assert shape(chain.root) == (
        "Article.save()",
        [("post_save", [("blog.signals.notify_about_article", [("INSERT blog_article", [])])])],
    )
    assert chain.root.state == chain.root.children[0].state == UNFINISHED
    assert chain.root.duration_ns == 0


def test_a_begin_before_its_end_leaves_nothing():
    assert len(build([begin("save", "1-1"), end("save", "1-1")])) == 1


def test_what_comes_after_its_chain_is_continued():
    first, late = build([*article_save(), end("save", "4242-90", "4242-7", name="Late.save()")])
    assert first.continues is None
    assert late.continues == "search.signals.update_search_index"
    assert late.root.name == "Late.save()"


@pytest.mark.parametrize("parent_first", [True, False])
def test_spans_of_a_forked_process_are_chains_of_their_own_in_any_order(parent_first):
    begun = begin("save", "1-1", name="Parent.save()")
    parent, child = end("save", "1-1", name="Parent.save()"), end("save", "2-1", "1-1")
    chains = build([begun, parent, child] if parent_first else [begun, child, parent])
    continued = [chain for chain in chains if chain.continues is not None]
    assert [chain.process for chain in continued] == ["2"]
    assert continued[0].continues == "Parent.save()"
    assert len(chains) == 2


def test_an_unfinished_span_of_a_forked_process_does_not_enter_the_parents_tree():
    chains = build([begin("save", "1-1"), begin("save", "2-1", "1-1")])
    assert [chain.root.children for chain in chains] == [[], []]


def test_spans_whose_parent_was_never_written_are_shown_at_the_end():
    (chain,) = build([end("receiver", "1-3", "1-2")])
    assert chain.continues == ""


def test_a_callback_is_shown_where_it_was_registered_and_where_it_ran():
    events = [
        registered("1-3", "1-2"),
        end("receiver", "1-2", "1-1", name="blog.signals.refresh"),
        end("send", "1-1"),
        end("on_commit", "1-3", registered_by="1-2"),
    ]
    registering, run = build(events)
    (mark,) = registering.root.children[0].children
    assert (mark.name, mark.state) == ("blog.signals.send_mail", REGISTERED)
    assert (run.root.kind, run.registered_by) == ("on_commit", "blog.signals.refresh")


def test_a_callback_that_ran_where_it_was_registered_is_one_span():
    (chain,) = build(
        [
            registered("1-2", "1-1"),
            end("on_commit", "1-2", "1-1", registered_by="1-1"),
            end("receiver", "1-1", "1-0"),
            end("send", "1-0"),
        ]
    )
    (callback,) = chain.root.children[0].children
    assert callback.state != REGISTERED


def test_a_transaction_is_no_chain():
    assert build([end("transaction", "1-1")]) == []


def test_a_query_or_a_receiver_without_parent_is_no_chain():
    assert build([end("query", "1-1"), end("receiver", "1-2")]) == []


def test_what_is_kept_does_not_grow_with_finished_chains():
    builder = Builder()
    for number in range(1, 5000):
        builder.feed(end("query", f"1-{2 * number + 1}", f"1-{2 * number}"))
        builder.feed(end("save", f"1-{2 * number}"))
    kept = vars(builder)
    assert kept["_waiting"] == kept["_open"] == {}
    assert len(kept["_recent"]) <= 1024


def test_ids_of_any_form_are_remembered():
    odd = [end("save", "odd"), end("save", "late", "odd"), end("save", "1-99999999999")]
    assert [chain.continues for chain in build(odd)] == [None, "Article.save()", None]


def test_an_id_with_a_huge_number_takes_no_memory():
    builder = Builder()
    builder.feed(end("save", "1-999999999"))
    assert not vars(vars(builder)["_finished"])["_bits"]


OPEN = (
    begin("transaction", "1-7"),
    begin("save", "1-1", scope=None),
    begin("transaction", "1-8", "1-1"),
    begin("send", "1-2", "1-1", at=1),
    end("query", "1-4", "1-3", at=3),
    begin("receiver", "1-3", "1-2", at=2),
    begin("save", "2-1", "1-3"),
    begin("receiver", "1-6", "1-5"),
)


def fed(*events):
    builder = Builder()
    assert [chain for event in events for chain in builder.feed(event)] == []
    return builder


def test_open_chains_are_told_by_their_first_lines():
    builder = fed(*OPEN)
    assert [event["id"] for event in builder.open_roots()] == ["1-1", "2-1", "1-6"]
    builder.feed(end("receiver", "1-6", "1-5"))
    builder.feed(end("save", "2-1", "1-3"))
    assert [event["id"] for event in builder.open_roots()] == ["1-1"]


def test_an_open_chain_can_be_looked_at_and_goes_on():
    builder = fed(*OPEN)
    for _ in range(2):
        (chain,) = builder.running(["1-1"], START + 5)
        assert shape(chain.root.children[1]) == (
            "post_save",
            [("blog.signals.notify_about_article", [("INSERT blog_article", [])])],
        )
        assert (chain.root.state, chain.root.duration_ns) == (RUNNING, 5)
        assert chain.root.children[1].children[0].children[0].state == FINISHED
    builder.feed(end("receiver", "1-3", "1-2"))
    builder.feed(end("send", "1-2", "1-1"))
    (whole,) = builder.feed(end("save", "1-1"))
    assert [child.name for child in whole.root.children] == ["post_save"]
    assert not whole.root.resumed


def test_what_was_shown_of_an_open_chain_comes_no_more():
    builder = fed(*OPEN)
    (chain,) = builder.running(["1-1"], START + 5)
    builder.shown(chain.root)
    builder.feed(end("query", "1-5", "1-3", name="new"))
    builder.feed(end("receiver", "1-3", "1-2"))
    builder.feed(end("send", "1-2", "1-1"))
    builder.feed(end("query", "1-9", "1-1", name="last"))
    (rest,) = builder.feed(end("save", "1-1"))
    assert shape(rest.root) == (
        "Article.save()",
        [
            ("post_save", [("blog.signals.notify_about_article", [("new", [])])]),
            ("last", []),
        ],
    )
    send = rest.root.children[0]
    assert [span.resumed for span in (rest.root, send, send.children[0])] == [True] * 3
    assert not send.children[0].children[0].resumed


def test_a_callback_of_an_open_chain_that_was_shown_knows_who_registered_it():
    builder = fed(begin("receiver", "1-2", "1-1"), registered("1-3", "1-2"))
    (chain,) = builder.running(["1-2"], START + 5)
    builder.shown(chain.root)
    (run,) = builder.feed(end("on_commit", "1-3"))
    assert run.registered_by == "blog.signals.notify_about_article"
    assert vars(builder)["_registering"] == {}


def test_a_callback_that_ran_within_what_was_shown_is_not_kept_in_mind():
    builder = fed(begin("receiver", "1-2", "1-1"), registered("1-3", "1-2"))
    (chain,) = builder.running(["1-2"], START + 5)
    builder.shown(chain.root)
    assert builder.feed(end("on_commit", "1-3", "1-2")) == []
    assert vars(builder)["_registering"] == {}


def test_an_open_scope_is_known_however_many_others_there_were():
    builder = fed(
        scope("1-1", "pytest", kind="command"),
        *(scope(f"2-{n}", closed=closed) for n in range(3000) for closed in (False, True)),
    )
    (chain,) = builder.feed(end("save", "1-2", scope="1-1"))
    assert chain.scope.label == "command pytest"
    assert len(vars(builder)["_scopes"]) == 1
    assert len(vars(builder)["_closed"]) <= 1024
