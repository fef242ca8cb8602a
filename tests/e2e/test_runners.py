"""Test runners under `sigtrace run`: every process that ran a test is traced, all end as without it."""

from __future__ import annotations

from dataclasses import dataclass
from signal import SIGTERM
from typing import TYPE_CHECKING

import pytest

from tests.e2e import worksite
from tests.e2e.plays import Played, Way, check_live_view, check_same_end, check_trace, play
from tests.e2e.terminal import CTRL_C

if TYPE_CHECKING:
    from tests.support import Site


# In the order in which tests end, and as many as have ended.
DOTS = r"^[.F]+( |$)"


@dataclass(frozen=True)
class Runner:
    """How it is started, in how many processes it runs tests, how many SIGTERM leaves behind.

    `noise` is what it writes when it is interrupted, depending on which of its processes is faster.
    """

    command: tuple[str, ...]
    members: int = 1
    leaves: int = 0
    noise: str = DOTS


RUNNERS = {
    # Django's pool is not told of the end of its parent.
    "test --parallel 2, fork": Runner(("manage.py", "test", "--parallel", "2"), 2, 2),
    "test --parallel 2, spawn": Runner(("spawning.py", "test", "--parallel", "2"), 2, 3, "."),
    "pytest": Runner(("-m", "pytest", "-p", "no:django", "work/tests.py")),
    "pytest-django": Runner(("-m", "pytest", "work/tests.py", "blog/tests.py")),
    "pytest -n 2": Runner(
        ("-m", "pytest", "-n", "2", "work/tests.py"), 2, noise=r"^[.F]|PluggyTeardown"
    ),
}
LIVE = ("--live-to", "live")
WAYS = {
    "untraced": Way(None, None),
    "traced": Way(LIVE, None),
    "untraced, Ctrl-C": Way(None, CTRL_C),
    "traced, Ctrl-C": Way((), CTRL_C),
    "untraced, SIGTERM": Way(None, SIGTERM),
    "traced, SIGTERM": Way(LIVE, SIGTERM),
}

SPAWNING = """
import multiprocessing

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    from manage import main
    main()
"""

# Where pytest-django does not do that.
CONFTEST = """
import django
django.setup()
"""


@pytest.fixture(scope="module", params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> Runner:
    return RUNNERS[request.param]


@pytest.fixture(scope="module")
def played(
    runner: Runner, migrated_site: Site, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Played]:
    folder = tmp_path_factory.mktemp("runners")

    def make(name: str) -> Site:
        ends_itself = WAYS[name].end is None
        # Django's pool hands over a failure only where tblib is installed.
        env = {"FAILS": "1"} if ends_itself and "test" not in runner.command else {}
        hangs = "" if ends_itself else "one two"
        site = worksite.make(migrated_site, folder / name, runner.members, hangs, **env)
        (site.path / "spawning.py").write_text(SPAWNING)
        if "no:django" in runner.command:
            (site.path / "conftest.py").write_text(CONFTEST)
        return site

    return play(WAYS, make, lambda site: runner.command, worksite.met, runner.leaves)


def test_whoever_ran_a_test_is_traced(played: dict[str, Played]) -> None:
    for name in ("traced", "traced, Ctrl-C", "traced, SIGTERM"):
        check_trace(played[name])


def test_it_says_and_returns_the_same(runner: Runner, played: dict[str, Played]) -> None:
    check_same_end(played["untraced"], played["traced"], noise=DOTS)
    assert played["traced"].ended.status == ("FAILS" in played["traced"].site.env)
    assert played["traced"].ended.left == 0


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_it_is_interrupted_as_without_us(
    runner: Runner, played: dict[str, Played], how: str
) -> None:
    check_same_end(played[f"untraced, {how}"], played[f"traced, {how}"], runner.noise)


def test_it_is_not_live_in_a_terminal(played: dict[str, Played]) -> None:
    shown = played["traced, Ctrl-C"].ended.shown
    assert "sigtrace: " in shown
    assert "● " not in shown


def test_each_chain_says_whose_it_is(played: dict[str, Played]) -> None:
    for name in ("traced", "traced, SIGTERM"):
        live = (played[name].site.path / "live").read_text("utf-8")
        check_live_view(live, played[name].work)
