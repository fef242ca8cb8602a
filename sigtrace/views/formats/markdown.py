"""A report for a pull request or an agent: Markdown tables, one fact a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sigtrace.views.labels import exception_name
from sigtrace.views.text import clean, milliseconds, place, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sigtrace.analysis.report import Report

_RECEIVERS = 50
_CHAINS = 10
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def render_markdown(report: Report) -> str:
    """The report as GitHub's Markdown."""
    blocks = [_head(report), *_sections(report)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(report: Report) -> list[str]:
    totals = report.totals
    lines = []
    for run in report.runs:
        argv = run.meta.get("argv")
        what = " ".join(map(str, argv)) if isinstance(argv, list) else run.path.name
        lines += [f"## sigtrace: {_code(what)}", ""]
    counts = [
        plural(totals.chains, "chain"),
        plural(totals.sends, "signal") + " sent",
        plural(totals.receiver_calls, "receiver call"),
        plural(totals.queries, "query", "queries"),
        plural(totals.errors, "error"),
    ]
    return [*lines, " · ".join(counts)]


def _sections(report: Report) -> Iterator[list[str]]:
    yield _table(
        "Receivers",
        (
            "Receiver",
            "Signal",
            "Sender",
            "Calls",
            "Total",
            "Self",
            "Max",
            "Queries",
            "Errors",
            "At",
        ),
        [
            (
                _code(calls.receiver),
                _text(calls.signal.rpartition(".")[2]),
                _text(calls.sender or ""),
                f"{calls.calls:,}",
                milliseconds(calls.total_ns),
                milliseconds(calls.self_ns),
                milliseconds(calls.max_ns),
                f"{calls.queries:,}",
                f"{calls.errors:,}",
                _text(place(calls.file, calls.line)),
            )
            for calls in report.receivers[:_RECEIVERS]
        ],
    )
    yield _table(
        "Slowest chains",
        ("Chain", "Time", "Receiver calls", "Queries", "At"),
        [
            (
                _code(chain.name),
                milliseconds(chain.duration_ns),
                f"{chain.receiver_calls:,}",
                f"{chain.queries:,}",
                _text(place(chain.file, chain.line)),
            )
            for chain in report.slowest[:_CHAINS]
        ],
    )
    yield _table(
        "Errors",
        ("Exception", "In", "Times", "Not reached", "At"),
        [
            (
                _code(exception_name(failure.exception)),
                _code(failure.inside),
                f"{count:,}",
                ", ".join(map(_code, failure.not_reached)),
                _text(place(failure.file, failure.line)),
            )
            for failure, count in report.failures
        ],
    )
    yield _table(
        "Unfinished",
        ("Span", "Chain", "At"),
        [
            (_code(span.name), _code(span.chain), _text(place(span.file, span.line)))
            for span in report.unfinished
        ],
    )
    yield _table(
        "Bulk writes that bypassed receivers",
        ("Write", "Times", "Rows", "Not called", "At"),
        [
            (
                _code(writes.name),
                f"{writes.calls:,}",
                "" if writes.rows is None else f"{writes.rows:,}",
                ", ".join(map(_code, writes.bypassed)),
                _text(place(writes.file, writes.line)),
            )
            for writes in report.bulk
        ],
    )
    yield _counted(report)


def _counted(report: Report) -> list[str]:
    totals = report.totals
    said = []
    if report.coverage is not None:
        said.append(
            f"called {report.coverage.called} of {report.coverage.connected} connected receivers"
        )
    if totals.unheard:
        each = ", ".join(
            f"{_code(name.rpartition('.')[2])} {count:,}"
            for name, count in totals.unheard.most_common()
        )
        said.append(f"sent without receivers {totals.unheard.total():,}: {each}")
    if totals.outside:
        said.append(plural(totals.outside, "query", "queries") + " outside of chains")
    if totals.dropped:
        said.append(plural(totals.dropped, "span") + " not written: the run reached its size limit")
    if report.discarded:
        each = ", ".join(f"{_code(name)} {count:,}" for name, count in report.discarded)
        said.append(f"deferred by on_commit, discarded by a rollback: {each}")
    if report.damage.total:
        said.append(plural(report.damage.total, "line") + " could not be read")
    return ["### Counted, not listed", "", *(f"- {line}" for line in said)] if said else []


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    numbers = ("Calls", "Total", "Self", "Max", "Queries", "Errors", "Time", "Times", "Rows")
    rule = ["---:" if head in (*numbers, "Receiver calls") else "---" for head in heads]
    return [f"### {title}", "", *(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))]


def _text(value: str) -> str:
    return _MARKS.sub(r"\\\1", clean(value))


def _code(value: str) -> str:
    """Code in a table cell: a fence longer than any run of backticks in it; pipes escaped."""
    inner = clean(value).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", inner)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {inner} {fence}" if longest else f"{fence}{inner}{fence}"
