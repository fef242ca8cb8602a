"""Tests of the target replace things all over the process: what the tracer uses stays its own."""

from __future__ import annotations


def test_a_replaced_weakref_is_not_called_for_us(twice):
    twice(
        """
from unittest import mock
opened, quiet = Signal(), Signal()
def heard(**kwargs): pass
with mock.patch("weakref.ref") as ref:
    opened.connect(heard, weak=False)
    opened.send(None)
    quiet.send(None)
    print(ref.mock_calls)
"""
    )


def test_frozen_clocks_freeze_no_durations(twice):
    done = twice(
        """
import time
opened = Signal()
@receiver(opened)
def slow(**kwargs): sleep_until(clock() + 2_000_000)
def sleep_until(end):
    while clock() < end: pass
clock = time.perf_counter_ns.__call__
frozen = {id(time.perf_counter_ns): lambda: 7, id(time.time_ns): lambda: 8}
for module in list(sys.modules.values()):
    for name, value in list(vars(module).items()):
        if id(value) in frozen: setattr(module, name, frozen[id(value)])
opened.send(None)
child = os.fork()
if not child:
    opened.send(None)
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    parent, child = done.trace.spans("receiver")
    assert parent["pid"] != child["pid"]
    assert parent["duration_ns"] >= 2_000_000
    assert child["duration_ns"] >= 2_000_000
    assert parent["time"] < child["time"] < parent["time"] + 60_000_000_000
