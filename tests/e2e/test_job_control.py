"""`sigtrace run` in an interactive shell: keys, stopped and continued jobs, as without it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.terminal import CTRL_BACKSLASH, CTRL_C, CTRL_D, CTRL_Z, PROMPT, Terminal
from tests.support import ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLEEPS = "import time; print('started', flush=True); time.sleep(30)"
STOPS = "import time; print('started', flush=True); time.sleep(1.5); print('done')"
CLEANS_UP = (
    "import time, sys\n"
    "try: print('started', flush=True); time.sleep(30)\n"
    "except KeyboardInterrupt:\n"
    "    time.sleep(0.3); print('cleaned up', flush=True); sys.exit(5)\n"
)
READS = "import time; time.sleep(0.5); print('got', input())"


@pytest.fixture
def compare(tmp_path: Path) -> Callable[[Callable[[Terminal, str], list[str]]], list[str]]:
    """Play a scene with native and with traced commands; both screens must be the same."""
    for name, source in {
        "sleeps": SLEEPS,
        "stops": STOPS,
        "cleans_up": CLEANS_UP,
        "reads": READS,
    }.items():
        (tmp_path / f"{name}.py").write_text(source)
    native = f"{sys.executable} "
    traced = f"{sys.executable} -m sigtrace run --quiet --no-live {native}"

    def play(scene: Callable[[Terminal, str], list[str]]) -> list[str]:
        screens = []
        for command in (native, traced):
            with Terminal(tmp_path, clean_environment(PYTHONPATH=str(ROOT))) as terminal:
                shown = scene(terminal, command)
                # The shell shows the command, which is not what is compared.
                screens.append([text.replace(command, "") for text in shown])
        assert screens[1] == screens[0]
        return screens[1]

    return play


@pytest.mark.parametrize(
    ("key", "program", "status"),
    [(CTRL_C, "sleeps", 130), (CTRL_C, "cleans_up", 5), (CTRL_BACKSLASH, "sleeps", 131)],
)
def test_keys_that_interrupt(
    compare: Callable[..., list[str]], key: str, program: str, status: int
) -> None:
    def scene(terminal: Terminal, command: str) -> list[str]:
        terminal.enter(f"{command}{program}.py")
        terminal.expect("\nstarted\n")
        time.sleep(0.3)  # it says so before it sleeps
        terminal.type(key)
        return [terminal.expect(PROMPT), terminal.run("echo status $?")]

    assert compare(scene)[-1] == f"\nstatus {status}\n"


def test_stopped_and_continued(compare: Callable[..., list[str]]) -> None:
    def scene(terminal: Terminal, command: str) -> list[str]:
        shown = []
        terminal.enter(f"{command}stops.py")
        terminal.expect("\nstarted\n")
        time.sleep(0.3)  # it says so before it sleeps
        terminal.type(CTRL_Z)
        shown += [terminal.expect(PROMPT), terminal.run("jobs")]
        terminal.enter("fg")
        terminal.expect("stops.py\n")
        time.sleep(0.3)
        terminal.type(CTRL_Z)
        shown += [terminal.expect(PROMPT), terminal.run("bg; wait %1; echo status $?")]
        return shown

    shown = compare(scene)
    assert "Stopped" in shown[1]
    assert "done\n" in shown[3]
    assert shown[3].endswith("status 0\n")


def test_a_job_in_the_background_that_reads_is_stopped(compare: Callable[..., list[str]]) -> None:
    def scene(terminal: Terminal, command: str) -> list[str]:
        terminal.enter(f"{command}reads.py &")
        terminal.expect(PROMPT)
        time.sleep(1.5)
        shown = [terminal.run("jobs")]
        terminal.enter("fg")
        terminal.expect("reads.py\n")
        terminal.enter("hello")
        terminal.expect("\ngot hello\n")
        return [*shown, terminal.expect(PROMPT)]

    assert "Stopped" in compare(scene)[0]


def test_a_killed_job(compare: Callable[..., list[str]]) -> None:
    def scene(terminal: Terminal, command: str) -> list[str]:
        terminal.enter(f"{command}sleeps.py &")
        terminal.expect("started\n")
        return [terminal.run("kill %1; wait %1; echo status $?")]

    assert compare(scene)[0].endswith("status 143\n")


def test_end_of_input(compare: Callable[..., list[str]]) -> None:
    def scene(terminal: Terminal, command: str) -> list[str]:
        terminal.enter(f"{command}-c 'import sys; print(len(sys.stdin.read()))'")
        time.sleep(0.7)
        terminal.enter("1234")
        terminal.expect("1234\n")
        terminal.type(CTRL_D)
        return [terminal.expect(PROMPT)]

    assert "5\n" in compare(scene)[0]


def test_in_a_pipeline(compare: Callable[..., list[str]]) -> None:
    def scene(terminal: Terminal, command: str) -> list[str]:
        return [terminal.run(f"{command}-c 'print(input())' < sleeps.py | cat; echo status $?")]

    assert compare(scene)[0].endswith("status 0\n")
