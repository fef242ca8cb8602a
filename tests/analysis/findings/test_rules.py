"""The other rules, where a real run would not show each branch."""

from __future__ import annotations

import pytest

from sigtrace.analysis.connected import Registry
from sigtrace.analysis.findings import Name
from sigtrace.analysis.findings.effects import ENQUEUED
from sigtrace.analysis.findings.queries import LOOP, WITHIN
from tests.factories import begin, end, prompt, registered, scope

POST_DELETE = "django.db.models.signals.post_delete"


def named(name, **fields):
    return {"name": name, "receiver": name, **fields}


def circle(*receivers, exception=None, pk=7):
    """A save that the first receiver hears, which saves, which the next one hears, and so on."""
    lines, parent = [], None
    for number, name in enumerate(receivers):
        save, send, call = (f"1-{number}{n}" for n in range(3))
        lines += [
            end("save", save, parent, at=number, ms=100 - 3 * number, pk=pk, exception=exception),
            end("send", send, save, at=number + 0.1, ms=99 - 3 * number, exception=exception),
            end(
                "receiver",
                call,
                send,
                number + 0.2,
                98 - 3 * number,
                **named(name),
                exception=exception,
            ),
        ]
        parent = call
    return lines[::-1]


def test_recursion_has_its_path_its_depth_and_how_it_ended(find, said):
    (one,) = find("R002", *circle("a.f", "a.f", "a.f"))
    assert said(one) == (
        "a.f leads back to itself by Article.save() of the same row: 3 calls deep, "
        "ended by a guard of its own\n"
        "a.f → Article.save() → post_save → a.f\n"
        "Article.save() at blog/views.py:41"
    )
    assert (one.severity, one.file, one.line) == ("notice", "blog/signals.py", 24)
    (one,) = find("R002", *circle("a.f", "a.f", exception="RecursionError"))
    assert "2 calls deep, ended by RecursionError" in said(one)
    assert one.severity == "error"
    failing = circle("a.f", "a.f", "a.f", exception="ValueError")
    (one,) = find("R002", *failing)
    assert "3 calls deep, ended by ValueError" in said(one)
    assert one.severity == "error"
    # An exception that does not come out of the deepest call is not what ended it.
    guarded = [{**line, "exception": None} if n < 3 else line for n, line in enumerate(failing)]
    (one,) = find("R002", *guarded)
    assert "3 calls deep, ended by a guard of its own" in said(one)
    again = [{**line, "id": f"2-{line['id']}"} for line in guarded]
    for line in again:
        line["parent"] = line["parent"] and f"2-{line['parent']}"
    (one,) = find("R002", *failing, *again)
    assert "ended by ValueError in 1 of 2 chains" in said(one)
    up = circle("a.f", "a.f")
    up[2] |= {"pk": 8}
    (one,) = find("R002", *up)
    assert "by Article.save(): 2 calls deep, ended by itself" in said(one)


def test_a_circle_of_two_receivers_is_one_finding(find, said):
    (one,) = find("R002", *circle("a.f", "a.g", "a.f", "a.g"))
    assert "a.f → Article.save() → post_save → a.g → Article.save() → post_save → a.f" in said(one)


def test_recursion_that_never_ended(find, said):
    lines = []
    for number, kind in enumerate(("save", "send", "receiver") * 2):
        lines.append(begin(kind, f"1-{number}", f"1-{number - 1}" if number else None, number))
    (one,) = find("R002", *lines)
    assert "never ended" in said(one)


def test_what_never_ended_for_another_model_is_no_recursion(find):
    lines = []
    for number, kind in enumerate(("save", "send", "receiver") * 2):
        named = {"name": "Tag.save()"} if number == 3 else {}
        up = f"1-{number - 1}" if number else None
        lines.append(begin(kind, f"1-{number}", up, number, **named))
    assert find("R002", *lines) == []


def test_other_receivers_within_each_other_are_no_recursion(find):
    assert find("R002", *circle("a.f", "a.g", "a.h")) == []


