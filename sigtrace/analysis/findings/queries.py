"""R004: one statement over and over, within a call of a receiver or by each of many calls."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigtrace.analysis.absorbing import absorb
from sigtrace.analysis.figures import Slowest
from sigtrace.analysis.findings.finding import EVIDENCE, Name, Place, finding
from sigtrace.analysis.reentry import code
from sigtrace.analysis.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.analysis.findings.finding import Finding, Words
    from sigtrace.analysis.unfolded import Unfolded
    from sigtrace.tree import Span

WITHIN = 5
"""So often a call runs one statement, until it is said."""

LOOP = 10
"""So many calls run the same statement each, set off from one place, until that is said."""

_MOST = 5_000
_CUT = 200
_TYPED = ("<console>", "<stdin>")
_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "START")
_Key = tuple[object, ...]


@dataclass
class _Repeat:
    """A statement that a receiver repeats: `most` is how often at once, `total` altogether.

    `worst` are the calls that do so most often, where that is what is said.
    """

    caller: Span
    query: Span
    sql: str
    set_off: Words
    most: int = 0
    total: int = 0
    calls: int = 0
    evidence: list[str] = field(default_factory=list)
    worst: Slowest = field(default_factory=Slowest)

    def add(self, queries: int, calls: int, evidence: list[str]) -> None:
        self.most = max(self.most, queries)
        self.total += queries
        self.calls += calls
        if len(self.evidence) < EVIDENCE:
            self.evidence += evidence[: EVIDENCE - len(self.evidence)]


class RepeatedQueries:
    """Statements of receivers and callbacks, without what differs from call to call.

    An INSERT by each call is what many receivers are for: only many by one call are said. Calls
    within each other are recursion and no loop; test classes that are set up alike are none either,
    nor is what was typed at a prompt: each statement there is the first line of its own.
    """

    def __init__(self) -> None:
        self._within: dict[_Key, _Repeat] = {}
        self._loops: dict[_Key, _Repeat] = {}
        self._scopes: dict[str, dict[_Key, _Repeat]] = {}
        self._statements = Statements()

    def chain(self, chain: Unfolded, *, interactive: bool) -> None:
        """Take a chain; `interactive` says that its process has a prompt."""
        calls: defaultdict[int, Counter[str]] = defaultdict(Counter)
        texts: dict[str, Span] = {}
        for place in chain.of["query"]:
            caller = chain.caller[place]
            if caller < 0:
                continue
            query = chain.spans[place]
            sql = query.event.get("sql")
            if isinstance(sql, str):
                statement = self._statements[sql]
                calls[caller][statement] += 1
                texts.setdefault(statement, query)
        if not calls:
            return
        scope = chain.chain.scope
        loops: dict[_Key, _Repeat] = {}
        typed = interactive and chain.spans[0].event.get("file") in _TYPED
        if not typed and (scope is None or not scope.sets_up_tests):
            loops = self._scopes.setdefault(scope.id if scope else chain.chain.process, loops)
        for place, statements in calls.items():
            if chain.spans[place].event.get("origin") != "django":
                ran = [(sql, texts[sql], times) for sql, times in statements.items()]
                self._call(chain, place, ran, loops)
        if len(loops) > _MOST:
            for key in [key for key, repeat in loops.items() if repeat.calls == 1]:
                del loops[key]

    def scope_closed(self, scope: str) -> None:
        """Judge what was repeated in a scope."""
        for key, repeat in self._scopes.pop(scope, {}).items():
            if repeat.calls < LOOP:
                continue
            known = self._loops.get(key)
            if known is None:
                self._loops[key] = repeat
            else:
                known.add(repeat.total, repeat.calls, repeat.evidence)

    def absorb(self, later: RepeatedQueries) -> None:
        """Add what was found in a later part of the run, and its half of scopes that are open."""
        absorb(self._within, later._within)
        absorb(self._loops, later._loops)
        for scope, repeats in later._scopes.items():
            absorb(self._scopes.setdefault(scope, {}), repeats)

    def findings(self) -> Iterator[Finding]:
        """What was found; no more chains come."""
        for scope in list(self._scopes):
            self.scope_closed(scope)
        for repeat in self._within.values():
            often = (
                f"{repeat.most:,} times" if repeat.calls == 1 else f"up to {repeat.most:,} times"
            )
            said = f" runs {repeat.query.name} {often} in one call"
            yield _finding(repeat, said, repeat.calls)
        for repeat in self._loops.values():
            said = f" runs {repeat.query.name} in each of {repeat.calls:,} calls"
            yield _finding(repeat, said, repeat.calls)

    def _call(
        self,
        chain: Unfolded,
        place: int,
        statements: list[tuple[str, Span, int]],
        loops: dict[_Key, _Repeat],
    ) -> None:
        """Take one call with the statements that it ran, and how often."""
        caller, root = chain.spans[place], chain.spans[0]
        receiver = code(caller)
        site = (root.event.get("file"), root.event.get("line"), root.name)
        nested = any(code(chain.spans[above]) == receiver for above in chain.callers(place))
        for sql, query, count in statements:
            verb = query.name.upper().partition(" ")[0]
            key: _Key = (receiver, sql)
            if verb in _CONTROL or (count < WITHIN and (nested or verb == "INSERT")):
                continue
            found = self._within
            if count < WITHIN:
                found, key = loops, (*key, site)
            known = found.get(key)
            if known is None:
                known = found[key] = _Repeat(
                    caller.replaced([]), query.replaced([]), sql, _set_off(chain)
                )
            known.add(count, 1, [caller.id])
            if found is self._within:
                known.worst.add(count, caller.id)


def _set_off(chain: Unfolded) -> Words:
    """What a chain begins with and where; a callback's place is not where it was set off."""
    root, by = chain.spans[0], chain.chain.registered_by
    if root.event["kind"] != "on_commit":
        where = Place(root.event.get("file"), root.event.get("line"))
        return (f"set off by {root.name} at ", where)
    return ("registered by ", Name(by)) if by else ()


def _finding(repeat: _Repeat, said: str, calls: int) -> Finding:
    sql, evidence = repeat.sql, tuple(dict.fromkeys((*repeat.worst.ids()[:1], *repeat.evidence)))
    return finding(
        "R004",
        (Name(repeat.caller.name), said),
        repeat.caller,
        details=(
            (sql if len(sql) <= _CUT else f"{sql[:_CUT]}…",),
            *((repeat.set_off,) * bool(repeat.set_off)),
        ),
        evidence=evidence[:EVIDENCE],
        count=calls,
        show=("--tree", "--root", evidence[0]),
        weight=repeat.total,
    )
