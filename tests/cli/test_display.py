"""What a stream can do, and how texts are written to it."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios

import pytest
from rich.text import Text

from sigtrace.cli.display import Printer, display_for, wants_colour
from sigtrace.cli.terminal import shows_links
from sigtrace.views.display import Display
from tests.support import UNWANTED


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
    ids=str,
)
def test_colour(environ, terminal, colour):
    stream = Terminal() if terminal else io.StringIO()
    assert wants_colour(stream, environ) is colour


def test_a_file_has_96_columns_and_lines_of_any_length(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("FORCE_COLOR", "1")
    display = display_for({"signal": ("x",), "min_ms": 1.0, "other": 1}, io.StringIO())
    assert (display.width, display.crop, display.ascii) == (96, False, False)
    assert (display.signal, display.min_ms) == (("x",), 1.0)


@pytest.fixture
def terminal():
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stream:
        yield stream
    os.close(leader)


def resize(stream, columns):
    fcntl.ioctl(stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def test_a_terminal_says_its_width_whenever_it_is_asked(terminal):
    resize(terminal, 61)
    display = display_for({"depth": 2}, terminal)
    assert (display.width, display.columns, display.crop, display.depth) == (61, 61, True, 2)
    resize(terminal, 40)
    assert display.columns == 40
    resize(terminal, 500)
    assert display.columns == Display(width=500).columns < 500
    # A terminal that says nothing, and one that has gone.
    resize(terminal, 0)
    assert display.columns == 61
    assert display_for({}, terminal).columns == 96
    terminal.close()
    assert display.columns == 61


@pytest.mark.parametrize(
    ("environ", "links"),
    [
        ({}, False),
        ({"VTE_VERSION": "7600"}, True),
        ({"VTE_VERSION": "4205"}, False),
        ({"VTE_VERSION": "new"}, False),
        ({"KONSOLE_VERSION": "220401"}, True),
        ({"TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "foot-extra"}, True),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux"}, True),
        ({"TERM": "dumb", "VTE_VERSION": "7600"}, False),
        ({"TERM": "dumb", "VTE_VERSION": "7600", "FORCE_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "VTE_VERSION": "7600"}, False),
        ({"TERM": "eterm-color", "INSIDE_EMACS": "29", "VTE_VERSION": "7600"}, False),
        ({"TERM": "screen", "STY": "1.pts-0", "VTE_VERSION": "7600"}, False),
        ({"TERM": "xterm-kitty", "SSH_TTY": "/dev/pts/1"}, False),
        ({"TERM_PROGRAM": "vscode", "SSH_CONNECTION": "a 1 b 2"}, True),
        ({"FORCE_HYPERLINK": "1"}, True),
        ({"FORCE_HYPERLINK": "1", "TERM": "dumb"}, False),
        ({"FORCE_HYPERLINK": "0", "VTE_VERSION": "7600"}, False),
    ],
    ids=str,
)
def test_links_are_for_terminals_that_are_known_to_make_them(terminal, environ, links):
    environ = {"TERM": "xterm-256color"} | environ
    assert shows_links(terminal, environ) is links
    assert not shows_links(io.StringIO(), environ | {"FORCE_COLOR": "1"})


def test_a_link_has_the_folder_of_the_project(terminal, monkeypatch):
    for name in UNWANTED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    display = display_for({"root": "/site"}, terminal)
    assert (display.links, display.root) == (True, "/site")
    assert not display_for({"root": "/site"}, io.StringIO()).links


def test_a_stream_that_has_no_such_characters_gets_ascii():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert display_for({}, stream).ascii
    assert Printer(stream, {}).encode(Text("é")) == b"\\xe9\n"
    Printer(stream, {}).print(Text("é"))
    assert stream.buffer.getvalue() == b"\\xe9\n"


def test_texts_are_written_as_they_are_without_colour():
    long = "x " * 300
    assert Printer(io.StringIO(), {}).encode(Text(long, "red")).decode() == long + "\n"
    assert (
        Printer(io.StringIO(), {}).encode(Text("[bold] :smile: 12")).decode()
        == "[bold] :smile: 12\n"
    )


def test_colour_goes_where_it_is_wanted(monkeypatch):
    # What rich would make of these itself is not asked.
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("NO_COLOR", "1")
    for stream, environ in ((Terminal(), {"TERM": "xterm"}), (io.StringIO(), {"FORCE_COLOR": "1"})):
        assert Printer(stream, environ).encode(Text("x", "red")) == b"\x1b[31mx\x1b[0m\n"
