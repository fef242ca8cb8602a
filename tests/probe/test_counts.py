"""The counts of sends that nobody heard, where a process ends."""

from __future__ import annotations

import sys

from django.dispatch import Signal

from sigtrace.probe import counts


def test_a_signal_that_outlives_the_probes_module_goes_silently(monkeypatch):
    known = counts.Counts()
    signal = Signal()
    known.unheard(signal)
    failed = []
    monkeypatch.setattr(sys, "unraisablehook", failed.append)
    # So does the interpreter with the globals of a module when it ends.
    for name in [name for name in vars(counts) if not name.startswith("__")]:
        monkeypatch.setattr(counts, name, None)
    del signal
    assert not failed
    assert not known.counters
