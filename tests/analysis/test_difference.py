"""What differs between two runs."""

from __future__ import annotations

import pytest

from sigtrace.analysis.difference import difference
from sigtrace.analysis.profile import profiles
from sigtrace.reader import open_run
from tests.factories import article_save, begin, counts, end, process, registered, write


def compare(tmp_path, before, after):
    runs = []
    for name, events in (("a", before), ("b", after)):
        write(tmp_path / name / "1.jsonl", process("1"), *events)
        runs.append(open_run(tmp_path / name, tmp_path))
    return difference(*profiles(runs))


def saves(times, first=1, **fields):
    return [
        line
        for number in range(times)
        for line in article_save("1", at=number * 20, first=first + 20 * number, **fields)
    ]


def test_the_same_twice_differs_in_nothing(tmp_path):
    found = compare(tmp_path, saves(6), saves(6))
    assert not any(
        (
            *(found.new_receivers, found.gone_receivers, found.new_edges, found.gone_edges),
            *(found.more_calls, found.slower, found.sql),
        )
    )
    assert (found.noise.receivers, found.noise.median, found.timed) == (3, 1.0, 3)


def test_a_new_receiver_and_the_edges_that_it_brings(tmp_path):
    new = [
        end("save", "1-904", "1-903", model="blog.Tag", name="Tag.save()"),
        end("receiver", "1-903", "1-902", name="a.new", receiver="a.new", file="a.py", line=3),
        end("send", "1-902", "1-901"),
        end("save", "1-901"),
    ]
    found = compare(tmp_path, saves(1), saves(1) + new)
    (one,) = found.new_receivers
    assert (one.receiver.name, one.calls.count, one.calls.file) == ("a.new", 1, "a.py")
    edges = {(one.edge.source.name, one.edge.by, one.edge.target.name) for one in found.new_edges}
    assert edges == {
        ("blog.Article.save()", "django.db.models.signals.post_save", "a.new"),
        ("a.new", "", "blog.Tag.save()"),
    }
    assert not found.gone_receivers
    back = compare(tmp_path, saves(1) + new, saves(1))
    assert [one.receiver.name for one in back.gone_receivers] == ["a.new"]
    assert len(back.gone_edges) == 2


def test_more_calls_are_counted_by_chain(tmp_path):
    twice = [
        end(
            "receiver",
            f"1-{900 + n}",
            "1-899",
            name="blog.signals.generate_slug",
            receiver="blog.signals.generate_slug",
            signal="django.db.models.signals.pre_save",
        )
        for n in range(1, 4)
    ]
    more = [*twice, end("send", "1-899", "1-898"), end("save", "1-898")]
    assert not compare(tmp_path, saves(2), saves(7)).more_calls
    (one,) = compare(tmp_path, saves(1), [*saves(1), *more]).more_calls
    assert (one.receiver.name, one.root, one.before, one.after) == (
        "blog.signals.generate_slug",
        "blog.Article.save()",
        1,
        2,
    )


def test_a_longer_list_is_no_new_sql(tmp_path):
    """The trace has the beginning of a statement only."""
    select, *others = (f"SELECT x WHERE id IN ({'%s, ' * n}%s) AND y" for n in (0, 8, 400))
    for other in others:
        cut = other if len(other) < 1_000 else f"{other[:1_000]}…"
        pair = list(queried(1, sql=select)), list(queried(1, sql=cut))
        for before, after in (pair, pair[::-1]):
            assert not compare(tmp_path, before, after).sql
    assert compare(tmp_path, queried(1, sql=select), queried(1, sql=select[:-1] + "z")).sql


def called(*times, name="a.rare"):
    """Saves that call a receiver so many times each."""
    for number, each in enumerate(times, start=1):
        send, save = f"1-{number * 100 + 1}", f"1-{number * 100}"
        for call in range(2, each + 2):
            yield end("receiver", f"{save}{call}", send, name=name, receiver=name)
        yield end("send", send, save)
        yield end("save", save)


def test_less_of_something_else_is_no_more_calls(tmp_path):
    one_in = {chains: [1] + [0] * (chains - 1) for chains in (5, 20)}
    assert not compare(tmp_path, called(*one_in[20]), called(*one_in[5])).more_calls
    # One chain of many data, and fewer others.
    assert not compare(tmp_path, called(9, *[0] * 19), called(9, *[0] * 4)).more_calls
    # One more that has something to tell.
    assert not compare(tmp_path, called(*one_in[20]), called(1, *one_in[20][:-1])).more_calls


@pytest.mark.parametrize(("then", "now"), [(1, 2), (20, 23)])
@pytest.mark.parametrize("chains", [3, 20])
def test_more_calls_in_each_of_more_or_fewer_chains(tmp_path, then, now, chains):
    found = compare(tmp_path, called(*[then] * 10), called(*[now] * chains))
    assert [(one.before, one.after) for one in found.more_calls] == [(then, now)]