def test_one_code_for_several_senders_is_several_receivers(find):
    def of(*senders, **fields):
        lines = circle(*("a.f" for _ in senders))
        calls = [line for line in lines if line["kind"] == "receiver"]
        for call, sender in zip(calls, senders[::-1], strict=True):
            call |= {"sender": sender, **fields}
        return [one.message[-1] for one in find("R002", *lines)]

    assert of("blog.Article", "blog.Tag") == []
    assert len(of("blog.Article", "blog.Tag", any_sender=True)) == 1
    (said,) = of("blog.Article", "blog.Tag", "blog.Article")
    assert "2 calls deep" in said


def slow_chain(number, ms, of):
    call, send, save = (f"1-{number}{n}" for n in range(3))
    yield end("receiver", call, send, 1, ms)
    yield end("send", send, save, 1, ms)
    yield end("save", save, None, 0, of)


def test_a_slow_receiver_with_its_share_and_its_slowest_calls(find, said):
    lines = [line for n in range(1, 21) for line in slow_chain(n, 12 if n < 20 else 400, 500)]
    assert find("R003", *lines) == []  # 6 % of its chains
    lines = [line for n in range(1, 21) for line in slow_chain(n, 12 if n < 20 else 400, 50)]
    (one,) = find("R003", *lines)
    assert "takes 63% of its 20 chains" in said(one)
    assert "20 calls: half took 11.9 ms or more" in said(one)
    assert "the slowest 400.0 ms" in said(one)
    assert one.evidence[0] == "1-200"
    assert find("R003", *lines, slow_ms=13) == []  # one in twenty is not slow


def test_the_time_of_a_receiver_is_its_own(find, said):
    inner = [
        end("receiver", "1-6", "1-5", 2, 90, **named("a.inner")),
        end("send", "1-5", "1-4", 2, 91),
        end("save", "1-4", "1-3", 1, 95),
    ]
    outer = [
        end("receiver", "1-3", "1-2", 1, 99, **named("a.outer")),
        end("send", "1-2", "1-1", 1, 99),
        end("save", "1-1", None, 0, 100),
    ]
    (one,) = find("R003", *inner, *outer)
    assert said(one).startswith("a.inner takes 90%")


def slow_call(number, signal, sender, of):
    return [
        end("receiver", f"1-{number}1", f"1-{number}", 1, 12, signal=signal, sender=sender),
        end("send", f"1-{number}", None, 1, of, signal=signal, sender=sender),
    ]


def test_a_slow_receiver_of_many_senders_is_one_finding(find, said):
    own = [slow_call(n, "a.signals.done", f"a.Made{n}", 20) for n in range(1, 10)]
    (one,) = find("R003", *(line for lines in own for line in lines))
    assert said(one) == (
        "blog.signals.notify_about_article takes 60% of its chains with done\n"
        "9 calls: half took 11.9 ms or more, one in twenty 11.9 ms, the slowest 12.0 ms"
    )
    assert (one.count, len(one.evidence)) == (9, 3)


def test_the_slowest_calls_are_drawn_and_not_the_slowest_chains(find):
    """In a slower chain it may be another receiver that takes the time."""
    calls = [slow_call(n, POST_DELETE, "a.M", of) for n, of in enumerate((14, 13, 40), start=1)]
    calls[2][0]["duration_ns"] //= 2
    (one,) = find("R003", *(line for lines in calls for line in lines))
    assert one.evidence[-1] == "1-31"
    roots = [word for span in one.evidence for word in ("--root", span)]
    assert one.show == ("--tree", *roots, "--slowest", "3")


def test_the_models_that_a_receiver_is_slow_for_are_named(find, said):
    models = [slow_call(n, POST_DELETE, f"a.M{n}", 20 * n) for n in range(1, 6)]
    (one,) = find("R003", *models[0])
    assert said(one).startswith(
        "blog.signals.notify_about_article takes 60% of its chain with post_delete of a.M1\n"
    )
    (one,) = find("R003", *models[0], *models[1])
    assert "takes 30% to 60% of its chains with post_delete of a.M1, a.M2\n2 calls" in said(one)
    # Of the last two it takes less than a fifth.
    (one,) = find("R003", *(line for lines in models for line in lines))
    assert "takes 20% to 60% of its chains with post_delete of a.M1, a.M2, a.M3\n" in said(one)
    (one,) = find(
        "R003", *(line for n in range(4) for line in slow_call(n, POST_DELETE, f"a.M{n}", 12))
    )
    assert "takes 100% of its chains with post_delete of 4 models\n" in said(one)


