"""A run as OpenTelemetry spans: JSON lines, a TracesData object for each chain.

The chains of one request, command, test or task are one trace, each other chain is its own. What a
callback was registered by is a link. Attributes are those of OpenTelemetry's semantic conventions;
what those do not have is under `django.signal`.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sigtrace import __version__
from sigtrace.tree import FINISHED, REGISTERED, Span
from sigtrace.views.formats.attributes import attributes, resource, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.tree import Chain
    from sigtrace.views.formats.values import Values

Event = dict[str, Any]

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2


class Otlp:
    """Turns chains into lines. Ids come from those of the run: the same run gives the same ones."""

    def __init__(self, values: Values, run: str, service: str) -> None:
        self._values = values
        self._run = run
        self._service = service
        self._processes: dict[str, Event] = {}
        # Callbacks that wait → the trace in which they were registered.
        self._registered: dict[str, str] = {}

    def note(self, line: Event) -> None:
        """Take a line that is no span of a chain: what became of a block, a process."""
        if line["event"] == "process":
            self._processes[str(line.get("process"))] = line

    def chain(self, chain: Chain) -> str:
        """Take a chain; return its line."""
        trace = self._trace(chain)
        spans = [self._span(span, trace, chain) for span in self._spans(chain, trace)]
        process = self._processes.get(chain.process, {})
        scope = {"name": "sigtrace", "version": __version__}
        data = {
            "resourceSpans": [
                {
                    "resource": {"attributes": resource(self._service, process)},
                    "scopeSpans": [{"scope": scope, "spans": spans}],
                }
            ]
        }
        return json.dumps(data, separators=(",", ":")) + "\n"

    def _spans(self, chain: Chain, trace: str) -> Iterator[Span]:
        todo = [chain.root]
        while todo:
            span = todo.pop()
            if span.state == REGISTERED:
                self._registered[span.id] = trace
                continue
            todo += reversed(span.children)
            yield span

    def _span(self, span: Span, trace: str, chain: Chain) -> Event:
        found: Event = {
            "traceId": trace,
            "spanId": self._id(span.id),
            "name": span.name,
            "kind": _CLIENT if span.kind == "query" else _INTERNAL,
            "startTimeUnixNano": str(span.time),
            "endTimeUnixNano": str(span.time + span.duration_ns),
            "attributes": attributes(span, self._values.facts(span)),
        }
        if span.parent is not None and (span is not chain.root or chain.scope is not None):
            found["parentSpanId"] = self._id(span.parent)
        if span.exception is not None:
            found["status"] = {"code": _ERROR}
        if span.state != FINISHED:
            found["attributes"].append(value_of("django.signal.unfinished", value=True))
        if span is chain.root and chain.scope is not None:
            kind, name = chain.scope.kind, chain.scope.name
            found["attributes"].append(value_of("django.signal.scope.kind", kind))
            found["attributes"].append(value_of("django.signal.scope.name", name))
        by = span.text("registered_by")
        if by and span.id in self._registered:
            link = {"traceId": self._registered.pop(span.id), "spanId": self._id(by)}
            found["links"] = [link]
        return found

    def _trace(self, chain: Chain) -> str:
        whole = chain.root.id if chain.scope is None else f"scope {chain.scope.id}"
        return blake2b(f"{self._run} {whole}".encode(), digest_size=16).hexdigest()

    def _id(self, span_id: str) -> str:
        return blake2b(f"{self._run} {span_id}".encode(), digest_size=8).hexdigest()
