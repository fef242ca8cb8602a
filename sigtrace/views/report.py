"""A report for people: what a run adds up to, and where to look next."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.paths import last_part
from sigtrace.views.findings import finding_lines, next_command
from sigtrace.views.labels import exception_name
from sigtrace.views.layout import row, wrapped
from sigtrace.views.receivers import receiver_table
from sigtrace.views.text import clean, data, milliseconds, place, plural, short
from sigtrace.views.ways import way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.analysis.figures import ChainFigures, Failure
    from sigtrace.analysis.report import Report
    from sigtrace.views.display import Display

_CHAINS = 10
_LIST = 10


def render_report(report: Report, display: Display, command: str) -> Text:
    """The report as lines; `command` is how to ask for it again, for the last line."""
    sections = [
        _head(report, display),
        *(
            _titled(title, lines)
            for title, lines in (
                ("", receiver_table(report.receivers, display)),
                ("Slowest chains", _slowest(report, display)),
                (unfinished_title(report), _unfinished(report, display)),
                ("Errors outside of receivers", _failures(report, display)),
                ("Findings", finding_lines(report.findings, display, command)),
                ("Counted, not listed", _counted(report, display)),
            )
        ),
        [_next(report, command)],
    ]
    blank = Text(end="")
    lines = [line for section in sections if section for line in (*section, blank)]
    return Text("\n", end="").join(lines[:-1])


def _titled(title: str, lines: Iterable[Text]) -> list[Text]:
    found = list(lines)
    return [Text(title, "bold", end=""), *found] if found and title else found


def _words(text: str, style: str = "") -> list[Text]:
    return [data(word, style) for word in text.split(" ")]


def unfinished_title(report: Report) -> str:
    """What the spans without an end have in common."""
    full = ", or the run full" if report.totals.dropped else ""
    return f"Unfinished when the trace ends{full}"


def _head(report: Report, display: Display) -> list[Text]:
    totals, dot = report.totals, f" {display.glyphs.dot} "
    lines = []
    for run in report.runs:
        argv = run.meta.get("argv")
        words = [run.path.name]
        if isinstance(argv, list):
            words.append(" ".join(map(str, argv)))
        status = run.meta.get("exit_status")
        if isinstance(status, int):
            words.append(f"exit status {status}")
        lines += wrapped("", "  ", _words(dot.join(words), "bold"), display)
    counts = [
        plural(totals.chains, "chain"),
        plural(totals.sends, "signal") + " sent",
        plural(totals.receiver_calls, "receiver call"),
        plural(totals.queries, "query", "queries"),
        plural(totals.errors, "error"),
    ]
    if len(report.processes) > 1:
        counts.insert(0, plural(len(report.processes), "process", "processes"))
    lines += wrapped("", "  ", _words(dot.join(counts)), display)
    if report.damage.total:
        files = ", ".join(report.damage.lines)
        said = f"{display.glyphs.warning} {plural(report.damage.total, 'line')} could not be read"
        lines += wrapped("", "  ", _words(f"{said} and were left out: {files}", "yellow"), display)
    if not totals.sends and not totals.chains:
        lines.append(Text("No signals were seen.", end=""))
    if report.selection.names:
        lines.append(Text("Below: only what the given names match.", "dim", end=""))
    return lines


def _slowest(report: Report, display: Display) -> Iterator[Text]:
    """Consecutive chains of the same name and place are one line."""
    groups = groupby(report.slowest, key=lambda chain: (chain.name, chain.file, chain.line))
    for number, (_, group) in enumerate(groups):
        if number == _CHAINS:
            return
        chains = list(group)
        yield from _chain(chains[0], len(chains), display)


def _chain(chain: ChainFigures, count: int, display: Display) -> list[Text]:
    glyphs = display.glyphs
    name = f"on_commit {short(chain.name)}" if chain.kind == "on_commit" else chain.name
    what = Text("  ", end="").append_text(data(name, "bold"))
    if count > 1:
        what.append(f"  {glyphs.times}{count}", "dim")
    words = [way([clean(short(name)) for name in chain.slowest_path], glyphs)]
    words = words * bool(chain.slowest_path)
    words += [plural(chain.receiver_calls, "receiver call")] * bool(chain.receiver_calls)
    words += [plural(chain.queries, "query", "queries")] * bool(chain.queries)
    words += [plural(chain.errors, "error")] * bool(chain.errors)
    words += [] if chain.scope is None else [clean(chain.scope)]
    said = f" {glyphs.dot} ".join(words)
    took = Text(milliseconds(chain.duration_ns), end="")
    return [
        row(what, place(chain.file, chain.line), took, display),
        *(wrapped("    ", "    ", _words(said, "dim"), display) if said else ()),
    ]


def _failures(report: Report, display: Display) -> Iterator[Text]:
    """Those in receivers and callbacks are findings."""
    outside = [(failure, n) for failure, n in report.failures if failure.outside]
    for failure, count in outside[:_LIST]:
        yield from _failure(failure, count, display)
    if len(outside) > _LIST:
        yield Text(f"  {display.glyphs.more} {len(outside) - _LIST} more kinds", "dim")


def _failure(failure: Failure, count: int, display: Display) -> Iterator[Text]:
    glyphs = display.glyphs
    what = Text("  ", end="").append(f"{glyphs.failed} ", "red")
    what.append_text(data(exception_name(failure.exception), "bold red"))
    what.append("  ").append_text(data(failure.inside))
    times = Text(f"{glyphs.times}{count:,}" if count > 1 else "", end="")
    yield row(what, place(failure.file, failure.line), times, display)
    if failure.span != failure.inside:
        yield from wrapped("    ", "    ", _words(f"in {failure.span}", "dim"), display)


def _unfinished(report: Report, display: Display) -> Iterator[Text]:
    for span in report.unfinished:
        what = Text("  ", end="").append_text(data(short(span.name), "bold"))
        if span.name != span.chain:
            what.append("  in ", "dim").append_text(data(span.chain, "dim"))
        yield row(what, place(span.file, span.line), Text("unfinished", "bold red"), display)


def _counted(report: Report, display: Display) -> Iterator[Text]:
    totals, dot = report.totals, f" {display.glyphs.dot} "
    said = []
    if report.coverage is not None:
        seen = report.coverage
        own = f" (own: {seen.own_called} of {seen.own_connected})"
        least = "at least " if report.missing or totals.unseen else ""
        said.append(f"called {least}{seen.called} of {seen.connected} connected receivers{own}")
        if report.missing:
            said.append(f"who was never called cannot be told: {', '.join(report.missing)}")
    if totals.unseen:
        names = ", ".join(name.rpartition(".")[2] for name in totals.unseen)
        said.append(f"whom code of the project's own has called cannot be seen: {names}")
    if totals.unheard:
        each = ", ".join(
            f"{last_part(name)} {count:,}" for name, count in totals.unheard.most_common(8)
        )
        said.append(f"sent without receivers {totals.unheard.total():,}: {each}")
    if totals.outside:
        said.append(plural(totals.outside, "query", "queries") + " outside of chains")
    if totals.dropped:
        said.append(plural(totals.dropped, "span") + " not written: the run reached its size limit")
    if report.muted:
        names = ", ".join(last_part(name) for name in report.muted)
        said.append(f"muted: {names}{dot}sigtrace run --all records them")
    for line in said:
        yield from wrapped("  ", "    ", _words(line), display)


def _next(report: Report, command: str) -> Text:
    """What to ask next, by what there is to see."""
    ask, why = f"{command} --tree", "every chain"
    if report.findings:
        ask, why = next_command(report.findings[0], command), "the first finding"
    elif not report.totals.chains:
        ask, why = f"{command} --tree --all", "also what is hidden"
    line = Text(end="").append("Next: ", "dim").append_text(data(ask, "bold"))
    return line.append(f"   ({why})", "dim")