def test_what_of_a_slow_receiver_is_sql(find, said):
    lines = [
        end("query", "1-4", "1-3", 1, 30),
        end("receiver", "1-3", "1-2", 1, 60),
        end("send", "1-2", None, 0, 61),
    ]
    assert "50% of its time is executing SQL, fetching rows not included" in said(
        find("R003", *lines)[0]
    )


def queries(count, number=0, name="SELECT blog_tag", **fields):
    call, send = f"1-{number}0", f"1-{number}1"
    yield from (
        end("query", f"1-{number}{2 + n}", call, name=name, sql=name, **fields)
        for n in range(count)
    )
    yield end("receiver", call, send)
    yield end("send", send, None, line=12)


def test_queries_repeated_within_a_call(find, said):
    assert find("R004", *queries(WITHIN - 1)) == []
    (one,) = find("R004", *queries(WITHIN))
    assert said(one) == (
        "blog.signals.notify_about_article runs SELECT blog_tag 5 times in one call\n"
        "SELECT blog_tag\n"
        "set off by post_save at blog/views.py:12"
    )
    assert find("R004", *queries(WITHIN, name="SAVEPOINT")) == []


def test_the_call_that_repeats_most_is_shown(find, said):
    calls = [line for n, count in enumerate([5, 6, 9, 5], start=1) for line in queries(count, n)]
    (one,) = find("R004", *calls)
    assert "up to 9 times in one call" in said(one)
    assert (one.show, one.evidence) == (
        ("--tree", "--root", "1-30"),
        ("1-30", "1-10", "1-20", "1-40"),
    )


def test_queries_repeated_by_a_loop_of_sends(find, said):
    def loop(count, **fields):
        return [line for n in range(1, count + 1) for line in queries(1, n, **fields)]

    assert find("R004", *loop(LOOP - 1)) == []
    (one,) = find("R004", *loop(LOOP))
    assert "runs SELECT blog_tag in each of 10 calls" in said(one)
    assert find("R004", *loop(LOOP, name="INSERT blog_tag")) == []
    from_elsewhere = [{**line, "line": number} for number, line in enumerate(loop(LOOP))]
    assert find("R004", *from_elsewhere) == []


def test_queries_of_ever_longer_lists_are_one(find, said):
    def grown(number):
        for line in queries(1, number):
            is_query = line["kind"] == "query"
            yield line | ({"sql": f"SELECT IN (%s{', %s' * number})"} if is_query else {})

    (one,) = find("R004", *(line for n in range(1, LOOP + 1) for line in grown(n)))
    assert "in each of 10 calls\nSELECT IN (…)\n" in said(one)


def test_queries_of_a_callback_say_who_registered_it(find, said):
    def callback(registers):
        statements = (end("query", f"1-{9 + n}", "1-3", sql="SELECT x") for n in range(WITHIN))
        wait = registered("1-3", "1-2" if registers else None, name="a.later")
        receiver = [end("receiver", "1-2", "1-1"), end("send", "1-1")]
        ran = end("on_commit", "1-3", name="a.later", registered_by="1-2" if registers else None)
        return [wait, *receiver, *statements, ran]

    (one,) = find("R004", *callback(True))
    assert said(one).endswith("\nregistered by blog.signals.notify_about_article")
    (one,) = find("R004", *callback(False))
    assert said(one).endswith("\nSELECT x")


@pytest.mark.parametrize(("command", "found"), [("work", 1), ("test", 0)])
def test_test_classes_that_are_set_up_alike_are_no_loop(find, command, found):
    lines = [line for n in range(1, LOOP + 1) for line in queries(1, n)]
    opened = scope("1-9000", command, kind="command")
    inside = ({**line, "scope": "1-9000"} for line in lines)
    assert len(find("R004", opened, *inside, {**opened, "closed": True})) == found


