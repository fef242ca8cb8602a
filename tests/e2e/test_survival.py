"""Nothing is lost: killed processes, forks, threads, and what else happens to a trace file."""

from __future__ import annotations

import json
import signal
import sys

import pytest

SIGNAL = """
import os, signal, sys, threading, time
from django.dispatch import Signal, receiver
from blog.models import Article
opened = Signal()
"""


def run(site, source: str, *options: str, **kwargs):
    script = site.script(SIGNAL + source)
    return site.sigtrace("run", "--no-live", "--quiet", *options, script.name, **kwargs)


def test_sigkill_inside_a_receiver(site):
    done = run(
        site,
        """
@receiver(opened)
def fine(**kwargs): pass
@receiver(opened)
def deadly(**kwargs):
    Article.objects.create(title="saved before")
    os.kill(os.getpid(), signal.SIGKILL)
opened.send(None)
""",
    )
    assert done.returncode == -signal.SIGKILL
    trace = site.trace()
    assert trace.span("receiver", receiver="__main__.fine")["exception"] is None
    assert trace.span("save", model="blog.Article")["created"] is True
    assert trace.lines("end", name="__main__.deadly") == []
    shown = site.sigtrace("report", "--tree").stdout
    (line,) = [each for each in shown.splitlines() if "deadly" in each]
    assert "unfinished" in line
    assert trace.run["exit_status"] == 137


@pytest.mark.parametrize(
    "end", ["os._exit(3)", "sys.exit(3)", "os.kill(os.getpid(), signal.SIGTERM)"]
)
def test_other_ends_lose_nothing(site, end):
    done = run(
        site,
        f"""
@receiver(opened)
def fine(**kwargs): pass
for _ in range(50): opened.send(None)
{end}
""",
    )
    assert done.returncode in (3, -signal.SIGTERM)
    assert len(site.trace().spans("receiver", name="__main__.fine")) == 50


def test_threads_and_forks_record_every_call_once(site):
    done = run(
        site,
        """
@receiver(opened)
def fine(**kwargs): pass
def work():
    for number in range(400): opened.send(number)
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads: each.start()
child = os.fork()
if child == 0:
    for number in range(100): opened.send("child")
    os._exit(0)
os.waitpid(child, 0)
for each in threads: each.join()
""",
    )
    assert done.returncode == 0, done.stderr
    trace = site.trace()
    ends = trace.lines("end")
    assert len({span["id"] for span in ends}) == len(ends)
    sends = {span["id"]: span for span in trace.spans("send")}
    calls = trace.spans("receiver", name="__main__.fine")
    assert len(calls) == 3200 + 100
    assert {call["parent"] for call in calls} == set(sends)
    assert len({call["thread"] for call in calls}) == 9
    assert len(trace.processes) == 2
    child = next(line for line in trace.lines("process") if line["parent_process"] is not None)
    assert len([call for call in calls if call["pid"] == child["pid"]]) == 100


def test_a_fork_inside_a_receiver_keeps_the_parent_and_ends_its_spans_once(site):
    done = run(
        site,
        """
inner = Signal()
@receiver(inner)
def heard(**kwargs): pass
@receiver(opened)
def forks(**kwargs):
    child = os.fork()
    inner.send("child" if child == 0 else "parent")
    if child: os.waitpid(child, 0)
    else: return
opened.send(None)
""",
    )
    assert done.returncode == 0, done.stderr
    trace = site.trace()
    forks = trace.span("receiver", name="__main__.forks")
    for send in trace.spans("send", name="inner"):
        assert send["parent"] == forks["id"]
        assert len(trace.children(send)) == 1
    assert len({send["pid"] for send in trace.spans("send", name="inner")}) == 2


def test_a_target_that_closes_all_descriptors_keeps_its_own_files(site):
    done = run(
        site,
        """
@receiver(opened)
def fine(**kwargs): pass
opened.send(1)
os.closerange(3, 4096)
mine = os.open("mine.txt", os.O_WRONLY | os.O_CREAT)
for number in range(3, 1024):
    try: os.dup2(mine, number)
    except OSError: break
opened.send(2)
os.write(mine, b"mine only")
opened.send(3)
""",
    )
    assert done.returncode == 0, done.stderr
    assert (site.path / "mine.txt").read_bytes() == b"mine only"
    assert len(site.trace().spans("receiver", name="__main__.fine")) == 3


