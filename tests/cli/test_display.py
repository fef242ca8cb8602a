"""What a stream can do, and how texts are written to it."""

from __future__ import annotations

import io
import os
import pty

import pytest
from rich.text import Text

from sigtrace.cli.display import Printer, display_for, wants_colour


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


def test_a_terminal_says_its_width():
    import fcntl
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 61, 0, 0))
    with os.fdopen(follower, "w") as stream:
        display = display_for({}, stream)
    os.close(leader)
    assert (display.width, display.crop) == (61, True)


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


def test_colour_goes_where_it_is_wanted():
    assert b"\x1b[31m" in Printer(Terminal(), {"TERM": "xterm"}).encode(Text("x", "red"))