@pytest.mark.parametrize(
    ("file", "asked", "found"),
    [("<console>", True, 0), ("blog/tasks.py", True, 1), ("<stdin>", False, 1)],
)
def test_what_is_typed_line_by_line_is_no_loop(find, file, asked, found):
    lines = [{**line, "file": file} for n in range(1, LOOP + 1) for line in queries(1, n)]
    assert len(find("R004", *[prompt("1")] * asked, *lines)) == found
    # Within one call it is a loop wherever that was set off.
    assert len(find("R004", *[prompt("1")] * asked, *queries(WITHIN, file=file))) == 1


def test_queries_of_nested_calls_are_no_loop(find):
    calls = circle(*["a.f"] * (LOOP + 2))
    statements = [
        end("query", f"1-{n}9", f"1-{n}2", n + 0.3, 0.1, name="UPDATE x") for n in range(LOOP + 2)
    ]
    assert find("R004", *statements, *calls) == []


def test_a_callback_that_raises_is_an_error(find, said):
    lines = [end("query", "1-2", "1-1", exception="E"), end("on_commit", "1-1", exception="E")]
    (one,) = find("R006", *lines)
    assert said(one) == "blog.signals.send_mail raised E once\nin INSERT blog_article"
    assert (
        find("R006", end("query", "1-2", "1-1", exception="E"), end("save", "1-1", exception="E"))
        == []
    )


def test_who_was_not_reached_is_where_it_is_connected(find, connection):
    registry = Registry((connection(receiver="a.late", file="a.py", line=3),))
    lines = [
        end("receiver", "1-2", "1-1", exception="E"),
        end("send", "1-1", exception="E", not_reached=["a.late"]),
    ]
    (one,) = find("R007", *lines, registry=registry)
    assert (one.file, one.line, one.evidence) == ("a.py", 3, ("1-1",))
    (one,) = find("R007", *lines)
    assert (one.file, one.line) == ("blog/signals.py", 24)


def block(span_id, outcome, around=None):
    return end("transaction", span_id, outcome=outcome, transaction=around)


def discarded(transaction):
    return [
        registered("1-5", transaction=transaction),
        end("on_commit", "1-5", discarded=True, transaction=transaction, registered_by="1-1"),
    ]


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([block("1-2", "rolled back")], 1),
        ([block("1-2", "committed", "1-3"), block("1-3", "rolled back")], 1),
        ([block("1-2", "rolled back", "1-3"), block("1-3", "test")], 1),
        ([block("1-2", "test")], 0),
        ([block("1-2", "committed", "1-3"), block("1-3", "test")], 0),
        ([block("1-2", None)], 0),
        ([], 0),
    ],
    ids=[
        "outermost",
        "savepoint",
        "in a test",
        "TestCase",
        "committed in a test",
        "autocommit off",
        "never ended",
    ],
)
def test_who_discarded_a_callback_decides(find, blocks, found):
    assert len(find("R008", *discarded("1-2"), *blocks)) == found
    if blocks:
        assert len(find("R008", blocks[0], *discarded("1-2"), *blocks[1:])) == found


def test_a_callback_that_another_kept_from_running_was_not_rolled_back(find, said):
    waits, never = discarded("1-2")
    (one,) = find("R008", waits, never | {"discarded_by": "exception"}, block("1-2", "committed"))
    assert said(one).startswith(
        "blog.signals.send_mail never ran (once): "
        "a callback before it raised, after the transaction was committed"
    )


@pytest.mark.parametrize(("outcome", "found"), [("rolled back", 1), ("test", 0)])
def test_a_callback_that_is_discarded_in_its_chain_is_one(find, said, outcome, found):
    def within(outcome):
        return find(
            "R008",
            registered("1-5", "1-3", transaction="1-9"),
            end("on_commit", "1-5", "1-3", discarded=True, transaction="1-9", registered_by="1-3"),
            block("1-9", outcome),
            end("receiver", "1-3", "1-2", receiver="blog.signals.saves"),
            end("send", "1-2", "1-1"),
            end("save", "1-1"),
        )

    assert len(within(outcome)) == found
    (one,) = within("rolled back")
    assert one.evidence == ("1-5",)
    assert "it was registered by blog.signals." in said(one)


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([("other", "rolled back"), ("default", "committed")], 0),
        ([("other", "committed"), ("default", "rolled back")], 1),
        ([("default", "committed"), ("other", "rolled back")], 0),
        ([("default", "rolled back"), ("other", "committed")], 1),
    ],
)
def test_only_a_block_of_its_own_database_discards_a_callback(find, blocks, found):
    (inner, undone), (outer, outcome) = blocks
    lines = [
        block("1-2", undone, "1-3") | {"alias": inner},
        block("1-3", outcome) | {"alias": outer},
    ]
    assert len(find("R008", *discarded("1-2"), *lines)) == found
    assert len(find("R008", *lines, *discarded("1-2"))) == found


