"""What differs between two runs, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.difference import FEWEST
from sigtrace.analysis.edges import ON_COMMIT
from sigtrace.analysis.paths import last_part
from sigtrace.views.layout import row, wrapped
from sigtrace.views.text import clean, data, milliseconds, place, plural, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    from sigtrace.analysis.changes import (
        Difference,
        EdgeChange,
        Frequency,
        MoreCalls,
        MoreSql,
        ReceiverChange,
        Slower,
        Spread,
    )
    from sigtrace.analysis.edges import Edge
    from sigtrace.analysis.profile import Calls, Profile
    from sigtrace.views.display import Display

    T = TypeVar("T")

_MOST = 20
_SQL = 160
_DIGITS = 10


def render_difference(difference: Difference, display: Display) -> Text:
    """The difference as lines; one that says so where there is none."""
    one = _Lines(difference, display)
    cautions = cautions_said(difference)
    sections = [
        list(one.head()),
        *([line for said in cautions for line in one.sentence(said)],) * bool(cautions),
        *([Text(title, "bold", end=""), *lines] for title, lines in one.sections() if lines),
    ]
    if not any(lines for _, lines in one.sections()):
        sections.append([Text(nothing_differs(), end="")])
    sections.append(list(one.sentence(noise_said(difference))))
    lines = [line for section in sections for line in (*section, Text(end=""))]
    return Text("\n", end="").join(lines[:-1])


def nothing_differs() -> str:
    """What there is to say of two runs without a difference."""
    return "No receiver and no way between them is new or gone, and none is called more often."


def noise_said(difference: Difference) -> str:
    """How far the times of two runs can be compared."""
    noise, calls = difference.noise, f"{FEWEST} calls in both runs"
    if not difference.timed:
        return f"Times are not compared: no receiver has {calls}."
    if noise is None:
        said = f"Times: no other receiver with {calls} tells whether everything took longer"
    else:
        others = "other " * bool(difference.slower)
        which = f"the {others}receiver with {calls} takes"
        if noise.receivers > 1:
            which = f"the {noise.receivers} {others}receivers with {calls} together take"
        said = f"Times: {which} {noise.median:.2f} times as long"
        if noise.receivers > 1:
            said += f", half of them {noise.low:.2f} to {noise.high:.2f}"
        said += "; slower is what stands out from that"
    if difference.untimed:
        said += f". Of {plural(difference.untimed, 'receiver')} with fewer, times are not compared"
    return said + "."


def run_said(profile: Profile) -> str:
    """A run in a line: its name, its command, what it adds up to."""
    argv = profile.run.meta.get("argv")
    words = [profile.run.path.name]
    words += [" ".join(map(str, argv))] if isinstance(argv, list) else []
    words += [plural(profile.totals.chains, "chain")]
    words += [plural(profile.totals.receiver_calls, "receiver call")]
    words += [plural(profile.totals.queries, "query", "queries")]
    return " · ".join([*words, *_cuts_said(profile)])


def cautions_said(difference: Difference) -> list[str]:
    """What keeps the two runs from being compared, a sentence each; mostly nothing."""
    said = []
    if not difference.is_of_one_command:
        said.append("A and B are runs of different commands: what differs may come of that.")
    for sign, profile in (("A", difference.before), ("B", difference.after)):
        if not profile.has_sql:
            said.append(f"{sign} was recorded without SQL: which SQL is new is not compared.")
    for sign, profile, what in (
        ("A", difference.before, "new in B"),
        ("B", difference.after, "gone"),
    ):
        if profile.is_cut:
            cuts = ", ".join(_cuts_said(profile))
            said.append(f"{sign} is cut ({cuts}): it may only not show what is said to be {what}.")
    return said


def _cuts_said(profile: Profile) -> list[str]:
    said = ["still going on"] if profile.is_live else []
    said += [f"ended by signal {profile.killed_by}"] if profile.killed_by else []
    said += [f"{plural(profile.unfinished, 'chain')} unfinished"] if profile.unfinished else []
    return said + ([f"{plural(profile.lost, 'line')} missing"] if profile.lost else [])


def frequency(one: Frequency) -> tuple[str, str]:
    """How often in a chain, before and after, so exact that they differ: `1.0` and `2.5`."""
    for digits in range(1, _DIGITS):
        before, after = f"{one.before:,.{digits}f}", f"{one.after:,.{digits}f}"
        if before != after:
            break
    return before, after


def spread(times: Spread) -> str:
    """The median, and between what eight calls in ten are."""
    low, high = milliseconds(times.low), milliseconds(times.high)
    return f"{milliseconds(times.median)} ({low} to {high})"


def by_said(edge: Edge) -> str:
    """What leads from the source of an edge to its target; empty where it does so itself."""
    return edge.by if edge.by in ("", ON_COMMIT) else last_part(edge.by)


class _Lines:
    def __init__(self, difference: Difference, display: Display) -> None:
        self._difference = difference
        self._display = display

    def head(self) -> Iterator[Text]:
        for sign, profile in (("A", self._difference.before), ("B", self._difference.after)):
            said = run_said(profile).replace("·", self._display.glyphs.dot)
            yield from wrapped(f"{sign}  ", "   ", _words(said), self._display)

    def sentence(self, said: str) -> Iterator[Text]:
        yield from wrapped("", "  ", _words(said), self._display)

    def sections(self) -> Iterator[tuple[str, list[Text]]]:
        one = self._difference
        yield "New receivers", self._each(one.new_receivers, self._receiver("+"))
        yield "Gone receivers", self._each(one.gone_receivers, self._receiver("-"))
        yield "New edges", self._each(one.new_edges, self._edge("+"))
        yield "Gone edges", self._each(one.gone_edges, self._edge("-"))
        yield "Called more often", self._each(one.more_calls, self._more_calls)
        yield "Slower", self._each(one.slower, self._slower)
        yield "New SQL", self._each(one.sql, self._sql)
        yield "More SQL", self._each(one.more_sql, self._sql)

    def _each(self, found: Sequence[T], show: Callable[[T], Iterable[Text]]) -> list[Text]:
        lines = [line for one in found[:_MOST] for line in show(one)]
        if len(found) > _MOST:
            more = f"  {self._display.glyphs.more} {len(found) - _MOST:,} more: --format json"
            lines.append(Text(more, "dim", end=""))
        return lines

    def _receiver(self, sign: str) -> Callable[[ReceiverChange], Iterator[Text]]:
        def show(change: ReceiverChange) -> Iterator[Text]:
            signal = clean(last_part(change.receiver.signal))
            what = _signed(sign, short(change.receiver.name)).append(f"  {signal}", "dim")
            yield self._row(what, change.calls, f"{self._times}{change.calls.count:,}")

        return show

    def _edge(self, sign: str) -> Callable[[EdgeChange], Iterator[Text]]:
        def show(change: EdgeChange) -> Iterator[Text]:
            edge, arrow = change.edge, self._display.glyphs.arrow
            names = [edge.source.name, by_said(edge), edge.target.name]
            names = [_node(name) for name in names if name]
            said = _signed(sign, f" {arrow} ".join(names))
            yield row(said, "", Text(f"{self._times}{change.count:,}", end=""), self._display)

        return show

    def _more_calls(self, change: MoreCalls) -> Iterator[Text]:
        what = Text("  ", end="").append_text(data(short(change.receiver.name), "green"))
        yield self._row(what, change.calls, self._often(change))
        yield Text(f"    in each {clean(change.root)}", "dim", end="")

    def _slower(self, change: Slower) -> Iterator[Text]:
        what = Text("  ", end="").append_text(data(short(change.receiver.name), "green"))
        yield self._row(what, change.calls, f"{change.ratio:.1f} times as long")
        arrow = self._display.glyphs.arrow
        said = f"    {spread(change.before)} {arrow} {spread(change.after)}"
        yield Text(said, "dim", end="")

    def _sql(self, change: MoreSql) -> Iterator[Text]:
        what = Text("  ", end="").append_text(data(change.root, "bold"))
        yield row(what, "", Text(self._often(change), end=""), self._display)
        cut = change.statement[:_SQL]
        sql = cut + "…" * (len(change.statement) > len(cut))
        sql = sql.replace("…", self._display.glyphs.more)
        yield from wrapped(
            "    ", "    ", [data(word, "blue") for word in sql.split(" ")], self._display
        )

    def _row(self, what: Text, calls: Calls, figure: str) -> Text:
        return row(what, place(calls.file, calls.line), Text(figure, end=""), self._display)

    def _often(self, change: Frequency) -> str:
        before, after = frequency(change)
        return f"{before} {self._display.glyphs.arrow} {after} a chain"

    @property
    def _times(self) -> str:
        return self._display.glyphs.times


def _signed(sign: str, name: str) -> Text:
    colour = "green" if sign == "+" else "red"
    return Text("  ", end="").append(f"{sign} ", colour).append_text(data(name))


def _node(name: str) -> str:
    """An operation as it is, an import path by its end."""
    return name if name.endswith(")") else short(name)


def _words(text: str) -> list[Text]:
    return [data(word) for word in text.split(" ")]