def test_a_full_file_size_limit_stops_the_recording_not_the_target(site):
    script = site.script(
        SIGNAL
        + """
@receiver(opened)
def fine(**kwargs): pass
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
for _ in range(100): opened.send(None)
print("done")
"""
    )
    done = site.sigtrace("run", "--no-live", script.name)
    assert done.stdout == "done\n"
    assert done.returncode == 0
    assert "no longer traced" in done.stderr
    assert done.stderr.count("no longer traced") == 1
    report = site.sigtrace("report", "--format", "json")
    assert json.loads(report.stdout)["totals"]["receiver_calls"] > 5


SETUP = """
import glob, os, subprocess, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
"""


def test_receivers_are_written_once_also_where_files_cannot_be_linked(site):
    script = site.path / "script.py"
    script.write_text(
        SETUP
        + """
def link(*args, **kwargs): raise PermissionError(1, "Operation not permitted")
os.link = link
django.setup()
(path,) = glob.glob(".sigtrace/*/receivers.json")
before = os.stat(path).st_ino
subprocess.run([sys.executable, "manage.py", "check"], check=True, stdout=subprocess.DEVNULL)
print(os.stat(path).st_ino == before, glob.glob(path + ".*"))
"""
    )
    done = site.sigtrace("run", "--no-live", "--quiet", script.name)
    assert (done.stdout, done.stderr) == ("True []\n", "")
    known = json.loads((site.trace().path / "receivers.json").read_text())
    assert known["settings"] == "config.settings"
    assert len(site.trace().processes) == 2


def test_receivers_that_cannot_be_written_stop_nothing(site):
    script = site.path / "script.py"
    script.write_text(
        SETUP
        + """
import resource
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, limits[1]))
django.setup()
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
from blog.models import Article
Article.objects.create(title="recorded")
"""
    )
    done = site.sigtrace("run", "--no-live", "--quiet", script.name)
    assert done.returncode == 0
    assert done.stderr == "sigtrace: receivers.json was not written: File too large\n"
    trace = site.trace()
    assert trace.span("save", model="blog.Article")["created"] is True
    assert {path.suffix for path in trace.path.iterdir()} == {".json", ".jsonl"}
    assert not (trace.path / "receivers.json").exists()


def test_a_vanished_directory_and_a_truncated_file(site):
    done = run(
        site,
        """
import glob, shutil
@receiver(opened)
def fine(**kwargs): pass
opened.send(None)
(path,) = glob.glob(".sigtrace/*/*.jsonl")
os.truncate(path, 0)
opened.send(None)
shutil.rmtree(".sigtrace")
opened.send(None)
print("done")
""",
    )
    assert done.stdout == "done\n"
    assert done.returncode == 0


def test_the_target_sees_no_difference(site):
    source = """
import sys, traceback
print(sys.path, sys.argv, __name__, __file__, sys.orig_argv[1:])
print(sorted(name for name in vars(sys.modules["__main__"]) if name.startswith("__")))
@receiver(opened)
def broken(**kwargs): raise KeyError("x")
try: opened.send(None)
except KeyError: traceback.print_exc()
try: Article.objects.create(title="x" * 10, nothing=1)
except TypeError: traceback.print_exc()
opened.send(None)
"""
    script = site.script(SIGNAL + source)
    untraced = site.run(sys.executable, script.name)
    traced = site.sigtrace("run", "--no-live", "--quiet", script.name)
    assert traced.stdout == untraced.stdout
    assert traced.stderr == untraced.stderr
    assert traced.returncode == untraced.returncode == 1


def test_modules_at_the_first_line(site):
    script = site.path / "first.py"
    script.write_text("import sys\nprint(' '.join(sorted(sys.modules)))\n")
    untraced = site.run(sys.executable, script.name).stdout.split()
    traced = site.sigtrace("run", "--no-live", "--quiet", script.name).stdout.split()
    assert set(traced) - set(untraced) <= {"sitecustomize"}
    script.write_text("import django.db.models, sys\nprint(' '.join(sorted(sys.modules)))\n")
    loaded = site.sigtrace("run", "--no-live", "--quiet", script.name).stdout.split()
    assert not {"click", "rich", "sigtrace"} & set(loaded)