def effect(transaction="1-9", **fields):
    return [
        end(
            "effect",
            "1-3",
            "1-2",
            name="mail",
            effect="mail",
            file="a.py",
            line=3,
            transaction=transaction,
            **fields,
        ),
        end("receiver", "1-2", "1-1"),
        end("send", "1-1"),
    ]


@pytest.mark.parametrize(
    ("outcome", "around", "levels"),
    [
        ("committed", None, ["warning"]),
        ("rolled back", None, ["error"]),
        ("test", None, []),
        (None, None, ["warning"]),
    ],
)
def test_an_effect_before_commit(find, outcome, around, levels):
    found = find("R010", *effect(), block("1-9", outcome, around))
    assert [one.severity for one in found] == levels


def test_an_effect_in_a_block_of_a_test_counts_as_the_block_would(find):
    blocks = [block("1-9", "committed", "1-8"), block("1-8", "test")]
    assert [one.severity for one in find("R010", *effect(), *blocks)] == ["warning"]


@pytest.mark.parametrize(
    ("alias", "outcome", "levels"),
    [
        ("default", "rolled back", ["error"]),
        ("other", "rolled back", []),
        ("other", "committed", []),
    ],
)
def test_an_effect_is_before_the_commit_of_the_database_that_was_written_to(
    find, alias, outcome, levels
):
    heard = [*effect()[:2], end("send", "1-1", "1-10"), end("save", "1-10")]
    sent_in_a_receiver = [
        *effect()[:2],
        end("send", "1-1", "1-11"),
        end("receiver", "1-11", "1-12"),
        end("send", "1-12", "1-10"),
        end("save", "1-10"),
    ]
    for lines in (heard, sent_in_a_receiver):
        found = find("R010", *lines, block("1-9", outcome) | {"alias": alias})
        assert [one.severity for one in found] == levels
    # A signal that no write sent: any database's.
    assert len(find("R010", *effect(), block("1-9", outcome) | {"alias": alias})) == 1


def test_effects_without_a_transaction_or_a_receiver_are_none(find):
    assert find("R010", *effect(transaction=None)) == []
    lines = [
        end("effect", "1-3", "1-1", transaction="1-9"),
        end("save", "1-1"),
        block("1-9", "rolled back"),
    ]
    assert find("R010", *lines) == []


def test_tasks_are_effects(find, said):
    task = [
        {**line, "name": "task app.send"} if line["kind"] == "effect" else line for line in effect()
    ]
    (one,) = find("R010", *task, block("1-9", "committed"))
    assert "queues task app.send within a transaction" in said(one)
    enqueued = [
        end("send", "1-3", "1-2", signal=ENQUEUED, name="task_enqueued", transaction="1-9"),
        *effect()[1:],
    ]
    (one,) = find("R010", *enqueued, block("1-9", "rolled back"))
    assert "queues a task within a transaction, which was rolled back" in said(one)


