"""One pass over the files of runs."""

from __future__ import annotations

import json

from sigtrace.analysis.filters import Selection
from sigtrace.analysis.report import analyse
from sigtrace.reader import open_runs
from tests.factories import article_save, counts, end, process, write


def report(*paths, **selection):
    return analyse(open_runs(paths, paths[0]), Selection(**selection))


def connected(*receivers, **fields):
    signal = "django.db.models.signals.post_save"
    return json.dumps({"signals": [{"signal": signal, "receivers": list(receivers)}], **fields})


def test_runs_with_equal_ids_do_not_mix(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name / "4242.jsonl", process(), *article_save(), counts(queries=4))
    found = report(tmp_path / "a", tmp_path / "b")
    assert (found.totals.chains, found.totals.outside, len(found.processes)) == (2, 8, 2)
    assert [calls.calls for calls in found.receivers] == [2, 2, 2]


def test_what_several_runs_have_in_common_is_found_once(tmp_path):
    def failing(receiver, *numbers):
        for number in numbers:
            call, send = f"1-{2 * number + 2}", f"1-{2 * number + 1}"
            yield end("receiver", call, send, name=receiver, exception="E")
            yield end("send", send)

    write(tmp_path / "a" / "1.jsonl", process("1"), *failing("blog.f", 1))
    write(tmp_path / "b" / "1.jsonl", process("1"), *failing("blog.f", 1), *failing("blog.g", 2, 3))
    (one,) = report(tmp_path / "a").findings
    assert one.details == ()
    both, alone = report(tmp_path / "a", tmp_path / "b").findings
    assert (alone.message[0].path, alone.count, alone.details) == ("blog.g", 2, (("in run b",),))
    assert (both.message[0].path, both.count) == ("blog.f", 2)
    assert both.details == (("in each of 2 runs",),)
    assert both.evidence == one.evidence


def test_receivers_stand_by_their_time(tmp_path):
    write(tmp_path / "4242.jsonl", process(), *article_save())
    assert [calls.receiver.rpartition(".")[2] for calls in report(tmp_path).receivers] == [
        "notify_about_article",
        "update_search_index",
        "generate_slug",
    ]


def test_a_selection_chooses_chains_and_receivers_and_leaves_the_totals(tmp_path):
    write(
        tmp_path / "1.jsonl",
        process("1"),
        *article_save("1"),
        end("bulk", "1-99", bypassed=["a.x"]),
    )
    found = report(tmp_path, receiver=("generate_slug",))
    assert [calls.receiver for calls in found.receivers] == ["blog.signals.generate_slug"]
    assert found.bulk == ()
    assert found.totals.chains == 2
    assert len(report(tmp_path, receiver=("x",)).bulk) == 1


def test_a_sender_that_is_chosen_by_its_key_is_reported_by_its_model(tmp_path):
    lines = [
        line
        for n in (1, 3)
        for line in (
            end("receiver", f"1-{n}", f"1-{n + 1}", sender=f"shop.Order pk={n}"),
            end("send", f"1-{n + 1}", sender=f"shop.Order pk={n}"),
        )
    ]
    write(tmp_path / "1.jsonl", process("1"), *lines)
    (calls,) = report(tmp_path, sender=("shop.Order pk=3",)).receivers
    assert (calls.sender, calls.calls) == ("<shop.Order>", 1)
    (calls,) = report(tmp_path, sender=("shop.Order*",)).receivers
    assert calls.calls == 2


def test_coverage_compares_calls_with_connections(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), *article_save("1"))
    assert report(tmp_path).coverage is None
    (tmp_path / "receivers.json").write_text(
        connected(
            {"receiver": "blog.signals.notify_about_article", "sender": None, "origin": "own"},
            {"receiver": "blog.signals.never", "sender": "blog.Article", "origin": "own"},
            {"receiver": "django.never", "sender": None, "origin": "django"},
            muted=["django.db.models.signals.pre_init"],
        )
    )
    found = report(tmp_path)
    seen = found.coverage
    assert (seen.called, seen.connected, seen.own_called, seen.own_connected) == (1, 3, 1, 2)
    assert found.muted == ("django.db.models.signals.pre_init",)


def test_what_was_not_selected_was_called_all_the_same(tmp_path):
    m2m_changed = "django.db.models.signals.m2m_changed"
    of_article = {"sender": "blog.Article", "origin": "own"}
    any_sender = {"receiver": "search.signals.update_search_index", "sender": None, "origin": "own"}
    never = of_article | {"receiver": "blog.signals.never"}
    added = of_article | {"receiver": "blog.signals.added"}
    post_save = json.loads(
        connected(
            of_article | {"receiver": "blog.signals.notify_about_article"},
            any_sender,
            never,
            of_article | {"receiver": "blog.signals.passed_by"},
        )
    )["signals"]
    lines = [
        *article_save("1"),
        end("bulk", "1-50", bypassed=["blog.signals.passed_by"]),
        end("receiver", "1-62", "1-61", receiver=added["receiver"], signal=m2m_changed),
        end("send", "1-61", "1-60", signal=m2m_changed, receivers=[added["receiver"]]),
        end("m2m", "1-60"),
    ]
    write(tmp_path / "1.jsonl", process("1"), *lines)
    signals = [*post_save, {"signal": m2m_changed, "receivers": [added]}]
    (tmp_path / "receivers.json").write_text(json.dumps({"signals": signals}))

    def uncalled(**selection):
        found = report(tmp_path, **selection)
        seen = found.coverage
        names = [one.message[0].path for one in found.findings if one.rule.number == "R011"]
        return names, (seen.called, seen.connected)

    assert uncalled() == ([never["receiver"]], (3, 5))
    assert uncalled(signal=("m2m_changed",)) == ([], (1, 1))
    assert uncalled(signal=("post_save",)) == ([never["receiver"]], (2, 4))
    assert uncalled(receiver=("never",)) == ([never["receiver"]], (0, 1))
    assert uncalled(receiver=("passed_by",)) == ([], (0, 1))
    # A receiver of any sender was called, if not for this one.
    assert uncalled(sender=("blog.Tag",)) == ([], (0, 1))
    assert uncalled(signal=("no_such",)) == ([], (0, 0))


def test_receivers_of_muted_signals_are_not_connected(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), *article_save("1"))
    muted = ["django.db.models.signals.post_save"]
    (tmp_path / "receivers.json").write_text(connected({"receiver": "a.x"}, muted=muted))
    assert report(tmp_path).coverage is None


def test_an_odd_receivers_file_is_no_failure(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), *article_save("1"))
    (tmp_path / "receivers.json").write_text('{"signals": {"x": 1}, "muted": 7}')
    assert report(tmp_path).coverage is None