def test_new_sql_and_more_of_it(tmp_path):
    query = end("query", "1-902", "1-901", sql="SELECT x WHERE id IN (%s, %s, %s)", name="SELECT x")
    found = compare(
        tmp_path,
        saves(1),
        [
            *saves(1),
            query,
            end("query", "1-903", "1-901", sql="SAVEPOINT", name="SAVEPOINT"),
            end("save", "1-901"),
        ],
    )
    (one,) = found.sql
    assert (one.statement, one.before, one.after) == ("SELECT x WHERE id IN (…)", 0, 0.5)
    double = [end("query", "1-999", "1-1"), *saves(1)]
    found = compare(tmp_path, saves(1), double)
    assert not found.sql
    (one,) = found.more_sql
    assert (one.before, one.after) == (2, 3)


def queried(*times, root="blog.Article", sql="SELECT cached"):
    """Saves that execute a statement so many times each, and another one once."""
    for number, each in enumerate(times, start=1):
        save = f"{root}-{number * 100}"
        for query in range(each):
            yield end("query", f"{save}{query}", save, sql=sql)
        yield end("query", f"{save}x", save, sql="INSERT y")
        yield end("save", save, model=root)


def test_sql_that_some_chains_execute_is_no_more_of_it(tmp_path):
    """Which chain fills a cache is chance."""
    some = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    found = compare(tmp_path, queried(*some), queried(1, 1, *some[2:], 1, 1))
    assert (found.sql, found.more_sql) == ((), ())
    # The chain in the middle is another one, and the difference is one in ten.
    found = compare(tmp_path, queried(*[1] * 5, *[0] * 5), queried(*[1] * 6, *[0] * 4))
    assert (found.sql, found.more_sql) == ((), ())
    other = [*queried(1, root="blog.Tag"), *queried(0, 0, 0)]
    moved = [*queried(0, root="blog.Tag"), *queried(1, 0, 0)]
    assert not compare(tmp_path, other, moved).sql


def test_sql_that_most_chains_execute_is(tmp_path):
    found = compare(tmp_path, queried(1, 1, 1), queried(2, 2, 1))
    assert [(one.before, round(one.after, 1)) for one in found.more_sql] == [(1, 1.7)]
    assert not found.sql
    other = [*queried(1, root="blog.Tag"), *queried(0, 0, 0)]
    spread = [*queried(1, root="blog.Tag"), *queried(1, 1, 0)]
    (one,) = compare(tmp_path, other, spread).sql
    assert (one.root, one.statement) == ("blog.Article.save()", "SELECT cached")
    # What A never executed is new however rare it is.
    (one,) = compare(tmp_path, queried(0, 0, 0), queried(1, 0, 0)).sql
    assert (one.before, round(one.after, 1)) == (0, 0.3)


def test_without_sql_none_is_new(tmp_path):
    saved = [line for line in saves(3) if line["kind"] != "query"]
    found = compare(tmp_path, saved, saves(3))
    assert (found.compares_sql, found.sql, found.more_sql) == (False, (), ())
    assert compare(tmp_path, [end("send", "1-1")], saves(1)).compares_sql


def hung(*before):
    """A save whose second receiver never came back."""
    return [
        *before,
        begin("save", "1-901", at=900),
        end("receiver", "1-903", "1-902", at=901),
        begin("send", "1-902", "1-901", at=901),
        begin("receiver", "1-904", "1-902", at=902, name="search.signals.update_search_index"),
    ]


def test_what_never_ended_is_called_as_in_the_runs_where_it_did(tmp_path):
    for cut in (hung(*saves(1)), hung()):
        found = compare(tmp_path, saves(1), cut)
        assert (found.new_receivers, found.new_edges, found.more_calls, found.sql) == ((),) * 4
        # What it may not have reached: the slug was before, the log is after the hanging call.
        gone = {one.edge.target.name for one in found.gone_edges}
        assert "search.signals.update_search_index" not in gone
        assert (found.after.unfinished, found.after.is_cut, found.before.is_cut) == (1, True, False)
    calls = {receiver.name: calls for receiver, calls in found.after.receivers.items()}
    assert calls["search.signals.update_search_index"].count == 1
    assert calls["search.signals.update_search_index"].durations.count == 0


def test_an_open_span_of_an_unknown_or_ambiguous_name_makes_no_edge(tmp_path):
    found = compare(tmp_path, [], hung())
    assert not found.new_edges
    assert {one.receiver.name for one in found.new_receivers} == {
        "blog.signals.notify_about_article",
        "search.signals.update_search_index",
    }
    two = [*saves(1), end("save", "1-800", model="news.Article")]
    edges = compare(tmp_path, two, hung()).after.edges
    assert not edges
    django = begin("receiver", "1-904", "1-902", at=902, name="django.contrib.auth.models.x")
    assert not compare(tmp_path, saves(1), [*hung()[:-1], django]).new_receivers


def timed(slow=1.0, all_=1.0, calls=8):
    for number in range(calls):
        for receiver, name in enumerate(("a", "b", "c", "d"), start=1):
            ms = (10 + number % 3) * all_ * (slow if name == "a" else 1)
            send = f"1-{number * 20 + 10 + receiver}"
            yield end(
                "receiver",
                f"1-{number * 20 + receiver}",
                send,
                ms=ms,
                name=f"x.{name}",
                receiver=f"x.{name}",
            )
            yield end("send", send, ms=ms)


