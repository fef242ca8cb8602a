"""Processes that are killed at random instants of their work: what had ended is in their traces.

`pytest -s` prints the figures. The seed is fixed; the instants are not, as they are real time.
"""

from __future__ import annotations

import itertools
import json
import random
import signal
from collections import Counter
from typing import Any

import pytest

pytestmark = pytest.mark.once

INSTANTS = 300
SEED = 20250607

# One warm process forks each victim, which works until it is killed. At each step at which it gets
# control it notes, past Python's buffers and in a file of its own, how much had ended before: by
# then all of that has to be in its trace.
LOAD = """
import json, os, resource, signal, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = ":memory:"
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models.signals import pre_save
from django.dispatch import Signal, receiver
from blog.models import Tag

call_command("migrate", verbosity=0)
outer, inner = Signal(), Signal()
ended = {"receiver": 0, "send": 0, "save": 0, "query": 0}
note = None

def step():
    os.write(note, b"%d %d %d %d\\n" % tuple(ended.values()))

def runs(execute, *args):
    step()
    result = execute(*args)
    ended["query"] += 1
    return result

@receiver(inner)
def first(**kwargs):
    step()
    ended["receiver"] += 1

@receiver(inner)
def second(sender, **kwargs):
    step()
    if sender == "deep":
        Tag(name=f"{os.getpid()} {ended['save']}").save()
        ended["save"] += 1
        step()
    ended["receiver"] += 1

@receiver(pre_save, sender=Tag)
def before(**kwargs):
    step()
    ended["receiver"] += 1

@receiver(outer)
def nests(sender, **kwargs):
    step()
    inner.send(sender)
    ended["send"] += 1
    step()
    ended["receiver"] += 1

def work():
    with connection.execute_wrapper(runs):
        while True:
            for sender in ("deep", "flat", "flat"):
                outer.send(sender)
                ended["send"] += 1
                step()

# As much as is done once is done here, and not in each victim.
note = os.open(os.devnull, os.O_WRONLY)
with connection.execute_wrapper(runs):
    outer.send("deep")
for name in ended: ended[name] = 0
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

signal.signal(signal.SIGALRM, lambda *args: os._exit(3))
victims = []
for number, (how, noted, seconds) in enumerate(json.load(open("plan.json"))):
    note = os.open(f"notes/{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    child = os.fork()
    if child == 0:
        try: work()
        except BaseException: sys.excepthook(*sys.exc_info())
        os._exit(99)
    while os.fstat(note).st_size < noted: signal.sigtimedwait([signal.SIGUSR1], 0.0005)
    signal.sigtimedwait([signal.SIGUSR1], seconds)
    os.kill(child, signal.SIGALRM if how == "os._exit" else getattr(signal, how))
    os.close(note)
    victims.append((child, how, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
json.dump(victims, open("victims.json", "w"))
"""
KINDS = ("receiver", "send", "save", "query")
ENDS = {
    "SIGKILL": -signal.SIGKILL,
    "SIGSEGV": -signal.SIGSEGV,
    "SIGTERM": -signal.SIGTERM,
    "os._exit": 3,
}


def check_victim(lines: list[dict[str, Any]], noted: list[int]) -> int:
    """Everything noted is there, each span once, and what is open is one path; return how many."""
    ends = [line for line in lines if line["event"] == "end"]
    counted = Counter(line["kind"] for line in ends)
    for kind, number in zip(KINDS, noted, strict=True):
        assert counted[kind] >= number, f"{counted[kind]} of {number} spans of kind {kind}"
    ids = [line["id"] for line in ends]
    assert len(set(ids)) == len(ids)
    ended = set(ids)
    still_open = [line for line in lines if line["event"] == "begin" and line["id"] not in ended]
    for around, span in itertools.pairwise(still_open):
        assert span["parent"] == around["id"]
    known = ended | {line["id"] for line in still_open}
    assert {line["parent"] for line in lines if line.get("parent")} <= known
    return len(still_open)


@pytest.mark.parametrize("how", ENDS)
def test_what_had_ended_is_there(site, how, capsys):
    instants = INSTANTS // len(ENDS)
    generator = random.Random(f"{SEED} {how}")
    # Bytes that it has noted, and seconds from then on: a slow machine only waits for longer.
    plan = [(how, generator.randrange(6_000), generator.uniform(0, 0.001)) for _ in range(instants)]
    (site.path / "plan.json").write_text(json.dumps(plan))
    (site.path / "notes").mkdir()
    script = site.script(LOAD)
    done = site.sigtrace("run", "--no-live", "--quiet", script.name, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    victims = json.loads((site.path / "victims.json").read_text())
    assert [status for _, _, status in victims] == [ENDS[how]] * instants
    run = site.trace().path
    spans = cut = steps = still_open = silent = 0
    for number, (pid, _, _) in enumerate(victims):
        notes = site.path / "notes" / str(number)
        noted = notes.read_text().splitlines() if notes.exists() else []
        steps += len(noted)
        path = run / f"{pid}.jsonl"
        if not path.exists():
            assert not noted
            silent += 1
            continue
        *whole, last = path.read_text("ascii").split("\n")
        cut += bool(last)
        lines = [json.loads(line) for line in whole]
        spans += sum(line["event"] == "end" for line in lines)
        still_open += check_victim(lines, [int(n) for n in noted[-1].split()] if noted else [0] * 4)
    figures = (
        f"{how}: {instants} instants, {steps} borders noted, {spans} finished spans, none missing; "
        f"{still_open} open; {cut} last lines cut, no other damaged; {silent} before the first line"
    )
    with capsys.disabled():
        print(f"\n{figures}")
    assert spans > 20 * instants, figures
    assert still_open > instants / 2, figures
    totals = json.loads(site.sigtrace("report", "--format", "json").stdout)["totals"]
    assert (totals["unfinished"], totals["damaged_lines"]) == (still_open, 0), figures
