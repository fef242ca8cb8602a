"""Runs batches with one part of the probe left out, another part each time, in a traced program.

`python -m tests.benchmarks.parts FOLDER CLOCK`, run traced: each line of standard input is what the
worker can be asked for and a number of rounds, each answer a line of JSON: the least microseconds
an operation without each part. A part is left out by putting the least that works in its place.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from tests.benchmarks.measure import alternate, batch_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Part = Callable[[Any], AbstractContextManager[Any]]

BATCH_NS = 2_000_000
LEAST_WARM = 10


def leave_out(module: str, path: str, replacement: Callable[..., Any]) -> Part:
    """What puts a replacement for `path` into a module of the probe: a method, or a global."""

    def part(recorder: Any) -> AbstractContextManager[Any]:
        *owners, name = path.split(".")
        owner = sys.modules[f"_sigtrace.probe.{module}"]
        for each in owners:
            owner = getattr(owner, each)
        return mock.patch.object(owner, name, replacement)

    return part


def nothing(recorder: Any) -> AbstractContextManager[Any]:
    return ExitStack()


@contextmanager
def hooks(recorder: Any) -> Iterator[None]:
    patching = sys.modules["_sigtrace.probe.patching"]
    replaced = [*only(patching.Patches)._replaced]
    for owner, name, before, _ in reversed(replaced):
        if before is patching._MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
    try:
        yield
    finally:
        for owner, name, _, value in replaced:
            setattr(owner, name, value)


def recording(recorder: Any) -> AbstractContextManager[Any]:
    return mock.patch.object(recorder, "active", new=False)


def queries(recorder: Any) -> AbstractContextManager[Any]:
    hooks_on_queries = only(sys.modules["_sigtrace.probe.queries"].QueryHooks)
    return mock.patch.object(hooks_on_queries, "_sql", new=False)


def sends(recorder: Any) -> AbstractContextManager[Any]:
    stack = ExitStack()
    stack.enter_context(leave_out("sends", "Sends._open", lambda *args: None)(recorder))
    # Nor as one whose begin was missed.
    late = leave_out("signals", "late_receivers", lambda tools, signal, sender, live, loop: live)
    stack.enter_context(late(recorder))
    return stack


def fork_mark(recorder: Any) -> AbstractContextManager[Any]:
    return mock.patch.object(recorder.process, "mark", (1,))


def check(recorder: Any) -> AbstractContextManager[Any]:
    sink = recorder.process.sink
    return leave_out("sink", "lseek", lambda *where: sink._offset)(recorder)


def system_calls(recorder: Any) -> AbstractContextManager[Any]:
    stack = ExitStack()
    stack.enter_context(check(recorder))
    stack.enter_context(leave_out("sink", "write", lambda descriptor, data: len(data))(recorder))
    return stack


def changes(recorder: Any) -> AbstractContextManager[Any]:
    heard = sys.modules["_sigtrace.probe.sending"].Sending.heard

    def heard_without(self: Any, *args: Any) -> None:
        heard(self, *args)
        self.instance = None

    return leave_out("sending", "Sending.heard", heard_without)(recorder)


def iterate_plainly(self: Any, receivers: Iterator[Any]) -> Iterator[Any]:
    self.reached = self.plan.calls
    yield from receivers


def begin_silently(self: Any, span: Any) -> None:
    span.begun = True


NOWHERE_ROW = ',"row":null,"differs":null'

PARTS: dict[str, Part] = {
    "nothing": nothing,
    "everything": hooks,
    "all but the hooks": recording,
    "sends, with their receivers": sends,
    "  receivers": leave_out("receiving", "Receiving.iterate", iterate_plainly),
    "  what receivers change": changes,
    "  arguments": leave_out("describe", "Describer.arguments", lambda *args: "{}"),
    "  who will be called": leave_out(
        "wording", "Wordings.plan", lambda self, wording, *args: wording.plan
    ),
    "queries": queries,
    "call sites": leave_out(
        "sites",
        "Sites.find",
        lambda self, instance=None: sys.modules["_sigtrace.probe.places"].NOWHERE,
    ),
    "rows, and what differs": leave_out("rows", "Rows.saved", lambda self, *a, **k: NOWHERE_ROW),
    "keys": leave_out("describe", "Describer.key", lambda *args: "null"),
    "begin lines but receivers'": leave_out("recorder", "Recorder.begin", begin_silently),
    "end lines but receivers'": leave_out("recorder", "Recorder.end", lambda *args: None),
    "writing": leave_out("sink", "Sink.write", lambda *args: None),
    "  system calls": system_calls,
    "    lseek": check,
    "  asking for a fork": fork_mark,
}
"""By what the table calls them; indented is what is a part of the one above."""


def only(kind: type) -> Any:
    """The one object of a type that there is in this process."""
    (found,) = (each for each in gc.get_objects() if type(each) is kind)
    return found


class Without:
    """Runs batches without a part."""

    def __init__(
        self, part: Part, recorder: Any, run: Callable[[str, Iterator[None]], int]
    ) -> None:
        self._part = part
        self._recorder = recorder
        self._run = run

    def ask(self, scenario: str, operations: int) -> int:
        """Run a batch; nanoseconds."""
        with self._part(self._recorder):
            # The interpreter forgets what it knew of a class that is changed.
            self._run(scenario, iter([None] * max(LEAST_WARM, operations // 2)))
            taken = self._run(scenario, iter([None] * operations))
        sink = self._recorder.process.sink
        if sink.full:
            sys.exit("the run has reached its size limit")
        os.truncate(sink.path, 0)
        return taken


def main() -> None:
    from tests.benchmarks.worker import prepare, run

    prepare()
    recorder = only(sys.modules["_sigtrace.probe.recorder"].Recorder)
    sides = {name: Without(part, recorder, run) for name, part in PARTS.items()}
    for line in sys.stdin:
        scenario, _, rounds = line.rpartition(" ")
        operations = batch_size(sides["everything"], scenario, BATCH_NS)
        taken = alternate(sides, scenario, operations, int(rounds))
        least = {name: min(each) / operations / 1000 for name, each in taken.items()}
        print(json.dumps(least), flush=True)


if __name__ == "__main__":
    main()
