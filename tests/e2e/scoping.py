"""What the tests of scopes ask of a trace: which chains were recorded in which scope."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sigtrace.events import CHAIN_KINDS

if TYPE_CHECKING:
    from tests.support import Trace


def scopes(trace: Trace) -> dict[str, dict[str, Any]]:
    """The last line of every scope, by id."""
    return {line["id"]: line for line in trace.lines("scope")}


def chains(trace: Trace) -> dict[tuple[str, ...], list[str]]:
    """Names of the roots that anybody heard or that wrote something, by their scopes: innermost first.

    `{("request POST x", "test a::b"): ["Article.save()"]}`; what has no scope stands under `()`.
    """
    known = scopes(trace)
    found = defaultdict(list)
    for span in sorted(trace.lines("end"), key=lambda span: span["time"]):
        if span["parent"] is not None or span["kind"] not in CHAIN_KINDS:
            continue
        if span["name"].startswith(("request_", "connection_", "pre_migrate", "post_migrate")):
            continue
        path = []
        scope = span["scope"]
        while scope is not None:
            path.append(f"{known[scope]['kind']} {known[scope]['name']}")
            scope = known[scope]["parent"]
        found[tuple(path)].append(span["name"])
    return dict(found)
