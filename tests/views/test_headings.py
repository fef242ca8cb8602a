"""Whose chains are shown: the scope and the process, once above the first."""

from __future__ import annotations

import pytest

from sigtrace.views.display import Display
from sigtrace.views.live import LiveTree
from tests.factories import begin, end, heard_save, process, prompt, scope


def headings(*events):
    """The first line of each text that begins with a heading, None for each that does not."""
    firsts = [text.plain.partition("\n")[0] for text in LiveTree(Display()).feed(events)]
    return [first if first.startswith("▸") else None for first in firsts]


def saves(*scopes, process="1"):
    """A chain in each of these scopes; no two look alike."""
    return [
        event
        for number, scope_id in enumerate(scopes, start=1)
        for event in heard_save(f"{process}-{number}00", scope=scope_id, line=number)
    ]


def test_a_scope_is_named_once_above_its_first_chain():
    assert headings(scope("1-1"), *saves("1-1", "1-1")) == [
        "▸ request POST articles/<int:pk>/",
        None,
    ]


def test_the_same_request_again_is_named_again():
    events = saves("1-1", "1-2")
    assert (
        headings(scope("1-1"), scope("1-2"), *events) == ["▸ request POST articles/<int:pk>/"] * 2
    )


def test_a_scope_that_gets_its_route_late_is_named_again_with_it():
    first, second = saves("1-1", "1-1")[:3], saves("1-1", "1-1")[3:]
    events = [scope("1-1", "POST"), *first, scope("1-1", "POST articles/", closed=True), *second]
    assert headings(*events) == ["▸ request POST", "▸ request POST articles/"]


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["test"], "▸ outside of tests"),
        (["task"], "▸ outside of tasks"),
        (["request", "command"], "▸ outside of requests and commands"),
        (["task", "test", "request"], "▸ outside of requests, tests and tasks"),
    ],
    ids=str,
)
def test_outside_of_what_there_was(kinds, words):
    scopes = [scope(f"1-{n}", "x", kind=kind) for n, kind in enumerate(kinds, start=1)]
    events = saves(*(one["id"] for one in scopes), None, None)
    assert headings(*scopes, *events)[-2:] == [words, None]


def test_without_scopes_there_is_no_heading():
    assert headings(*saves(None, None)) == [None, None]


def test_a_prompt_has_no_heading_of_its_own():
    shell, request = scope("1-1", "shell", kind="command"), scope("1-2", "GET articles/")
    command = scope("1-3", "migrate", kind="command")
    events = saves("1-1", "1-2", "1-1", None, "1-3")
    assert headings(prompt("1"), shell, request, command, *events) == [
        None,
        "▸ request GET articles/",
        "▸ prompt",
        None,
        "▸ command migrate",
    ]


def test_without_a_prompt_the_command_shell_is_named():
    assert headings(scope("1-1", "shell", kind="command"), *saves("1-1")) == ["▸ command shell"]


def test_the_process_is_said_once_there_are_several():
    events = [*saves(None), *saves(None, process="2"), *saves(None, None)]
    assert headings(*events) == [None, "▸ pid 2", "▸ pid 1", None]


def test_the_process_is_said_as_soon_as_another_has_begun():
    assert headings(begin("save", "1-1"), *saves(None, process="2")) == ["▸ pid 2"]


def test_a_process_goes_by_its_number_whatever_its_file_is_called():
    events = [process("7-2", pid=4711), *saves(None), *saves(None, process="7-2")]
    assert headings(*events) == [None, "▸ pid 4711"]


def test_the_process_stands_behind_the_scope_in_headings_and_rollbacks():
    view = LiveTree(Display())
    other = heard_save("2-10", scope="2-1", transaction="2-2")
    view.feed([*saves(None), scope("2-1", "app.tasks.x", kind="task")])
    drawn, rolled_back = view.feed([*other, end("transaction", "2-2", outcome="rolled back")])
    assert drawn.plain.startswith("▸ task app.tasks.x · pid 2\n")
    assert rolled_back.plain == "↺ 1 chain rolled back · task app.tasks.x · pid 2"
