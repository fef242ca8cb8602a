"""The parent beside its target: stopped with it, never holding it up, outlived by daemons alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM
from typing import TYPE_CHECKING

import pytest

from sigtrace.launch.recording import is_live
from tests.e2e import worksite
from tests.e2e.jobs import PATIENCE, Job, await_that
from tests.e2e.terminal import CTRL_C, CTRL_Z, PROMPT
from tests.support import clean_environment, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support import Site

CTRL_S, CTRL_Q = "\x13", "\x11"
RUN = (sys.executable, "-m", "sigtrace", "run")


@pytest.fixture
def site(migrated_site: Site, tmp_path: Path) -> Site:
    return worksite.make(migrated_site, tmp_path / "site")


def state(pid: int) -> str:
    """`T` where it is stopped, `S` where it sleeps; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def is_in_foreground(pid: int) -> bool:
    """Whether the keys of its terminal reach it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    group, foreground = fields[2], fields[5]
    return group == foreground


# What a terminal does


@pytest.fixture(params=["untraced", "traced"])
def server(request: pytest.FixtureRequest, site: Site) -> Iterator[Job]:
    """runserver with its reloader, answering."""
    options = None if request.param == "untraced" else ("--no-live",)
    with Job(site, ("manage.py", "runserver", str(free_port())), options) as job:
        job.terminal.expect("Quit the server with")
        yield job


def test_a_server_is_stopped_and_continued_as_a_whole(server: Job) -> None:
    def stopped() -> list[int]:
        return [pid for pid in server.processes if state(pid) == "T"]

    terminal = server.terminal
    terminal.type(CTRL_Z)
    terminal.expect(PROMPT)
    assert "Stopped" in terminal.run("jobs")
    # The reloader and the server; of ours the parent, but not who only notes signals.
    await_that(lambda: len(stopped()) == (3 if server.traced else 2), "all to stop")
    terminal.run("bg")
    await_that(lambda: not stopped(), "all to go on")
    assert "Running" in terminal.run("jobs")
    terminal.enter("fg")
    await_that(lambda: is_in_foreground(server.pid), "the shell to hand the terminal over")
    terminal.type(CTRL_C)
    ended = server.end()
    assert (ended.status, ended.left) == (0, 0)


def test_nothing_outlives_its_terminal(server: Job) -> None:
    assert server.processes
    server.terminal.close()
    await_that(lambda: not server.processes, "the end of everything")


# Nobody reads what we write, or we are stopped: the target goes on

WORKS = """
from pathlib import Path
from work import work

print("ready", flush=True)
while not Path("go").exists(): pass
for _ in range({times}): work()
Path("done").touch()
raise SystemExit(3)
"""
TIMES = 400
"""More trees than a pipe or a terminal holds."""


@pytest.fixture
def working(site: Site) -> Site:
    """A site whose `works.py` waits for the file `go`, and makes the file `done` at its end."""
    source = WORKS.format(times=TIMES)
    (site.path / "works.py").write_text(source)
    init = site.path / "work" / "__init__.py"
    init.write_text(init.read_text().replace("time.sleep(0.02)", "pass"))
    return site


def start(site: Site, *options: str) -> subprocess.Popen[str]:
    """Start `works.py` traced and live, and wait until it is ready; its stderr is a pipe."""
    process = subprocess.Popen(
        [*RUN, "--live", "--all", *options, "works.py"],
        cwd=site.path,
        env=clean_environment(**site.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def let_it_work(site: Site) -> None:
    (site.path / "go").touch()
    await_that((site.path / "done").exists, "the target to go on")


def test_a_stopped_parent_does_not_hold_the_target(working: Site) -> None:
    with start(working, "--live-to", "live") as process:
        process.send_signal(SIGSTOP)
        await_that(lambda: state(process.pid) == "T", "the stop")
        let_it_work(working)
        assert state(process.pid) == "T"
        process.send_signal(SIGCONT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert (working.path / "live").read_text("utf-8").count("● worked") == TIMES


def test_a_pipe_that_nobody_reads_does_not_hold_the_target(working: Site) -> None:
    with start(working) as process:
        let_it_work(working)
        assert process.poll() is None
        _, written = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert written.count("● worked") == TIMES


def test_a_signal_ends_the_parent_though_nobody_reads(working: Site) -> None:
    with start(working) as process:
        let_it_work(working)
        process.send_signal(SIGTERM)
        # The target may get it on its way out.
        assert process.wait(PATIENCE) in (3, -SIGTERM)


def test_a_held_terminal_does_not_hold_the_target(working: Site) -> None:
    with Job(working, ("works.py",), ("--live", "--all")) as job:
        job.terminal.expect("ready\n")
        job.terminal.type(CTRL_S)
        let_it_work(working)
        job.terminal.type(CTRL_Q)
        ended = job.end()
    assert ended.status == 3
    assert ended.shown.count("● worked") == TIMES


# Processes that go on without the target

DAEMON = """
import os, sys
from pathlib import Path
from work import work

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 4096)
        while not Path("go").exists(): pass
        Path("pid").write_text(str(work()))
    os._exit(0)
os.wait()
work()
"""


def test_a_daemon_is_traced_beyond_the_end_of_the_target(site: Site) -> None:
    (site.path / "daemon.py").write_text(DAEMON)
    done = site.sigtrace("run", "--no-live", "daemon.py")
    assert done.returncode == 0
    trace = site.trace()
    assert len(trace.spans("send", name="worked")) == 1
    assert trace.run["exit_status"] == 0
    (site.path / "go").touch()
    await_that(lambda: len(trace.spans("send", name="worked")) == 2, "the daemon to work")
    await_that(lambda: not is_live(trace.path), "its end")
    first, second = trace.spans("send", name="worked")
    assert first["pid"] != second["pid"] == int((site.path / "pid").read_text())


# As the first process of a container

INSIDE = """
import os, signal, sys, time
from pathlib import Path
from work import work

assert os.getppid() == 1
child = os.fork()
if child == 0:
    orphan = os.fork()
    if orphan:
        Path("orphan").write_text(str(orphan))
    else:
        work()
    os._exit(0)
os.wait()
deadline = time.monotonic() + 30
while Path("/proc", Path("orphan").read_text()).exists():
    assert time.monotonic() < deadline, "nobody has waited for the orphan"
work()
print("waits", flush=True)
signal.pause()
"""


@pytest.fixture
def unshare(tmp_path: Path) -> list[str]:
    """A command that runs another as PID 1 of a container."""
    program = shutil.which("unshare")
    if program is None:
        pytest.skip("unshare is missing")
    words = [program, "--pid", "--fork", "--mount-proc", "--kill-child"]
    if os.geteuid() != 0:
        words += ["--user", "--map-root-user"]
    if subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("this user may not make a PID namespace")
    return words


def test_as_pid_1_it_forwards_reaps_and_ends(site: Site, unshare: list[str]) -> None:
    (site.path / "inside.py").write_text(INSIDE)
    with subprocess.Popen(
        [*unshare, *RUN, "--no-live", "--quiet", "inside.py"],
        cwd=site.path,
        env=clean_environment(**site.env),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        os.kill(int(children), SIGTERM)
        process.wait(PATIENCE)
    assert process.returncode == 128 + SIGTERM
    trace = site.trace()
    assert trace.run["pid"] == 1
    assert (trace.run["exit_status"], trace.run["signal"]) == (128 + SIGTERM, SIGTERM)
    assert len({span["pid"] for span in trace.spans("send", name="worked")}) == 2
