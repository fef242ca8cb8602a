"""The counts of a run, from its lines alone."""

from __future__ import annotations

from sigtrace.analysis.summary import Summary, Totals
from tests.factories import article_save, begin, counts, end, registered


def totals(*events):
    summary = Summary()
    for event in events:
        summary.feed(event)
    return summary.totals()


def test_a_chain_with_all_in_it():
    found = totals(*article_save())
    assert (found.chains, found.sends, found.receiver_calls) == (1, 2, 3)
    assert (found.queries, found.errors, found.unfinished) == (2, 0, 0)


def test_open_spans_count():
    found = totals(
        begin("save", "1-1"), begin("send", "1-2", "1-1"), begin("receiver", "1-3", "1-2")
    )
    assert (found.chains, found.sends, found.receiver_calls, found.unfinished) == (1, 1, 1, 3)


def test_a_span_that_began_and_ended_counts_once():
    found = totals(begin("save", "1-1"), end("save", "1-1"))
    assert (found.chains, found.unfinished) == (1, 0)


def test_an_exception_counts_where_it_began():
    found = totals(
        end("query", "1-4", "1-3", exception="django.db.utils.IntegrityError"),
        end("receiver", "1-3", "1-2", exception="django.db.utils.IntegrityError"),
        end("send", "1-2", "1-1", exception="django.db.utils.IntegrityError"),
        end("save", "1-1", exception="django.db.utils.IntegrityError"),
        end("transaction", "1-0", exception="django.db.utils.IntegrityError"),
    )
    assert found.errors == 1


def test_an_exception_in_place_of_another_counts():
    found = totals(
        end("save", "1-3", "1-2", exception="ValueError"),
        end("receiver", "1-2", "1-1", exception="RuntimeError"),
        end("send", "1-1", exception="RuntimeError"),
    )
    assert found.errors == 2


def test_each_swallowed_exception_counts():
    found = totals(
        end("receiver", "1-2", "1-1", exception="ValueError", swallowed=True),
        end("receiver", "1-3", "1-1", exception="KeyError", swallowed=True),
        end("send", "1-1"),
    )
    assert found.errors == 2


def test_callbacks_count_when_they_run():
    found = totals(
        registered("1-1"), end("on_commit", "1-1", discarded=True), end("on_commit", "1-2")
    )
    assert (found.chains, found.unfinished) == (1, 0)


def test_the_last_counts_of_each_process_count():
    def of(process, unheard, queries, dropped):
        return counts(process=process, unheard=unheard, queries=queries, dropped=dropped)

    found = totals(
        of("1", {"a.x": 1}, 1, 0), of("1", {"a.x": 3, "a.y": 1}, 5, 2), of("2", {"a.x": 1}, 1, 0)
    )
    assert found.unheard == {"a.x": 4, "a.y": 1}
    assert (found.outside, found.dropped) == (6, 2)


def test_totals_of_several_runs_add_up():
    assert (totals(*article_save()) + totals(*article_save())).receiver_calls == 6
    assert Totals() + Totals() == Totals()
