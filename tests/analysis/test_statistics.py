"""What receivers, chains, bulk writes and errors add up to."""

from __future__ import annotations

from sigtrace.analysis.statistics import Statistics
from sigtrace.analysis.sums import own_ns
from sigtrace.analysis.unfolded import Unfolded
from sigtrace.tree import Builder
from tests.factories import article_save, begin, end, scope

MS = 1_000_000


def statistics(*events):
    builder, found = Builder(), Statistics()
    for event in events:
        for chain in builder.feed(event):
            found.add(Unfolded(chain))
    for chain in builder.finish():
        found.add(Unfolded(chain))
    return found


def calls(found, receiver):
    (one,) = [value for value in found.receivers.values() if value.receiver.endswith(receiver)]
    return one


def test_what_is_kept_does_not_grow_with_senders_that_are_values():
    sent = [
        line
        for number in range(1, 600, 3)
        for line in (
            end("receiver", f"1-{number}", f"1-{number + 1}", sender=f"shop.Order pk={number}"),
            end("receiver", f"1-{number + 2}", f"1-{number + 1}", sender=f"'{number}'"),
            end("send", f"1-{number + 1}"),
        )
    ]
    found = statistics(*sent, *article_save("2"))
    senders = {(one.sender, one.calls) for one in found.receivers.values()}
    assert senders == {("<shop.Order>", 200), ("<str>", 200), ("blog.Article", 1)}


def test_a_receivers_time_its_own_time_and_the_queries_below_it():
    found = statistics(*article_save(), *article_save("4243"))
    index = calls(found, "update_search_index")
    assert (index.calls, index.queries, index.errors) == (2, 2, 0)
    assert index.total_ns == 2 * 2.2 * MS
    assert index.self_ns == 2 * 0.8 * MS
    assert index.max_ns == 2.2 * MS
    assert (index.signal, index.sender) == ("django.db.models.signals.post_save", "blog.Article")
    assert (index.file, index.line, index.origin) == ("search/signals.py", 8, "own")


def test_calls_within_a_call_of_the_same_receiver_add_no_time_and_no_queries():
    def nested(depth, receiver):
        """A receiver that is called `depth` times within itself, each time with a query."""
        for number in reversed(range(depth)):
            call, send = f"1-{number * 4 + 3}", f"1-{number * 4 + 2}"
            above = f"1-{number * 4 - 1}" if number else None
            yield end("query", f"1-{number * 4 + 4}", call, at=number)
            yield end(
                "receiver",
                call,
                send,
                at=number,
                ms=2 * (depth - number),
                receiver=receiver(number),
            )
            yield end("send", send, f"1-{number * 4 + 1}", at=number, ms=2 * (depth - number))
            yield end("save", f"1-{number * 4 + 1}", above, at=number, ms=2 * (depth - number))

    found = calls(statistics(*nested(9, lambda _: "a.one")), "one")
    assert (found.calls, found.total_ns, found.queries) == (9, 18 * MS, 9)
    two = statistics(*nested(9, lambda number: ("a.one", "a.two")[number % 2]))
    figures = [(one.calls, one.total_ns, one.queries) for one in two.receivers.values()]
    assert figures == [(5, 18 * MS, 9), (4, 16 * MS, 8)]


def span(*events):
    builder = Builder()
    return next(chain.root for event in events for chain in builder.feed(event))


def test_own_time_counts_overlapping_children_once_and_no_transaction():
    root = span(
        end("receiver", "1-2", "1-1", at=1, ms=4),
        end("receiver", "1-3", "1-1", at=2, ms=4),
        end("receiver", "1-4", "1-1", at=2.5, ms=1),
        end("transaction", "1-5", "1-1", at=0, ms=10),
        end("send", "1-1", at=0, ms=10),
    )
    assert own_ns(root) == 5 * MS


def test_own_time_knows_no_time_outside_of_the_span():
    root = span(
        end("query", "1-2", "1-1", at=8, ms=50),
        end("query", "1-3", "1-1", at=60, ms=1),
        end("save", "1-1", ms=10),
    )
    assert own_ns(root) == 8 * MS


def test_senders_and_signals_are_told_apart():
    found = statistics(
        end("receiver", "1-2", "1-1"),
        end("receiver", "1-3", "1-1", sender="blog.Tag"),
        end("send", "1-1"),
    )
    assert [key[2] for key in found.receivers] == ["blog.Article", "blog.Tag"]


def test_a_receiver_is_blamed_for_what_its_queries_raise_not_for_what_its_receivers_do():
    found = statistics(
        end("query", "1-6", "1-5", exception="E"),
        end("receiver", "1-5", "1-4", name="inner", receiver="inner", exception="E"),
        end("send", "1-4", "1-3", exception="E"),
        end("save", "1-3", "1-2", exception="E"),
        end("receiver", "1-2", "1-1", name="outer", receiver="outer", exception="E"),
        end("send", "1-1", exception="E"),
    )
    assert calls(found, "inner").errors == 1
    assert calls(found, "outer").errors == 0


