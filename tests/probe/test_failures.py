"""Exceptions that are raised while our code runs: ours end the recording, others are the target's."""

from __future__ import annotations

import pytest

INTERRUPTED = """
import signal
opened = Signal()
def fine(**kwargs): pass
opened.connect(fine)
source = '''
def handler(number, frame): raise TimeoutError("soft time limit")
def watch(frame, event, argument):
    if event == "call" and frame.f_code.co_filename.endswith("/probe/sending.py"):
        sys.setprofile(None)
        signal.raise_signal(signal.SIGUSR1)
'''
names = {"signal": signal, "sys": sys}
place = PLACE if PLACE.startswith("<") else os.path.join(os.path.dirname(os.__file__), PLACE)
exec(compile(source, place, "exec"), names)
signal.signal(signal.SIGUSR1, names["handler"])
sys.setprofile(names["watch"])
try: print(len(opened.send(None)))
except TimeoutError: print("stopped")
finally: sys.setprofile(None)
opened.send(None)
"""


@pytest.mark.parametrize(
    "place", ["site-packages/billiard/pool.py", "dist-packages/billiard/pool.py"]
)
def test_what_a_signal_handler_of_a_package_raises_is_the_targets(twice, place):
    done = twice(f"PLACE = {place!r}\n{INTERRUPTED}", compare=False)
    assert done.untraced.stdout == "1\n"
    assert (done.traced.stdout, done.traced.stderr) == ("stopped\n", "")
    assert done.trace.span("send")["receivers"] == ["__main__.fine"]


@pytest.mark.parametrize("place", ["posixpath.py", "<frozen posixpath>"])
def test_what_our_use_of_the_standard_library_raises_ends_the_recording(twice, place):
    done = twice(f"PLACE = {place!r}\n{INTERRUPTED}", compare=False)
    assert done.traced.stdout == done.untraced.stdout == "1\n"
    (line,) = done.traced.stderr.splitlines()
    assert "no longer traced: TimeoutError in" in line
    assert done.trace.spans("send") == []
