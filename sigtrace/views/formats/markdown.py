"""A report for a pull request or an agent: Markdown tables, one fact a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.findings import Name
from sigtrace.analysis.paths import last_part
from sigtrace.views.findings import next_command, sentence
from sigtrace.views.formats.markup import code, table, text
from sigtrace.views.labels import exception_name
from sigtrace.views.text import milliseconds, place, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings import Words
    from sigtrace.analysis.report import Report

_RECEIVERS = 50
_CHAINS = 10


def render_markdown(report: Report, command: str) -> str:
    """The report as GitHub's Markdown; `command` is how to ask for it again."""
    blocks = [_head(report), list(_findings(report, command)), *_sections(report)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(report: Report) -> list[str]:
    totals = report.totals
    lines = []
    for run in report.runs:
        argv = run.meta.get("argv")
        what = " ".join(map(str, argv)) if isinstance(argv, list) else run.path.name
        lines += [f"## sigtrace: {code(what)}", ""]
    counts = [
        plural(totals.chains, "chain"),
        plural(totals.sends, "signal") + " sent",
        plural(totals.receiver_calls, "receiver call"),
        plural(totals.queries, "query", "queries"),
        plural(totals.errors, "error"),
    ]
    return [*lines, " · ".join(counts)]


def _findings(report: Report, command: str) -> Iterator[str]:
    """A list, since a finding is longer than a table's row."""
    if report.findings:
        yield "### Findings"
        yield ""
    for finding in report.findings:
        where = place(finding.file, finding.line)
        yield f"- **{finding.rule.id}** {finding.rule.title}" + (f" · {text(where)}" * bool(where))
        yield f"  - {_sentence(finding.message)}"
        yield from (f"  - {_sentence(detail)}" for detail in finding.details)
        if finding.evidence:
            yield "  - spans " + ", ".join(map(code, finding.evidence))
        yield f"  - {code(next_command(finding, command))}"


def _sentence(words: Words) -> str:
    return "".join(
        code(word.path) if isinstance(word, Name) else text(sentence((word,))) for word in words
    )


def _sections(report: Report) -> Iterator[list[str]]:
    yield table(
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
                code(calls.receiver),
                text(last_part(calls.signal)),
                text(calls.sender or ""),
                f"{calls.calls:,}",
                milliseconds(calls.total_ns),
                milliseconds(calls.self_ns),
                milliseconds(calls.max_ns),
                f"{calls.queries:,}",
                f"{calls.errors:,}",
                text(place(calls.file, calls.line)),
            )
            for calls in report.receivers[:_RECEIVERS]
        ],
    )
    yield table(
        "Slowest chains",
        ("Chain", "Time", "Receiver calls", "Queries", "At"),
        [
            (
                code(chain.name),
                milliseconds(chain.duration_ns),
                f"{chain.receiver_calls:,}",
                f"{chain.queries:,}",
                text(place(chain.file, chain.line)),
            )
            for chain in report.slowest[:_CHAINS]
        ],
    )
    yield table(
        "Errors outside of receivers",
        ("Exception", "In", "Times", "At"),
        [
            (
                code(exception_name(failure.exception)),
                code(failure.inside),
                f"{count:,}",
                text(place(failure.file, failure.line)),
            )
            for failure, count in report.failures
            if failure.outside
        ],
    )
    yield table(
        "Unfinished, or the run full" if report.totals.dropped else "Unfinished",
        ("Span", "Chain", "At"),
        [
            (code(span.name), code(span.chain), text(place(span.file, span.line)))
            for span in report.unfinished
        ],
    )
    yield _counted(report)


def _counted(report: Report) -> list[str]:
    totals = report.totals
    said = []
    if report.coverage is not None:
        seen = report.coverage
        least = "at least " if report.missing or totals.unseen else ""
        said.append(f"called {least}{seen.called} of {seen.connected} connected receivers")
        if report.missing:
            said.append(f"who was never called cannot be told: {', '.join(report.missing)}")
    if totals.unseen:
        names = ", ".join(code(name.rpartition(".")[2]) for name in totals.unseen)
        said.append(f"whom code of the project's own has called cannot be seen: {names}")
    if totals.unheard:
        each = ", ".join(
            f"{code(last_part(name))} {count:,}" for name, count in totals.unheard.most_common()
        )
        said.append(f"sent without receivers {totals.unheard.total():,}: {each}")
    if totals.outside:
        said.append(plural(totals.outside, "query", "queries") + " outside of chains")
    if totals.dropped:
        said.append(plural(totals.dropped, "span") + " not written: the run reached its size limit")
    if report.discarded:
        each = ", ".join(f"{code(name)} {count:,}" for name, count in report.discarded)
        said.append(f"deferred by on_commit, discarded: {each}")
    if report.damage.total:
        said.append(plural(report.damage.total, "line") + " could not be read")
    return ["### Counted, not listed", "", *(f"- {line}" for line in said)] if said else []
