"""R001, the one half: a row that is saved several times, and its receivers run each time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.findings.finding import EVIDENCE, Name, Place, finding, names, roots, times
from sigtrace.analysis.findings.rows import heard_saves, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings.finding import Finding, Words
    from sigtrace.analysis.findings.rows import Row
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Scope

WINDOW = 10_000
"""A scope may save any number of rows: so many are remembered, the oldest is given up first."""

_SHOWN = 6
_ROOTS = 3
_TOGETHER = ("request", "command", "task")


class _Save(NamedTuple):
    id: str
    root: str
    file: str | None
    line: int | None
    caller: str
    said: tuple[str, ...]
    receivers: tuple[str, ...]


@dataclass
class _Rows:
    """Rows of one model that were saved from the same places, each within a scope or a chain.

    A row counts once for each of these: which rows there were is not kept. `within` counts the
    scopes or chains, which come one after the other, and `last` is the last one's id.
    """

    model: str
    where: str
    example: list[_Save]
    last: str = ""
    within: int = 0
    rows: int = 0
    saves: int = 0
    most: int = 0
    calls: Counter[str] = field(default_factory=Counter)


class RepeatedSaves:
    """Saves of one row, which a receiver heard, in one chain, request, command or task.

    What a test, what sets it up or somebody at a prompt saves again, each in a chain of its own,
    was meant so.
    """

    def __init__(self) -> None:
        self._found: dict[Row, _Rows] = {}
        self._scopes: dict[str, dict[Row, list[_Save]]] = {}
        self._known: dict[str, Scope] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}

    def chain(self, chain: Unfolded, *, interactive: bool) -> None:
        """Take a chain; `interactive` says that it was asked for at a prompt."""
        heard = heard_saves(chain)
        if not heard:
            return
        scope = chain.chain.scope
        if scope is None or scope.kind not in _TOGETHER or scope.sets_up_tests or interactive:
            rows: dict[Row, list[_Save]] = {}
            if len(heard) > 1:
                self._add(chain, heard, rows)
            self._evaluate(rows)
            return
        self._known[scope.id] = scope
        self._add(chain, heard, self._scopes.setdefault(scope.id, {}), scope.id)

    def scope_closed(self, scope: str) -> None:
        """Judge what was saved in a scope."""
        self._evaluate(self._scopes.pop(scope, {}), scope)
        self._known.pop(scope, None)

    def absorb(self, later: RepeatedSaves) -> None:
        """Add what was found in a later part of the run, and its half of scopes that are open."""
        absorb(self._found, later._found)
        self._known.update(later._known)
        for scope, rows in later._scopes.items():
            known = self._scopes.setdefault(scope, {})
            for row, saves in rows.items():
                if "created" in saves[0].said:
                    self._evaluate({row: known.pop(row, [])}, scope)
                known.setdefault(row, []).extend(saves)

    def findings(self) -> Iterator[Finding]:
        """What was found; no more chains come."""
        for scope in list(self._scopes):
            self.scope_closed(scope)
        for rows in self._found.values():
            yield _finding(rows)

    def _add(
        self,
        chain: Unfolded,
        heard: dict[int, list[str]],
        rows: dict[Row, list[_Save]],
        scope: str = "",
    ) -> None:
        for place in sorted(heard, key=lambda place: chain.spans[place].time):
            row = row_of(chain.spans[place])
            if row is None:
                continue
            if chain.spans[place].event.get("created"):
                # Another row than one that had its key before, and was deleted or rolled back.
                self._evaluate({row: rows.pop(row, [])}, scope)
            saves = rows.get(row)
            if saves is None:
                saves = rows[row] = []
                if len(rows) > WINDOW:
                    oldest = next(iter(rows))
                    self._evaluate({oldest: rows.pop(oldest)}, scope)
            names = tuple(heard[place])
            saves.append(_save(chain, place, self._names.setdefault(names, names)))

    def _evaluate(self, rows: dict[Row, list[_Save]], scope: str = "") -> None:
        for row, saves in rows.items():
            if len(saves) < 2:
                continue
            in_one_chain = len({save.root for save in saves}) == 1
            within = saves[0].root if in_one_chain else scope
            where = "" if in_one_chain else self._known[scope].label
            places = frozenset((save.file, save.line, save.caller) for save in saves)
            key = (row[0], where, places)
            known = self._found.get(key)
            if known is None:
                known = self._found[key] = _Rows(str(row[0]), where, saves[:_SHOWN])
            known.within += within != known.last
            known.last = within
            known.rows += 1
            known.saves += len(saves)
            known.most = max(known.most, len(saves))
            for save in saves:
                known.calls.update(save.receivers)


def _save(chain: Unfolded, place: int, receivers: tuple[str, ...]) -> _Save:
    event = chain.spans[place].event
    caller = chain.caller[place]
    said = []
    if event.get("created"):
        said.append("created")
    fields, differs = event.get("update_fields"), event.get("differs")
    if isinstance(fields, list):
        said.append("update_fields=" + ",".join(map(str, fields)))
    if isinstance(differs, list):
        said.append("differs: " + ", ".join(map(str, differs)) if differs else "nothing differs")
    return _Save(
        id=event["id"],
        root=chain.spans[0].id,
        file=event.get("file"),
        line=event.get("line"),
        caller=chain.spans[caller].name if caller >= 0 else "",
        said=tuple(said),
        receivers=receivers,
    )


def _finding(rows: _Rows) -> Finding:
    saves = rows.example
    again = saves[1]
    up_to = "" if rows.saves == rows.rows * rows.most else "up to "
    twice = [name for name, calls in rows.calls.most_common() if calls > rows.rows]
    chains = list(dict.fromkeys(save.root for save in saves))[:_ROOTS]
    return finding(
        "R001",
        (
            f"{_many(rows)} saved {up_to}{times(rows.most)}{_where(rows)}",
            " and heard each time by " if twice else "",
            *names(twice),
        ),
        details=(
            *map(_said, saves),
            *([(f"and {rows.most - _SHOWN:,} more",)] * (rows.most > _SHOWN)),
        ),
        file=again.file,
        line=again.line,
        evidence=tuple(save.id for save in saves[:EVIDENCE]),
        count=rows.rows,
        show=("--tree", *roots(chains)),
        weight=rows.saves - rows.rows,
    )


def _many(rows: _Rows) -> str:
    if rows.rows == rows.within:
        return f"one row of {rows.model} is"
    # How many different ones is known of a single scope or chain only.
    return f"{f'{rows.rows:,} rows' if rows.within == 1 else 'rows'} of {rows.model} are"


def _where(rows: _Rows) -> str:
    if rows.within == 1:
        return f" within {rows.where}" if rows.where else " in one chain"
    kind, _, name = rows.where.partition(" ")
    return f" in each of {rows.within:,} {f'{kind}s {name}' if rows.where else 'chains'}"


def _said(save: _Save) -> Words:
    words: list[str | Name | Place] = [Place(save.file, save.line)]
    if save.caller:
        words += [" in ", Name(save.caller)]
    return (*words, *(f" · {said}" for said in save.said))
