"""R003: receivers that take a good part of the chains in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigtrace.analysis.findings.finding import Name, finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sigtrace.analysis.figures import ReceiverCalls
    from sigtrace.analysis.findings.finding import Finding

SLOW_MS = 10.0
"""Milliseconds that are slow, unless `--slow-ms` says otherwise."""

_SHARE = 0.2
_PERCENT = 95


def slow_receivers(calls: Iterable[ReceiverCalls], slow_ms: float = SLOW_MS) -> Iterator[Finding]:
    """Find those of which one call in twenty is slow, and that take a fifth of their chains.

    The time of a receiver is its own, without that of the receivers that it set off in turn.
    """
    for one in calls:
        high = one.alone.percentile(_PERCENT)
        share = min(one.alone_ns / one.around_ns, 1) if one.around_ns else 0
        if one.origin != "django" and share >= _SHARE and high >= slow_ms * 1e6:
            yield _finding(one, share, high)


def _finding(one: ReceiverCalls, share: float, high: int) -> Finding:
    most = _ms(one.alone.greatest)
    said = f"1 call: {most}"
    if one.calls > 1:
        said = f"{one.calls:,} calls: half took {_ms(one.alone.percentile(50))} or more, "
        said += f"one in twenty {_ms(high)}, the slowest {most}"
    parts = [(said,)]
    if one.sql_ns * 100 > one.alone_ns:
        parts.append((f"{min(one.sql_ns / one.alone_ns, 1):.0%} of its time is SQL",))
    of = "its chain" if one.chains == 1 else f"its {one.chains:,} chains"
    signal = one.signal.rpartition(".")[2]
    return finding(
        "R003",
        (Name(one.receiver), f" takes {share:.0%} of {of} with {signal}"),
        details=tuple(parts),
        file=one.file,
        line=one.line,
        evidence=one.slowest.ids(),
        count=one.calls,
        show=("--tree", "--around", one.receiver, "--slowest", "3"),
        weight=one.alone_ns,
    )


def _ms(ns: float) -> str:
    return f"{ns / 1e6:,.1f} ms"
