"""Disks that are full, folders that go away, files that somebody else changes: the target runs on."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.once

WORK = """
import glob, os, shutil, signal, sys
from django.dispatch import Signal, receiver
opened = Signal()
@receiver(opened)
def heard(**kwargs): pass
def work(times=200):
    for number in range(times): opened.send(number, text="x" * 60)
(trace,) = glob.glob(".sigtrace/*/*.jsonl")
run = os.path.dirname(trace)
"""
DONE = 'print("done", len(opened.send(None)), opened.send(None)[0][0] is heard)\n'


def untraced_line(stderr: str) -> str:
    """The one line that is ours, without the number of the process."""
    (line,) = stderr.splitlines()
    assert line.startswith("sigtrace: process ")
    return line.partition("is no longer traced: ")[2]


def run(site, source: str, *words: str, **options):
    script = site.script(WORK + source)
    done = site.run(
        *words, site.interpreter, "-m", "sigtrace", "run", "--no-live", script.name, **options
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done 1 True\n"
    ours = [line for line in done.stderr.splitlines() if "no longer traced" in line]
    return "\n".join(ours)


def own_mounts() -> list[str]:
    """How to run a program with mounts of its own. Skips where the machine does not let us."""
    for words in (["unshare", "-m"], ["unshare", "-rm"]):
        if shutil.which("unshare") is None:
            break
        probe = [*words, "mount", "-t", "tmpfs", "none", "/mnt"]
        if subprocess.run(probe, check=False, capture_output=True).returncode == 0:
            return words
    pytest.skip("NOT RUN: a full disk needs a mount, and this machine allows none (unshare -m)")


def test_a_full_disk(site):
    (site.path / ".sigtrace").mkdir()
    mount = "mount -t tmpfs -o size=128k none .sigtrace; "
    copy = '; status=$?; cp -r .sigtrace kept; exit "$status"'
    words = [*own_mounts(), "sh", "-c", f'{mount}"$@"{copy}', "sh"]
    said = run(site, f"work(2000)\n{DONE}", *words)
    assert untraced_line(said).endswith("No space left on device")
    (path,) = (site.path / "kept").glob("*/*.jsonl")
    *whole, _last = path.read_text("ascii").split("\n")
    assert len([json.loads(line) for line in whole]) > 100
    shutil.copytree(site.path / "kept", site.path / ".sigtrace", dirs_exist_ok=True)
    totals = json.loads(site.sigtrace("report", "--format", "json").stdout)["totals"]
    assert totals["receiver_calls"] > 50
    assert totals["damaged_lines"] == 0


def test_a_limit_on_the_size_of_files(site):
    # In blocks of 1 KB; the shell's limit holds for sigtrace itself and for the target.
    words = ["bash", "-c", 'ulimit -f 24; exec "$@"', "bash"]
    said = run(site, f"work()\n{DONE}", *words)
    assert untraced_line(said).endswith("File too large")
    totals = json.loads(site.sigtrace("report", "--format", "json").stdout)["totals"]
    assert totals["receiver_calls"] > 10


def test_a_folder_that_became_read_only(site):
    # A process that is root writes everywhere, so it becomes somebody else.
    said = run(
        site,
        """
work(10)
os.chmod(run, 0o500)
if os.geteuid() == 0: os.setuid(65534)
work(10)
child = os.fork()
if child == 0:
    work(10)
    os._exit(len(opened.send(None)) != 1)
"""
        f"assert os.waitpid(child, 0)[1] == 0\nwork(10)\n{DONE}",
    )
    assert untraced_line(said).endswith("Permission denied")
    assert len(site.trace().spans("receiver")) == 30 + 2


@pytest.mark.parametrize("place", ["/proc/sigtrace", "file/below"])
def test_a_folder_that_cannot_be_made(site, place):
    (site.path / "file").touch()
    (site.path / "script.py").write_text("print('ran', __file__)")
    done = site.sigtrace("run", "--no-live", "--trace-dir", place, "script.py")
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    assert ("ran" in done.stdout) == (done.returncode == 0)


def test_a_folder_that_vanished(site):
    said = run(
        site,
        f"""
work(10)
shutil.rmtree(".sigtrace")
work(10)
child = os.fork()
if child == 0:
    work(10)
    os._exit(len(opened.send(None)) != 1)
assert os.waitpid(child, 0)[1] == 0
os.closerange(3, 4096)
work(10)
{DONE}""",
    )
    lines = [line.partition("is no longer traced: ")[2] for line in said.splitlines()]
    assert len(lines) == 2, "one for each process"
    assert all(line.endswith("No such file or directory") for line in lines), lines
    assert not (site.path / ".sigtrace").exists()


def test_a_file_that_somebody_truncates(site):
    said = run(
        site,
        f"""
for _ in range(5):
    work(10)
    os.truncate(trace, 0)
work(7)
os.truncate(trace, 1000)
work(5)
{DONE}""",
    )
    assert said == ""
    text = next(site.trace().path.glob("*.jsonl")).read_text("ascii")
    assert "\0" not in text
    report = site.sigtrace("report", "--format", "json")
    totals = json.loads(report.stdout)["totals"]
    assert report.returncode == 0
    assert 5 + 2 <= totals["receiver_calls"] <= 7 + 5 + 2 + 1
    assert totals["damaged_lines"] <= 1


def test_a_file_that_somebody_replaces_stays_theirs(site):
    theirs = b'{"event":"theirs"}\n' * 10
    said = run(
        site,
        f"""
work(10)
os.rename(trace, "moved.jsonl")
with open(trace, "wb") as file: file.write({theirs!r})
work(10)
os.remove(trace)
os.mkdir(trace)
work(10)
os.rmdir(trace)
with open(trace, "wb") as file: file.write({theirs!r})
{DONE}""",
    )
    assert said == ""
    (path,) = site.trace().path.glob("*.jsonl")
    assert path.read_bytes() == theirs
    moved = (site.path / "moved.jsonl").read_text("ascii").splitlines()
    assert len([line for line in moved if '"end","kind":"receiver"' in line]) == 30 + 2


def test_a_descriptor_table_that_is_full(site):
    said = run(
        site,
        f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True: held.append(os.open(os.devnull, os.O_RDONLY))
except OSError: pass
child = os.fork()
if child == 0:
    work(5)
    os._exit(len(opened.send(None)) != 1)
assert os.waitpid(child, 0)[1] == 0
for each in held: os.close(each)
work(5)
{DONE}""",
    )
    assert untraced_line(said).endswith("Too many open files")
    assert len(site.trace().spans("receiver")) == 5 + 2


def test_a_clock_that_steps_back_between_two_forks(site):
    script = site.script(
        WORK
        + """
process = sys.modules["_sigtrace.probe.process"]
opened.send("before")
clock = process.wall_clock
process.wall_clock = lambda: clock() - 3_600_000_000_000
child = os.fork()
if child == 0:
    opened.send("child")
    os._exit(0)
os.waitpid(child, 0)
opened.send("after")
"""
    )
    done = site.sigtrace("run", "--no-live", "--quiet", script.name)
    assert (done.returncode, done.stderr) == (0, "")
    senders = [send["sender"] for send in site.trace().spans("send")]
    assert senders == ["'before'", "'child'", "'after'"]
