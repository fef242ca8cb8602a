"""A run as Chrome trace events, for ui.perfetto.dev and other viewers of that format.

One track a process and thread. What nests in time on a track is a complete event (`X`); what
overlaps there, async receivers and chains that one event loop runs in turns, are nestable async
events (`b`, `e`), and so are atomic blocks, which are no span's parent. Flows lead from where an
`on_commit` callback was registered to where it ran, and from one thread to another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sigtrace.tree import FINISHED, REGISTERED, process_of
from sigtrace.views.text import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.tree import Chain, Span
    from sigtrace.views.formats.tracks import Track, Tracks
    from sigtrace.views.formats.values import Values

Event = dict[str, Any]


class _Step(NamedTuple):
    """A span on its way to its event, or the end of an async one; `group` is its async tree."""

    span: Span
    above: Track | None = None
    group: str = ""
    overlaps: bool = False
    end: Event | None = None


class Perfetto:
    """Turns what a run consists of into trace events. Times are microseconds since `start`."""

    def __init__(self, values: Values, start: int, tracks: Tracks, run: str = "") -> None:
        self._values = values
        self._start = start
        self._tracks = tracks
        # Span ids and processes are unique within a run only.
        self._run = run
        self._callbacks: dict[str, tuple[int, Track]] = {}
        self._flow = 0

    def note(self, line: Event) -> Iterator[Event]:
        """Take a line that is no span of a chain: a process, the end of an atomic block."""
        if line["event"] == "process":
            yield from self._tracks.process(line, self._run)
        elif line["event"] == "end":
            process = self._run + process_of(line["id"])
            track = self._tracks.of(process, line.get("thread"))
            outcome = line.get("outcome")
            name = str(line.get("name")) + (f" {outcome}" if outcome else "")
            block = {
                "cat": "transaction",
                "id": self._run + line["id"],
                "name": name,
                **track._asdict(),
            }
            ended = line["time"] + (line.get("duration_ns") or 0)
            yield {**block, "ph": "b", "ts": self._time(line["time"])}
            yield {**block, "ph": "e", "ts": self._time(ended)}
            yield from self._tracks.new()

    def chain(self, chain: Chain) -> Iterator[Event]:
        """Take a chain."""
        todo = [_Step(chain.root)]
        while todo:
            step = todo.pop()
            if step.end is not None:
                yield step.end
                continue
            span = step.span
            if span.kind == "transaction":
                # Told of when it ended.
                continue
            thread = span.event.get("thread")
            if thread is None and step.above is not None:
                track = step.above
            else:
                track = self._tracks.of(self._run + chain.process, thread)
            if span.state == REGISTERED:
                self._callbacks[span.id] = (span.time, track)
                continue
            hops = step.above not in (None, track)
            group = step.group
            if step.above is None or hops:
                group = span.id if self._tracks.is_busy(track, span.time) else ""
            elif step.overlaps or (not group and span.event.get("mode") == "async"):
                group = span.id
            event = self._event(span, track, chain)
            if group:
                begin, end = self._asynchronous(event, span, group)
                yield begin
                todo.append(_Step(span, end=end))
            else:
                yield event
                self._tracks.take(track, span.time + span.duration_ns)
                yield from self._arrow(span, track, step.above if hops and not step.group else None)
            todo += reversed(list(_below(span, track, group)))
        yield from self._tracks.new()

    def _event(self, span: Span, track: Track, chain: Chain) -> Event:
        facts = self._values.facts(span)
        if span.exception is not None:
            facts["exception"] = span.exception
        if span.state != FINISHED:
            facts["unfinished"] = True
        if chain.scope is not None and span is chain.root:
            facts["scope"] = chain.scope.label
        calls = span.kind in ("receiver", "on_commit")
        event: Event = {
            "cat": span.kind,
            "name": short(span.name) if calls else span.name,
            **track._asdict(),
            "ts": self._time(span.time),
            "args": facts,
        }
        if span.event.get("discarded"):
            return {**event, "ph": "i", "s": "t"}
        return {**event, "ph": "X", "dur": _microseconds(span.duration_ns)}

    def _asynchronous(self, event: Event, span: Span, group: str) -> tuple[Event, Event]:
        both = {name: event[name] for name in ("name", "pid", "tid", "ts")}
        both |= {"cat": "async", "id": self._run + group}
        ended = self._time(span.time + span.duration_ns)
        begin = {**both, "ph": "b", "args": {"kind": span.kind, **event["args"]}}
        return begin, {**both, "ph": "e", "ts": ended}

    def _arrow(self, span: Span, track: Track, above: Track | None) -> Iterator[Event]:
        """The flow that ends where a span begins, from its registration or from another thread."""
        begun, source = self._callbacks.pop(span.id, (span.time, above))
        if source is None or span.event.get("discarded"):
            return
        self._flow += 1
        flow = {"cat": "flow", "name": span.kind, "id": self._flow}
        yield {**flow, "ph": "s", "ts": self._time(begun), **source._asdict()}
        yield {**flow, "ph": "f", "bp": "e", "ts": self._time(span.time), **track._asdict()}

    def _time(self, ns: int) -> float:
        return _microseconds(ns - self._start)


def write_events(events: Iterator[Event], start: int) -> Iterator[str]:
    """The whole file, an event a line."""
    head = {"displayTimeUnit": "ms", "otherData": {"start_unix_ns": str(start)}}
    yield json.dumps(head, separators=(",", ":"))[:-1] + ',"traceEvents":['
    mark = "\n"
    for event in events:
        yield mark + json.dumps(event, separators=(",", ":"))
        mark = ",\n"
    yield "\n]}\n"


def _below(span: Span, track: Track, group: str) -> Iterator[_Step]:
    """The children; `overlaps` where one is not within its parent or runs beside one before it."""
    end = span.time + span.duration_ns
    until = span.time
    for child in span.children:
        if child.kind == "transaction":
            continue
        ended = child.time + child.duration_ns
        overlaps = child.time < until or ended > end
        same_thread = child.event.get("thread") == span.event.get("thread")
        on_track = group or child.event.get("mode") != "async"
        if same_thread and not overlaps and on_track:
            until = ended
        yield _Step(child, track, group, overlaps)


def _microseconds(ns: int) -> float:
    """With a fifth of a nanosecond on top: readers cut off what is behind the third digit."""
    return (ns * 10 + 2) / 10_000
