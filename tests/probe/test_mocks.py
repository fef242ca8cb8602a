"""`Signal.send` replaced by tests of the target: before the tracer comes, while it is there, after."""

from __future__ import annotations

import pytest

OWN_SIGNAL = """
from unittest import mock
opened = Signal()
def heard(**kwargs): return 1
opened.connect(heard)
"""

# What a `.pth` file starts is there before us, and may have imported Django by then.
LATE = """
import subprocess
source = '''
import sys
from unittest import mock
from django.dispatch import Signal
opened = Signal()
def heard(sender, **kwargs):
    if sender == 5: raise KeyError(sender)
    return 1
opened.connect(heard)
bound, original = opened.send, Signal.send
options = {"autospec": True} if AUTOSPEC else {}
patcher = mock.patch.object(Signal, "send", return_value="fake", **options)
fake = patcher.start()
if boot := sys.argv[1]:
    sys.modules.pop("sitecustomize", None)
    sys.path.insert(0, boot)
    import sitecustomize
print(opened.send(1, a=2), fake.call_count, fake.call_args.kwargs)
print(bound(2) == [(heard, 1)])
print(opened.send_robust(3) == [(heard, 1)])
patcher.stop()
print(Signal.send is original, opened.send(4) == [(heard, 1)])
try: opened.send(5)
except KeyError as error: print(error)
'''
environment = dict(os.environ)
boot = environment.pop("PYTHONPATH", "")
command = [sys.executable, "-c", f"AUTOSPEC = {AUTOSPEC}\\n{source}", boot]
subprocess.run(command, env=environment, check=True)
"""


@pytest.mark.parametrize("autospec", [True, False])
def test_it_is_replaced_while_we_are_there(twice, autospec):
    done = twice(
        f"{OWN_SIGNAL}AUTOSPEC = {autospec}\n"
        """
import inspect
before = Signal.send
options = {"autospec": True} if AUTOSPEC else {}
with mock.patch("django.dispatch.Signal.send", return_value="fake", **options) as fake:
    print(opened.send(1, a=2), fake.call_count, fake.call_args.kwargs, Signal.send is fake)
    try: opened.send()
    except TypeError as error: print("TypeError", error)
    Book.objects.create(title="x")
    print([call.kwargs.get("created") for call in fake.call_args_list])
print(Signal.send is before, inspect.signature(Signal.send), opened.send(1) == [(heard, 1)])
with mock.patch.object(Signal, "send", autospec=True, side_effect=before) as spy:
    print(opened.send(1) == [(heard, 1)], spy.call_args.args[1:])
with mock.patch.object(opened, "send", wraps=opened.send) as spy:
    print(opened.send(1) == [(heard, 1)], spy.call_count)
with mock.patch.object(Signal, "send_robust", return_value=[]): print(opened.send_robust(1))
print(vars(opened).get("send"), opened.send_robust(1) == [(heard, 1)])
"""
    )
    assert [span["method"] for span in done.trace.spans("send")] == [*["send"] * 3, "send_robust"]
    assert len(done.trace.spans("receiver")) == 4


@pytest.mark.parametrize("autospec", [True, False])
def test_it_was_replaced_before_we_came(twice, autospec):
    done = twice(f"AUTOSPEC = {autospec}\n{LATE}")
    sends = done.trace.spans("send")
    # What the mock calls is nobody; Django's own, bound or put back since, is found by its loop.
    assert [(send["method"], send["sender"], send["exception"]) for send in sends] == [
        ("send", "int 2", None),
        ("send_robust", "int 3", None),
        ("send", "int 4", None),
        ("send", "int 5", "BaseException"),
    ]
    assert [span["parent"] for span in done.trace.spans("receiver")] == [s["id"] for s in sends]
    assert [send["parent"] for send in sends] == [None] * 4