def test_what_was_never_called(find, said, connection):
    never = [
        connection(receiver="a.other_signal", signal=POST_DELETE),
        connection(receiver="a.any_sender", signal=POST_DELETE, sender=None),
    ]
    others = [
        connection(receiver="a.called"),
        connection(receiver="a.other_model", sender="blog.Tag"),
        connection(receiver="a.own_signal", signal="blog.signals.published", sender=None),
        connection(receiver="a.muted", signal="django.db.models.signals.pre_init"),
        connection(receiver="a.djangos", signal=POST_DELETE, origin="django"),
        connection(receiver="a.not_reached", signal=POST_DELETE),
        connection(receiver="a.bypassed", signal=POST_DELETE),
    ]
    registry = Registry((*never, *others), frozenset({"django.db.models.signals.pre_init"}))
    found = find(
        "R011",
        end("receiver", "1-7", "1-2", receiver="a.called", exception="E"),
        end("send", "1-2", "1-1", exception="E", not_reached=["a.not_reached"]),
        end("save", "1-1"),
        end("bulk", "1-3", bypassed=["a.bypassed"]),
        end("save", "1-4", model="blog.Tag", historical=True),
        registry=registry,
    )
    assert [one.message[0].path for one in found] == ["a.other_signal", "a.any_sender"]
    assert said(found[0]) == (
        "a.other_signal was connected to post_delete of blog.Article and was never called\n"
        "connected at blog/apps.py:9"
    )
    assert (found[0].command, found[0].show) == ("receivers", ("a.other_signal",))


@pytest.mark.parametrize(
    ("write", "rule"),
    [
        (end("bulk", "1-1", rows=3, bypassed=["a.x"]), "R005"),
        (end("bulk", "1-1", rows=None, bypassed=["a.x"]), "R005"),
        (end("bulk", "1-1", rows=0, bypassed=["a.x"]), "R011"),
        (end("bulk", "1-1", rows=3, exception="E", bypassed=["a.x"]), "R011"),
        (end("delete", "1-1", counts={"blog.Tag": 0}, bypassed=["a.x"]), "R011"),
    ],
)
def test_who_was_not_called_is_bypassed_or_never_called(find, connection, write, rule):
    registry = Registry((connection(receiver="a.x"),))
    for one in ("R005", "R011"):
        assert len(find(one, write, registry=registry)) == (one == rule)


def test_writes_that_bypass_receivers_say_why(find, said, connection):
    registry = Registry((connection(sender="blog.Article"), connection(receiver="django.x")))
    lines = [
        end("bulk", "1-1", bypassed=["a.x", "django.contrib.y"]),
        end("bulk", "1-2", bypassed=["a.x"]),
        end("bulk", "1-3", bypassed=["a.x"], rows=0),
        end("bulk", "1-4", bypassed=["django.contrib.y"]),
        end("delete", "1-5", bypassed=["a.z"], line=7),
        end("save", "1-6", historical=True, line=9),
        end("m2m", "1-7", bypassed=["a.line_saved"], line=11),
        end("m2m", "1-8", bypassed=[], line=13),
    ]
    bulk, historical, through, cascade = find("R005", *lines, registry=registry)
    assert "100 rows (2 times) did not call a.x\n" in said(bulk)
    assert said(cascade) == (
        "Article.delete() did not call a.z for rows that hang on it, if there were any\n"
        "the database deletes them itself, so Django sends no signals, nor knows of them"
    )
    assert (bulk.severity, cascade.severity) == ("warning", "notice")
    assert "did not call blog.signals.notify_about_article\na migration's model" in said(historical)
    assert said(through) == (
        "Article.tags.add() did not call a.line_saved\n"
        "rows of its through model are written at once, without save signals"
    )


@pytest.mark.parametrize(
    ("sql", "rows", "written"),
    [
        ("INSERT OR IGNORE INTO a VALUES (%s)", [0], None),
        ("INSERT OR IGNORE INTO a VALUES (%s)", [1], "1 row "),
        ("INSERT OR IGNORE INTO a VALUES (%s)", [30, 4], "34 rows"),
        ("INSERT OR IGNORE INTO a VALUES (%s)", [30, None], "50 rows"),
        ("INSERT OR IGNORE INTO a VALUES (%s)", [], "50 rows"),
        ("INSERT INTO a VALUES (%s) ON CONFLICT DO NOTHING", [0], None),
        ("INSERT IGNORE INTO a VALUES (%s)", [0], None),
        ("INSERT INTO a VALUES (%s)", [0], "50 rows"),
    ],
)
def test_rows_that_conflicts_left_out_bypassed_nobody(find, said, sql, rows, written):
    """`bulk_create(ignore_conflicts=True)` returns all 50 objects."""
    queries = [
        end("query", f"1-{number}", "1-1", sql=sql, rows=each)
        for number, each in enumerate(rows, start=2)
    ]
    begun = end("query", "1-90", "1-1", sql="BEGIN", rows=None)
    found = find("R005", *queries, begun, end("bulk", "1-1", bypassed=["a.x"]))
    assert [written in said(one) for one in found] == [True] * (written is not None)


