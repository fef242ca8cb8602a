"""Task workers and other processes under `sigtrace run`: all traced, all ending as without it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING

import pytest
from celery import Celery

from tests.e2e import worksite
from tests.e2e.jobs import PATIENCE, await_that
from tests.e2e.plays import Played, Way, check_live_view, check_same_end, check_trace, play
from tests.e2e.terminal import CTRL_C

if TYPE_CHECKING:
    from tests.support import Site

LIVE = ("--live-to", "live")

# Celery


@pytest.fixture(scope="module")
def celery(
    migrated_site: Site, tmp_path_factory: pytest.TempPathFactory, redis_server: str
) -> dict[str, Played]:
    folder = tmp_path_factory.mktemp("celery")
    ways = {
        "untraced, Ctrl-C": Way(None, CTRL_C),
        "traced, Ctrl-C": Way((), CTRL_C),
        "untraced, SIGTERM": Way(None, SIGTERM),
        "traced, SIGTERM": Way(LIVE, SIGTERM),
        "traced, SIGKILL": Way((), SIGKILL),
    }

    def make(name: str) -> Site:
        database = f"{redis_server}/{list(ways).index(name)}"
        return worksite.make(migrated_site, folder / name, BROKER=database)

    command = ("-m", "celery", "-A", "work.tasks", "worker", "-c", "2", "-P", "prefork")
    return play(ways, make, lambda site: command, send_tasks)


def send_tasks(site: Site) -> Counter[int]:
    """Have tasks run until both workers have had one; count those of each."""
    work: Counter[int] = Counter()
    with Celery(broker=site.env["BROKER"], backend=site.env["BROKER"]) as app:

        def send_some() -> bool:
            results = [app.send_task("work.tasks.task") for _ in range(4)]
            work.update(result.get(timeout=PATIENCE) for result in results)
            return len(work) == 2

        await_that(send_some, "a task for each worker")
    return work


def test_each_celery_worker_is_traced(celery: dict[str, Played]) -> None:
    for name in ("traced, Ctrl-C", "traced, SIGTERM", "traced, SIGKILL"):
        check_trace(celery[name])
        check_forked_by_one(celery[name])


def check_forked_by_one(played: Played) -> None:
    """The workers are children of one traced process."""
    lines = {line["pid"]: line for line in played.trace.lines("process")}
    (parent,) = {lines[pid]["parent_process"] for pid in played.work}
    assert parent is not None


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_celery_ends_as_without_us(celery: dict[str, Played], how: str) -> None:
    check_same_end(celery[f"untraced, {how}"], celery[f"traced, {how}"])
    assert celery[f"traced, {how}"].ended.left == 0


def test_no_celery_worker_outlives_a_killed_parent(celery: dict[str, Played]) -> None:
    ended = celery["traced, SIGKILL"].ended
    assert (ended.status, ended.left) == (137, 0)


def test_celery_is_not_live_in_a_terminal(celery: dict[str, Played]) -> None:
    shown = celery["traced, Ctrl-C"].ended.shown
    assert "sigtrace: " in shown
    assert "● " not in shown


def test_each_chain_in_celery_says_whose_it_is(celery: dict[str, Played]) -> None:
    terminated = celery["traced, SIGTERM"]
    check_live_view((terminated.site.path / "live").read_text("utf-8"), terminated.work)


# Processes that a program starts by itself


@dataclass(frozen=True)
class Program:
    """What it does, in how many processes, how many of them SIGTERM to the first one leaves."""

    source: str
    members: int = 2
    leaves: int = 2


POOL = """
import multiprocessing
from work import meet

if __name__ == "__main__":
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        pool.map(meet, ["one", "two"], chunksize=1)
    raise SystemExit(3)
"""
FORKS = """
import os
from work import meet

def start(name):
    child = os.fork()
    if child == 0:
        meet(name)
        os._exit(3)
    return child

children = [start("one"), start("two")]
raise SystemExit(max(os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children))
"""
STARTS = """
import subprocess, sys

def start(name):
    return subprocess.Popen([sys.executable, "-c", f"import work; work.meet('{name}'); exit(3)"])

children = [start("one"), start("two")]
raise SystemExit(max(child.wait() for child in children))
"""
BECOMES_ANOTHER = """
import os, sys
from work import meet

if len(sys.argv) == 1:
    meet("before")
    os.execv(sys.executable, [sys.executable, *sys.argv, "again"])
meet("one")
raise SystemExit(3)
"""
PROGRAMS = {
    "multiprocessing spawn": Program(POOL.format(method="spawn"), leaves=3),
    "multiprocessing forkserver": Program(POOL.format(method="forkserver"), leaves=4),
    "os.fork": Program(FORKS),
    "subprocess": Program(STARTS),
    "os.execv": Program(BECOMES_ANOTHER, members=1, leaves=0),
}
WAYS = {
    "untraced": Way(None, None),
    "traced": Way(LIVE, None),
    "untraced, Ctrl-C": Way(None, CTRL_C),
    "traced, Ctrl-C": Way((), CTRL_C),
    "untraced, SIGTERM": Way(None, SIGTERM),
    "traced, SIGTERM": Way(LIVE, SIGTERM),
}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    return PROGRAMS[request.param]


@pytest.fixture(scope="module")
def played(
    program: Program, migrated_site: Site, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Played]:
    folder = tmp_path_factory.mktemp("programs")

    def make(name: str) -> Site:
        hangs = "" if WAYS[name].end is None else "one two"
        site = worksite.make(migrated_site, folder / name, program.members, hangs)
        (site.path / "program.py").write_text(program.source)
        return site

    return play(WAYS, make, lambda site: ("program.py",), worksite.met, program.leaves)


def test_each_process_is_traced(program: Program, played: dict[str, Played]) -> None:
    for name in ("traced", "traced, Ctrl-C", "traced, SIGTERM"):
        check_trace(played[name])
        assert len(played[name].work) == program.members


def test_it_ends_as_without_us(played: dict[str, Played]) -> None:
    check_same_end(played["untraced"], played["traced"])
    assert (played["traced"].ended.status, played["traced"].ended.left) == (3, 0)


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_it_is_interrupted_as_without_us(played: dict[str, Played], how: str) -> None:
    # Which process writes its traceback first differs, and their lines mix.
    check_same_end(played[f"untraced, {how}"], played[f"traced, {how}"], noise=".")


def test_each_chain_says_whose_it_is(played: dict[str, Played]) -> None:
    for name in ("traced", "traced, SIGTERM"):
        check_live_view((played[name].site.path / "live").read_text("utf-8"), played[name].work)
