"""What is shown: the noise rules and what the user selects."""

from __future__ import annotations

import pytest

from sigtrace.analysis.filters import Selection, matches, visible
from sigtrace.analysis.walking import walk
from sigtrace.tree import Builder
from tests.factories import article_save, begin, end, registered

PRE_SAVE = "django.db.models.signals.pre_save"


def chain(*events):
    builder = Builder()
    chains = [found for event in events for found in builder.feed(event)] + builder.finish()
    return chains[0]


def shown(found, **options):
    """The names that are left, in order."""
    left = visible(found, Selection(**options))
    return [] if left is None else [span.name.rpartition(".")[2] for span in walk(left.root)]


ALL = [
    "save()",
    "pre_save",
    "generate_slug",
    "INSERT blog_article",
    "post_save",
    "notify_about_article",
    "update_search_index",
    "save()",
    "INSERT search_auditlog",
]


def test_globs_match_a_path_or_its_last_part_and_mind_case():
    path = "django.db.models.signals.post_save"
    assert matches(path, ())
    assert matches(path, ("post_save",))
    assert matches(path, ("no", "post_*"))
    assert matches(path, ("django.*",))
    assert not matches(path, ("Post_save",))
    assert not matches(path, ("signals.post_save",))


def test_a_signal_that_no_module_names_is_matched_by_all_of_its_name():
    path = "blog.bus.<Signal at blog/bus.py:5>"
    assert matches(path, ("<Signal at blog/bus.py:5>",))
    assert not matches(path, ("py:5>",))


def test_a_chain_with_receivers_is_shown_whole():
    assert shown(chain(*article_save())) == ALL


def test_the_chain_itself_is_never_changed():
    found = chain(*article_save())
    visible(found, Selection(receiver=("generate_slug",), min_ms=100))
    assert len(list(walk(found.root))) == len(ALL)


@pytest.mark.parametrize(
    "events",
    [
        [end("query", "1-2", "1-1"), end("save", "1-1")],
        [end("bulk", "1-1", bypassed=[])],
        [end("bulk", "1-1", bypassed=["blog.signals.generate_slug"], rows=0)],
        [
            end("receiver", "1-2", "1-1", name="django.db.reset_queries", origin="django"),
            end("send", "1-1", name="request_started"),
        ],
        [
            end("receiver", "1-3", "1-2", origin="django"),
            end("send", "1-2", "1-1"),
            end("save", "1-1"),
        ],
        [end("on_commit", "1-1", origin="django")],
    ],
    ids=[
        "no receivers",
        "nothing bypassed",
        "no rows",
        "Django's send",
        "Django's receiver",
        "its callback",
    ],
)
def test_chains_that_concern_nobody_are_hidden_unless_all(events):
    assert shown(chain(*events)) == []
    assert shown(chain(*events), everything=True)


@pytest.mark.parametrize(
    "events",
    [
        [end("save", "1-1", exception="ValueError")],
        [begin("save", "1-1")],
        [end("bulk", "1-1", bypassed=["blog.signals.generate_slug"])],
        [end("on_commit", "1-1")],
        [registered("1-2", "1-1"), end("save", "1-1")],
        [
            end("receiver", "1-2", "1-1", origin="django", exception="ValueError"),
            end("send", "1-1"),
        ],
        [
            end("receiver", "1-4", "1-3"),
            end("send", "1-3", "1-2"),
            end("receiver", "1-2", "1-1", origin="django"),
            end("send", "1-1"),
        ],
    ],
    ids=[
        "failed",
        "unfinished",
        "bypassed",
        "callback",
        "deferred",
        "Django failed",
        "below Django",
    ],
)
def test_what_says_something_is_shown(events):
    assert shown(chain(*events))


def test_transaction_control_is_hidden_unless_all_or_failed():
    found = chain(
        end("query", "1-2", "1-1", at=1, name="SAVEPOINT"),
        end("query", "1-3", "1-1", at=2, name="RELEASE SAVEPOINT"),
        end("query", "1-4", "1-1", at=3, name="INSERT savepoint"),
        end("query", "1-5", "1-1", at=4, name="COMMIT", exception="django.db.utils.IntegrityError"),
        end("receiver", "1-6", "1-1", at=5, name="r"),
        end("send", "1-1"),
    )
    assert shown(found) == ["post_save", "INSERT savepoint", "COMMIT", "r"]
    assert len(shown(found, everything=True)) == 6


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"receiver": ("generate_slug",)}, ALL[:3]),
        ({"receiver": ("search.*",)}, [ALL[0], ALL[4], *ALL[6:]]),
        ({"signal": ("pre_save",)}, ALL[:3]),
        ({"signal": (PRE_SAVE,), "receiver": ("notify*",)}, []),
        ({"sender": ("Article",)}, ALL),
        ({"sender": ("search.AuditLog",)}, [ALL[0], ALL[4], *ALL[6:]]),
        ({"sender": ("blog.article",)}, []),
        ({"signal": ("post_save",), "sender": ("blog.*",)}, [ALL[0], *ALL[4:]]),
    ],
    ids=str,
)
def test_names_select_spans_with_the_way_to_them_and_all_below(options, left):
    assert shown(chain(*article_save()), **options) == left


def test_a_bypassed_or_not_reached_receiver_is_found():
    bulk = chain(end("bulk", "1-1", bypassed=["blog.signals.generate_slug"]))
    assert shown(bulk, receiver=("generate_slug",))
    assert not shown(bulk, receiver=("other",))
    send = chain(
        end("receiver", "1-2", "1-1", exception="E"),
        end("send", "1-1", exception="E", not_reached=["blog.signals.late"]),
    )
    assert shown(send, receiver=("late",)) == ["post_save", "notify_about_article"]


def test_a_selected_sender_is_shown_though_nobody_heard_it():
    silent = chain(end("save", "1-1", model="search.AuditLog"))
    assert shown(silent) == []
    assert shown(silent, sender=("AuditLog",))


def test_unfinished_spans_are_selected_by_the_little_they_tell():
    open_ = chain(
        begin("save", "1-1"), begin("send", "1-2", "1-1"), begin("receiver", "1-3", "1-2")
    )
    assert shown(open_, receiver=("notify_*",)) == ["save()", "post_save", "notify_about_article"]
    assert shown(open_, signal=("post_save",), sender=("blog.Article",))
    assert not shown(open_, signal=("pre_save",))


def test_min_ms_hides_what_is_short_unless_it_failed_or_is_open():
    assert shown(chain(*article_save()), min_ms=3) == [
        "save()",
        "post_save",
        "notify_about_article",
    ]
    assert shown(chain(*article_save()), min_ms=100) == []
    failed = chain(end("receiver", "1-2", "1-1", exception="E"), end("send", "1-1"))
    assert shown(failed, min_ms=100) == ["post_save", "notify_about_article"]


def test_what_was_deferred_takes_no_time():
    lines = [
        registered("1-4", "1-3", name="later"),
        end("receiver", "1-3", "1-2"),
        end("send", "1-2", "1-1"),
        end("save", "1-1"),
    ]
    assert shown(chain(*lines), min_ms=100) == []
    long = [*lines[:-1], end("save", "1-1", ms=200)]
    assert shown(chain(*long), min_ms=100) == ["save()"]
    beside = [registered("1-3", "1-1", name="later"), end("save", "1-1", ms=200)]
    assert shown(chain(*beside), min_ms=100) == ["save()", "later"]