@pytest.mark.parametrize(("origin", "rule"), [("django", "R011"), ("own", "R005")])
def test_what_djangos_receivers_write_bypassed_nobody(find, connection, origin, rule):
    """As after each migration, for content types and permissions."""
    registry = Registry((connection(receiver="a.x", sender=None),))
    lines = [
        end("bulk", "1-3", "1-2", bypassed=["a.x"]),
        end("receiver", "1-2", "1-1", origin=origin),
        end("send", "1-1", signal="django.db.models.signals.post_migrate", sender="blog"),
    ]
    for one in ("R005", "R011"):
        assert len(find(one, *lines, registry=registry)) == (one == rule)
    # A receiver of the project's own that they call in turn.
    within = [end("bulk", "1-7", "1-6", bypassed=["a.x"]), end("receiver", "1-6", "1-5")]
    within += [end("send", "1-5", "1-4"), end("save", "1-4", "1-2")]
    assert len(find("R005", *within, *lines, registry=registry)) == 1


def test_many_to_many_managers_of_migrations_call_nobody(find, connection):
    changed = "django.db.models.signals.m2m_changed"
    registry = Registry(
        (
            connection(receiver="a.on_tags", signal=changed, sender="blog.Article_tags"),
            connection(receiver="a.on_others", signal=changed, sender="blog.Article_others"),
            connection(receiver="a.on_article"),
        )
    )
    names = ("SELECT blog_tag", "INSERT blog_article_tags")
    select, insert = (end("query", f"1-{n}", "1-1", name=name) for n, name in enumerate(names, 2))

    def found(*lines, **fields):
        lines = (*lines, end("m2m", "1-1", **{"historical": True, **fields}))
        return [
            [word.path for word in one.message if isinstance(word, Name)]
            for rule in ("R005", "R011")
            for one in find(rule, *lines, registry=registry)
        ]

    assert found() == found(action="set") == found(action="clear", count=None) == [["a.on_tags"]]
    assert found(select, insert, action="set") == [["a.on_tags"]]
    # None of these would have sent anything.
    assert found(count=0) == found(select, action="set") == found(exception="E") == []
    assert found(historical=False) == [["a.on_article"]]
    # That others were saved under its name changes nothing for who was told of already.
    save = end("save", "1-9", model="blog.Article_tags")
    assert found(save) == [["a.on_tags"]]
    assert found(save, count=0) == [["a.on_tags"]]


def test_what_wrote_nothing_bypassed_nobody(find, connection):
    registry = Registry((connection(sender="blog.Article", signal=POST_DELETE),))
    nothing = [
        end("bulk", "1-1", bypassed=["a.x"], rows=None, exception="E"),
        end("delete", "1-2", bypassed=["a.x"], exception="E", counts=None),
        end("delete", "1-3", historical=True, counts={}),
        end("delete", "1-4", historical=True, counts={"blog.Article": 0}),
    ]
    assert find("R005", *nothing, registry=registry) == []
    something = [
        end("bulk", "1-1", bypassed=["a.x"], rows=None),
        end("delete", "1-2", bypassed=["a.x"], counts=None, line=7),
        end("delete", "1-3", historical=True, counts={"blog.Article": 1}),
    ]
    assert len(find("R005", *something, registry=registry)) == 3


@pytest.mark.parametrize(("calls", "often"), [(1, ""), (2, " (2 times)")])
def test_work_for_fixtures_says_how_often(find, said, calls, often):
    lines = [
        line
        for n in range(calls)
        for line in (
            end("query", f"1-{n}4", f"1-{n}3", name="SELECT blog_tag"),
            end("receiver", f"1-{n}3", f"1-{n}2"),
            end("send", f"1-{n}2", f"1-{n}1"),
            end("save", f"1-{n}1", raw=True),
        )
    ]
    (one,) = find("R009", *lines)
    assert said(one).splitlines()[0] == (
        "blog.signals.notify_about_article works while fixtures of blog.Article are loaded" + often
    )
