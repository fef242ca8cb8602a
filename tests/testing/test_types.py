"""Whoever checks types sees ours: mypy reads this file with the others."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import assert_type

import sigtrace
from sigtrace.testing import Call, Send, SignalTestMixin, Trace


def typed(case: SignalTestMixin) -> None:
    with sigtrace.trace() as t:
        assert_type(t, Trace)
    with case.assertSignals(["post_save"]) as expecting:
        assert_type(expecting, Trace)
    assert_type(t.calls("generate_slug"), tuple[Call, ...])
    assert_type(t.sends, tuple[Send, ...])
    assert_type(t.tree(durations=False), str)


def test_the_package_says_that_it_is_typed():
    assert (Path(sigtrace.__file__).parent / "py.typed").exists()


def test_all_that_is_public_has_a_docstring_and_types():
    for thing in (sigtrace.trace, Trace, SignalTestMixin, Call, Send):
        assert inspect.getdoc(thing)
        for name, member in inspect.getmembers(thing, inspect.isfunction):
            if not name.startswith("_"):
                assert inspect.getdoc(member), name
                assert "return" in member.__annotations__, name


def test_an_unknown_name_is_an_attribute_error():
    for module in (sigtrace, sigtrace.testing):
        assert not hasattr(module, "nothing")
