"""R003: receivers that take a good part of the chains in which they run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sigtrace.analysis.figures import Slowest
from sigtrace.analysis.findings.finding import Name, finding, roots
from sigtrace.analysis.paths import last_part
from sigtrace.analysis.percentiles import Durations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.analysis.figures import ReceiverCalls
    from sigtrace.analysis.findings.finding import Finding

SLOW_MS = 10.0
"""Milliseconds that are slow, unless `--slow-ms` says otherwise."""

_SHARE = 0.2
_PERCENT = 95
_NAMED = 3
_MODELS = "django.db.models.signals."


def slow_receivers(calls: Iterable[ReceiverCalls], slow_ms: float = SLOW_MS) -> Iterator[Finding]:
    """Find those of which one call in twenty is slow, and that take a fifth of their chains.

    The time of a receiver is its own, without that of the receivers that it set off in turn. Each
    sender's calls are judged by themselves; the slow ones of a receiver and signal are told as one.
    """
    slow: defaultdict[tuple[object, ...], list[ReceiverCalls]] = defaultdict(list)
    for one in calls:
        high = one.alone.percentile(_PERCENT)
        if one.origin != "django" and _share(one) >= _SHARE and high >= slow_ms * 1e6:
            slow[one.receiver, one.signal, one.file, one.line].append(one)
    return map(_finding, slow.values())


def _share(calls: ReceiverCalls) -> float:
    return min(calls.alone_ns / calls.around_ns, 1) if calls.around_ns else 0


def _finding(senders: list[ReceiverCalls]) -> Finding:
    one, alone, slowest = senders[0], Durations(), Slowest()
    for calls in senders:
        alone.absorb(calls.alone)
        slowest.absorb(calls.slowest)
    alone_ns = sum(calls.alone_ns for calls in senders)
    sql_ns = sum(calls.sql_ns for calls in senders)
    said = f"1 call: {_ms(alone.greatest)}"
    if alone.count > 1:
        said = f"{alone.count:,} calls: half took {_ms(alone.percentile(50))} or more, "
        said += f"one in twenty {_ms(alone.percentile(_PERCENT))}, "
        said += f"the slowest {_ms(alone.greatest)}"
    parts = [(said,)]
    if sql_ns * 100 > alone_ns:
        share = f"{min(sql_ns / alone_ns, 1):.0%}"
        parts.append((f"{share} of its time is executing SQL, fetching rows not included",))
    signal, evidence = last_part(one.signal), slowest.ids()
    return finding(
        "R003",
        (Name(one.receiver), f" takes {_chains(senders)} with {signal}{_of(senders)}"),
        details=tuple(parts),
        file=one.file,
        line=one.line,
        evidence=evidence,
        count=alone.count,
        # In the slowest chains it may be others that are slow.
        show=("--tree", *roots(evidence), "--slowest", str(len(evidence))),
        weight=alone_ns,
    )


def _chains(senders: list[ReceiverCalls]) -> str:
    """How much of its chains it takes; of several senders, which may share chains, no count."""
    shares = sorted({f"{_share(one):.0%}" for one in senders}, key=lambda said: int(said[:-1]))
    if len(senders) > 1:
        return f"{' to '.join(dict.fromkeys((shares[0], shares[-1])))} of its chains"
    chains = senders[0].chains
    return f"{shares[0]} of {'its chain' if chains == 1 else f'its {chains:,} chains'}"


def _of(senders: list[ReceiverCalls]) -> str:
    """The senders where they are models: another one may be anything, and new each time."""
    names = [one.sender for one in senders if one.sender is not None]
    if not names or not senders[0].signal.startswith(_MODELS):
        return ""
    return f" of {', '.join(names) if len(names) <= _NAMED else f'{len(names):,} models'}"


def _ms(ns: float) -> str:
    return f"{ns / 1e6:,.1f} ms"
