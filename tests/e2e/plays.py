"""One program played several times at once, untraced and traced, each ended in another way."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.jobs import Ended, Job
from tests.e2e.terminal import CTRL_C

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support import Site, Trace


@dataclass(frozen=True)
class Way:
    """How a program is run, and how it ends: by Ctrl-C, by a signal to what the shell started, or
    by itself (None). Ctrl-C is pressed where it writes to the terminal; else it writes to a file.
    """

    options: tuple[str, ...] | None
    end: str | signal.Signals | None


@dataclass(frozen=True)
class Played:
    """What became of it: `work` counts by pid how often a process said that it had worked, `family`
    is the parent of each process at that time, empty where it ended by itself.
    """

    site: Site
    work: Counter[int]
    family: Mapping[int, int]
    ended: Ended

    @property
    def trace(self) -> Trace:
        return self.site.trace()


def play(
    ways: Mapping[str, Way],
    make: Callable[[str], Site],
    command: Callable[[Site], Sequence[str]],
    keep_busy: Callable[[Site], Counter[int]],
    leaves: int = 0,
) -> dict[str, Played]:
    """Run `command` in each of the ways, each in a site of its own, all at the same time.

    `keep_busy` makes a program work before it is ended, or looks what it has done where it ends
    by itself, and returns the counts of `Played`. SIGTERM may leave `leaves` processes behind.
    """
    with contextlib.ExitStack() as stack:
        jobs = {}
        for name, way in ways.items():
            site = make(name)
            file = None if way.end == CTRL_C else "written"
            job = stack.enter_context(Job(site, command(site), way.options, file))
            jobs[name] = (way, site, job)
        work, family = {}, {}
        for name, (way, site, job) in jobs.items():
            if way.end is not None:
                work[name], family[name] = keep_busy(site), job.processes
        for way, _, job in jobs.values():
            if isinstance(way.end, signal.Signals):
                os.kill(job.pid, way.end)
            elif way.end is not None:
                job.terminal.type(way.end)
        played = {}
        for name, (way, site, job) in jobs.items():
            ended = job.end(leaves if isinstance(way.end, signal.Signals) else 0)
            done = work[name] if name in work else keep_busy(site)
            played[name] = Played(site, done, family.get(name, {}), ended)
        return played


def check_same_end(untraced: Played, traced: Played, noise: str = "") -> None:
    """The same status, the same text, and nothing is left that would not be left untraced.

    `noise` is a regular expression of lines that depend on which process is faster.
    """
    assert traced.ended.status == untraced.ended.status
    differing = traced.ended.words ^ untraced.ended.words
    assert not {line for line in differing if not noise or not re.search(noise, line)}
    assert traced.ended.left <= untraced.ended.left


def check_trace(played: Played) -> None:
    """Whoever worked has recorded it, each time, below the right spans and parents."""
    trace = played.trace
    chains = trace.spans("send", name="worked")
    assert Counter(span["pid"] for span in chains) == played.work
    for span in chains:
        (call,) = trace.children(span)
        (inner,) = trace.children(call)
        (last,) = trace.children(inner)
        assert [each["name"] for each in (call, inner, last)] == [
            "work.take_a_while",
            "noted",
            "work.note",
        ]
        assert {each["pid"] for each in (call, inner, last)} == {span["pid"]}
    lines = {line["process"]: line for line in trace.lines("process")}
    for line in lines.values():
        if line["pid"] in played.family:
            assert line["ppid"] == played.family[line["pid"]]
        if line["parent_process"] is not None:
            assert line["ppid"] == lines[line["parent_process"]]["pid"]


def check_live_view(live: str, work: Mapping[int, int]) -> None:
    """No chain holds a line of another process's, and with several of them it says whose it is.

    `live` is what was shown, `work` who has worked.
    """
    shown: Counter[int] = Counter()
    named: set[int] = set()
    whose = None
    for part in re.findall(r"[▸●] [^▸●\n]*(?:\n[ ├│└].*)*", live):
        if part.startswith("▸"):
            found = re.search(r"(?:process|pid) (\d+)", part)
            whose = int(found[1]) if found is not None else None
        elif part.startswith("● worked"):
            workers = re.findall(r"worker=(\d+)", part)
            assert len(workers) == 2, part
            assert len(set(workers)) == 1, part
            (worker,) = {int(pid) for pid in workers}
            shown[worker] += 1
            assert whose in (None, worker)
            # Before a second one is seen there is no need to say.
            assert whose is not None or set(shown) == {worker}
            if whose is not None:
                named.add(worker)
    assert set(shown) == set(work)
    assert len(work) == 1 or len(named) >= len(work) - 1