def test_slower_is_more_than_the_noise(tmp_path):
    found = compare(tmp_path, timed(), timed(slow=2))
    (one,) = found.slower
    assert one.receiver.name == "x.a"
    assert one.ratio == pytest.approx(2, rel=0.05)
    assert one.before.low <= one.before.median <= one.before.high < one.after.low
    assert found.noise.median == pytest.approx(1)


def test_a_slower_machine_slows_all(tmp_path):
    found = compare(tmp_path, timed(), timed(all_=2))
    assert not found.slower
    assert found.noise.median == pytest.approx(2, rel=0.05)
    assert [
        one.receiver.name for one in compare(tmp_path, timed(), timed(all_=2, slow=2)).slower
    ] == ["x.a"]


def test_a_receiver_is_no_measure_of_itself_and_short_ones_are_none_of_long_ones(tmp_path):
    def run(long, short):
        for number in range(20):
            for receiver, (name, ms) in enumerate((("long", long), ("short", short))):
                send = f"1-{number * 10 + receiver + 5}"
                call = f"1-{number * 10 + receiver + 1}"
                ms_ = ms * (1 + number % 3 / 100)
                yield end("receiver", call, send, ms=ms_, name=name, receiver=name)
                yield end("send", send, ms=ms)

    found = compare(tmp_path, run(10, 0.003), run(20, 0.006))
    assert [one.receiver.name for one in found.slower] == ["long"]
    found = compare(tmp_path, run(10, 5), run(20, 5))
    assert [one.receiver.name for one in found.slower] == ["long"]
    # Both the same: a slower machine.
    assert not compare(tmp_path, run(10, 5), run(20, 10)).slower
    # One other says little of the machine.
    assert not compare(tmp_path, run(10, 5), run(14, 5)).slower
    assert [one.receiver.name for one in compare(tmp_path, timed(), timed(slow=1.4)).slower] == [
        "x.a"
    ]


def test_few_calls_say_nothing_about_time(tmp_path):
    found = compare(tmp_path, timed(calls=4), timed(slow=9, calls=4))
    assert (found.slower, found.noise, found.timed, found.untimed) == ((), None, 0, 4)


def test_djangos_receivers_and_discarded_callbacks_are_left_out(tmp_path):
    extra = [
        end("receiver", "1-902", "1-901", origin="django", name="django.x", receiver="django.x"),
        end("send", "1-901", receivers=["django.x"]),
        end("on_commit", "1-903", name="a.never", discarded=True),
        counts(queries=3),
    ]
    found = compare(tmp_path, saves(1), [*saves(1), *extra])
    assert (found.new_receivers, found.new_edges) == ((), ())
    assert "a.never" not in found.after.roots
    assert found.after.totals.outside == 3


def test_what_a_callback_sets_off_is_a_new_edge(tmp_path):
    ran = end("on_commit", "1-901", name="a.later")
    saved = end("save", "1-902", "1-901", model="blog.Tag", name="Tag.save()")
    found = compare(tmp_path, [*saves(1), ran], [*saves(1), saved, ran])
    (one,) = found.new_edges
    assert (one.edge.source.name, one.edge.target.name) == ("a.later", "blog.Tag.save()")


def test_a_callback_that_was_only_discarded_is_a_gone_edge(tmp_path):
    registering = [
        registered("1-903", "1-902", name="a.later"),
        end("receiver", "1-902", "1-901", name="a.r", receiver="a.r"),
        end("send", "1-901", signal="a.sent"),
    ]
    ran, dropped = (
        end("on_commit", "1-903", name="a.later", registered_by="1-902", discarded=discarded)
        for discarded in (False, True)
    )
    found = compare(tmp_path, [*registering, ran], [*registering, dropped])
    assert [one.edge.target.name for one in found.gone_edges] == ["a.later"]
    assert not compare(tmp_path, [*registering, ran], registering).gone_edges


def loaded(low, usual, high):
    """One receiver's calls: one in ten undisturbed, one in ten held up; `b` always takes 10 ms."""
    for number, ms in enumerate([low] * 2 + [usual] * 16 + [high] * 2):
        for receiver, took in (("a", ms), ("b", 10)):
            span, send = (f"1-{number * 10 + ord(receiver) % 97 * 2 + n}" for n in (1, 2))
            yield end(
                "receiver", span, send, ms=took, name=f"x.{receiver}", receiver=f"x.{receiver}"
            )
            yield end("send", send, ms=took)


def test_what_a_load_held_up_for_most_calls_is_not_slower(tmp_path):
    assert not compare(tmp_path, loaded(10, 11, 30), loaded(10, 25, 50)).slower
    (one,) = compare(tmp_path, loaded(10, 11, 30), loaded(40, 45, 50)).slower
    assert one.receiver.name == "x.a"
