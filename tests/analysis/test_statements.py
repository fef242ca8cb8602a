"""Statements that are one, whatever number of rows they are about."""

from __future__ import annotations

import pytest

from sigtrace.analysis.statements import may_be_one_of, statement

ARM = 'WHEN ("t"."id" = %s) THEN %s'
SET = 'UPDATE "t" SET "n" = CASE {} ELSE NULL END WHERE "t"."id" IN ({})'
TYPED = "(%s)::timestamp with time zone[]"


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("INSERT INTO a VALUES (%s, %s), (%s, %s)", "INSERT INTO a VALUES (…)"),
        ("INSERT INTO a VALUES (%s), (%s) RETURNING b", "INSERT INTO a VALUES (…) RETURNING b"),
        ("INSERT INTO a VALUES (%s) RETURNING b", "INSERT INTO a VALUES (…) RETURNING b"),
        (
            "INSERT INTO a VALUES (%s, NULL), (DEFAULT, f(CAST(%s AS char(?))))",
            "INSERT INTO a VALUES (…)",
        ),
        (
            f"INSERT INTO a SELECT * FROM UNNEST((%s)::varchar(?)[], {TYPED})",
            "INSERT INTO a VALUES (…)",
        ),
        ("SELECT a WHERE b IN ($1, $2) AND c = %s", "SELECT a WHERE b IN (…) AND c = %s"),
        ("SELECT a WHERE b IN (%s) AND c = %s", "SELECT a WHERE b IN (…) AND c = %s"),
        ("SELECT a WHERE b IN (%s::uuid, (%s)::uuid)", "SELECT a WHERE b IN (…)"),
        ("SELECT a WHERE b IN (CAST(%s AS decimal(?, ?)))", "SELECT a WHERE b IN (…)"),
        ("SELECT a WHERE (b, c) IN ((%s, %s), (%s, %s))", "SELECT a WHERE (b, c) IN ((…))"),
        (SET.format(ARM, "%s"), SET.format(ARM[:-2] + "…", "…")),
        (SET.format(f"{ARM} {ARM[:-2]}NULL {ARM}", "%s, %s"), SET.format(ARM[:-2] + "…", "…")),
        (SET.format(f"{ARM}::jsonb {ARM}::jsonb", "%s, %s"), SET.format(ARM[:-2] + "…", "…")),
        ("CASE WHEN a THEN (n + %s) WHEN a THEN (n + %s) END", "CASE WHEN a THEN (n + %s) END"),
        ("RELEASE SAVEPOINT", ""),
    ],
)
def test_statements_of_any_length_are_one(sql, shown):
    assert statement(sql) == shown


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(%s)",
        "SELECT coalesce(a.values, %s)",
        "SELECT a WHERE b IN (SELECT c WHERE d = %s)",
        "SELECT a WHERE (b = %s OR b = %s)",
        "INSERT INTO a DEFAULT VALUES",
        "CASE WHEN a THEN b WHEN c THEN b ELSE %s END",
    ],
)
def test_what_differs_otherwise_stays(sql):
    assert statement(sql) == sql


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("SELECT a WHERE b IN (%s) AND c", "SELECT a WHERE b IN (%s" + ", %s" * 400),
        ("INSERT INTO a VALUES (%s, %s) RETURNING b", "INSERT INTO a VALUES" + " (%s, %s)," * 200),
        (SET.format(ARM, "%s"), SET.partition("{")[0] + " ".join([ARM] * 99)),
    ],
)
def test_what_is_cut_in_a_list_may_be_of_any_length(short, long):
    for cut in range(900, 960):
        beginning = statement(long[:cut] + "…")
        assert len(beginning) < 80
        assert may_be_one_of(beginning, [statement(short)])
        assert may_be_one_of(statement(short), [beginning])
        assert not may_be_one_of(statement(short.replace("a", "x").replace("n", "x")), [beginning])
