"""Targets that close descriptors that are not theirs: their own files get what is theirs alone."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.once

HEAD = """
import os, sys
from django.dispatch import Signal, receiver
opened = Signal()
@receiver(opened)
def heard(**kwargs): pass
def own_files(first, last):
    # Whatever number was ours is now one of these.
    found = {}
    for number in range(first, last):
        try: found[number] = os.open(f"own/{number}", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        except OSError: break
    return found
def close(number):
    try: os.close(number)
    except OSError: pass
def daemonize():
    if os.fork(): os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
os.mkdir("own")
opened.send(0)
"""
TAIL = """
for number, descriptor in files.items():
    opened.send(number)
    os.write(descriptor, b"%d own\\n" % number)
opened.send("last")
"""


@pytest.mark.parametrize(
    "source",
    [
        "os.closerange(3, 4096); files = own_files(3, 900)",
        "os.closerange(700, 701); files = own_files(3, 900)",
        "[close(each) for each in range(3, 1024)]; files = own_files(0, 900)",
        # A daemon: its standard streams are files too.
        "os.closerange(0, 4096); files = own_files(0, 900)",
        "os.closerange(0, 4096); files = own_files(0, 900); daemonize()",
    ],
    ids=["closerange", "ours", "one by one", "daemon", "daemon that forks"],
)
def test_their_files_have_what_they_wrote(site, source):
    script = site.script(f"{HEAD}{source}\n{TAIL}")
    done = site.sigtrace("run", "--no-live", "--quiet", script.name)
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.name: path.read_bytes() for path in (site.path / "own").iterdir()}
    assert written == {name: f"{name} own\n".encode() for name in written}
    trace = site.trace()
    sends = trace.spans("send", name="opened")
    assert len(written) > 800
    assert len(sends) == len(written) + 2
    assert len(trace.spans("receiver")) == len(sends)