def test_a_receiver_that_raises_after_it_caught_another_is_blamed():
    found = statistics(
        end("receiver", "1-4", "1-3", name="inner", receiver="inner", exception="E"),
        end("send", "1-3", "1-2"),
        end("receiver", "1-2", "1-1", name="outer", receiver="outer", exception="F"),
        end("send", "1-1", exception="F"),
    )
    assert calls(found, "outer").errors == calls(found, "inner").errors == 1


def test_a_receiver_that_raises_another_in_its_place_is_blamed():
    found = statistics(
        end("receiver", "1-4", "1-3", name="inner", receiver="inner", exception="E"),
        end("send", "1-3", "1-2", exception="E"),
        end("receiver", "1-2", "1-1", name="outer", receiver="outer", exception="F"),
        end("send", "1-1", exception="F"),
    )
    assert calls(found, "outer").errors == calls(found, "inner").errors == 1


def test_an_error_says_where_it_began_and_who_was_not_reached():
    found = statistics(
        end("query", "1-3", "1-2", exception="django.db.utils.IntegrityError"),
        end("receiver", "1-2", "1-1", exception="django.db.utils.IntegrityError"),
        end("send", "1-1", exception="django.db.utils.IntegrityError", not_reached=["a.late"]),
    )
    ((failure, count),) = found.failures.items()
    assert count == 1
    assert (failure.span, failure.inside) == (
        "INSERT blog_article",
        "blog.signals.notify_about_article",
    )
    assert (failure.file, failure.line) == ("blog/signals.py", 24)
    assert failure.not_reached == ("a.late",)
    assert not failure.swallowed


def test_the_twenty_slowest_chains_are_kept_slowest_first():
    found = statistics(
        scope("1-1000"),
        *(end("save", f"1-{number}", ms=number, scope="1-1000") for number in range(1, 51)),
    )
    slowest = found.slowest()
    assert [chain.id for chain in slowest] == [f"1-{number}" for number in range(50, 30, -1)]
    assert slowest[0].scope == "request POST articles/<int:pk>/"


def test_a_chain_in_figures():
    (chain,) = statistics(*article_save()).slowest()
    assert (chain.sends, chain.receiver_calls, chain.queries, chain.errors) == (2, 3, 2, 0)
    assert chain.slowest_path == ("post_save", "blog.signals.notify_about_article")


def test_bulk_writes_add_up_by_place_if_they_bypassed_a_receiver():
    found = statistics(
        end("bulk", "1-1", rows=3, bypassed=["a.x"]),
        end("bulk", "1-2", rows=4, bypassed=["a.x", "a.y"]),
        end("bulk", "1-3", rows=None, line=9, bypassed=["a.x"]),
        end("bulk", "1-4", rows=1),
    )
    first, second = found.bulk.values()
    assert (first.calls, first.rows, list(first.bypassed)) == (2, 7, ["a.x", "a.y"])
    assert (second.calls, second.rows) == (1, None)


def test_calls_that_never_ended_join_those_that_did():
    def opened(parent, *ids):
        kinds = ("save", "send", "receiver")
        for kind, span_id in zip(kinds, ids, strict=True):
            yield begin(kind, span_id, parent)
            parent = span_id

    found = statistics(*article_save(), *opened(None, "1-1", "1-2", "1-3"))
    notify = calls(found, "notify_about_article")
    assert (notify.calls, notify.unfinished) == (2, 1)
    (one,) = found.unfinished
    assert (one.name, one.chain) == ("blog.signals.notify_about_article", "Article.save()")
    other = [{**line, "sender": "blog.Draft"} for line in article_save("2")]
    two = statistics(*article_save(), *other, *opened(None, "1-1", "1-2", "1-3"))
    (unknown,) = [one for one in two.receivers.values() if one.unfinished]
    assert (unknown.signal, unknown.sender) == ("django.db.models.signals.post_save", None)
    alone = calls(statistics(*opened(None, "1-1", "1-2", "1-3")), "notify_about_article")
    assert (alone.signal, alone.sender, alone.unfinished) == ("post_save", None, 1)


def test_a_call_that_never_ended_joins_those_of_a_signal_that_no_module_names():
    name = "<Signal at blog/bus.py:5>"
    signal = f"blog.bus.{name}"
    found = statistics(
        end("receiver", "1-2", "1-1", signal=signal),
        end("send", "1-1", signal=signal, name=name),
        begin("send", "1-3", name=name),
        begin("receiver", "1-4", "1-3"),
    )
    (one,) = found.receivers.values()
    assert (one.signal, one.calls, one.unfinished) == (signal, 2, 1)


def test_discarded_callbacks_are_no_chains():
    found = statistics(end("on_commit", "1-1", discarded=True), end("on_commit", "1-2"))
    assert found.discarded == {"blog.signals.send_mail": 1}
    assert len(found.slowest()) == 1
