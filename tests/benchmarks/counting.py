"""Counts what of ours runs in one operation of a traced program: nothing that a clock could blur.

`python -m tests.benchmarks.counting FOLDER`, run traced, is the worker that counts: each line of
standard input is a scenario's name, and each answer a line of JSON. Bytecode instructions and calls
are those of our own functions; system calls are the functions of Python's modules for them that
ours call. An operation in the middle is shown, so that what is done once a second is in none.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType

WARM, COUNTED = 50, 21
SYSTEM = {"posix", "fcntl", "mmap", "select", "_io", "_socket", "_posixsubprocess"}


@dataclass(frozen=True)
class Function:
    """What one of our functions does in an operation; `name` is `file:qualified name`."""

    name: str
    instructions: int
    calls: int
    system_calls: int


@dataclass(frozen=True)
class Cost:
    """What an operation takes of each."""

    instructions: int
    calls: int
    system_calls: int

    def exceeds(self, limit: Cost) -> bool:
        """Whether any of them is more than there may be."""
        return (
            self.instructions > limit.instructions
            or self.calls > limit.calls
            or self.system_calls > limit.system_calls
        )


def total(functions: list[Function]) -> Cost:
    """Add up the functions of an operation."""
    return Cost(
        sum(each.instructions for each in functions),
        sum(each.calls for each in functions),
        sum(each.system_calls for each in functions),
    )


class Operations:
    """Hands out operations to a loop, and counts what runs between two of them."""

    def __init__(self, ours: str) -> None:
        self._ours = ours
        self._left = COUNTED
        self._each: list[dict[str, Counter[str]]] = []
        self._instructions: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._system_calls: Counter[str] = Counter()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> None:
        sys.settrace(None)
        sys.setprofile(None)
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        self._instructions, self._calls, self._system_calls = Counter(), Counter(), Counter()
        self._each.append(
            {
                "instructions": self._instructions,
                "calls": self._calls,
                "system_calls": self._system_calls,
            }
        )
        sys.setprofile(self._profile)
        sys.settrace(self._trace)

    def typical(self) -> list[Function]:
        """The operation in the middle, by instructions."""
        ordered = sorted(self._each, key=lambda counted: counted["instructions"].total())
        middle = ordered[len(ordered) // 2]
        names = sorted(set().union(*middle.values()))
        return [
            Function(name, **{what: counter[name] for what, counter in middle.items()})
            for name in names
        ]

    def _name(self, frame: FrameType) -> str | None:
        file = frame.f_code.co_filename
        if not file.startswith(self._ours):
            return None
        return f"{file.removeprefix(self._ours)}:{frame.f_code.co_qualname}"

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        name = self._name(frame)
        if name is None:
            return None
        self._calls[name] += 1
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return self._count

    def _count(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "opcode":
            self._instructions[self._name(frame) or ""] += 1
        return self._count

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if event != "c_call":
            return
        module = getattr(arg, "__module__", None) or type(arg.__self__).__module__
        if module in SYSTEM and (name := self._name(frame)):
            self._system_calls[name] += 1


def main() -> None:
    from tests.benchmarks.worker import prepare, run

    (ours,) = sys.modules["_sigtrace"].__path__
    prepare()
    print("ready", flush=True)
    for line in sys.stdin:
        run(line.strip(), iter([None] * WARM))
        operations = Operations(f"{ours}/")
        run(line.strip(), operations)
        print(json.dumps([asdict(each) for each in operations.typical()]), flush=True)


if __name__ == "__main__":
    main()
