"""How far reading has got, and a pager for what is read."""

from __future__ import annotations

import io
import os
import shlex
import sys

import pytest

from sigtrace.cli.pager import paged
from sigtrace.cli.progress import progress
from tests.e2e.screen import Screen
from tests.factories import article_save, process, write
from tests.support import clean_environment


class TerminalStream(io.StringIO):
    def isatty(self):
        return True


def told(stream, *steps):
    """What is written when so many lines are read at these seconds."""
    now = 0.0
    with progress(stream, lambda: now) as read:
        for at, lines in steps:
            now = at
            read(lines)
        shown = stream.getvalue()
    return shown, stream.getvalue()[len(shown) :]


def test_nothing_is_said_in_the_first_second():
    assert told(TerminalStream(), (0.5, 100_000), (0.9, 100_000)) == ("", "")


def test_lines_and_their_rate_on_one_line_that_goes_away():
    shown, wiped = told(TerminalStream(), (0.5, 100_000), (1.0, 100_000), (1.1, 1), (2.0, 199_999))
    first, second = shown.split("\r")[1:]
    assert first == "sigtrace: 200,000 lines read, 200,000 a second"
    assert second == "sigtrace: 400,000 lines read, 200,000 a second"
    assert wiped.strip("\r") == " " * len(first)


def test_nothing_is_said_where_nobody_looks():
    assert told(io.StringIO(), (5.0, 100_000)) == ("", "")


def test_a_pipe_gets_no_pager(capfd, monkeypatch):
    monkeypatch.setenv("PAGER", "false")
    with paged(wanted=True) as write:
        write(b"text\n")
    assert capfd.readouterr().out == "text\n"


@pytest.fixture
def run(tmp_path):
    (tmp_path / "manage.py").touch()
    chains = (line for n in range(40) for line in article_save("1", first=1 + 20 * n, line=n))
    write(tmp_path / ".sigtrace" / "run" / "1.jsonl", process("1"), *chains)
    return tmp_path


def screen(run, *arguments, **env):
    """A window in which the tree is drawn; it says `status 0` when that is over, and stays."""
    report = (sys.executable, "-m", "sigtrace", "report", "--tree", "--no-fold", *arguments)
    command = f"{shlex.join(report)}; echo status $?; exec cat"
    environment = clean_environment(TERM="xterm-256color", **env)
    return Screen(run, "sh", "-c", command, env=environment, lines=20)


def test_a_long_tree_comes_page_by_page(run):
    with screen(run) as shown:
        shown.shows(":$")
        assert shown.text.count("● Article.save()") < 4
        shown.keys("q")
        shown.shows("status 0")


def test_a_short_one_needs_no_keys(run):
    with screen(run, "--slowest", "1") as shown:
        shown.shows("status 0")
        assert shown.text.count("● Article.save()") == 1


def test_another_pager_or_none(run):
    with screen(run, PAGER="head -n 1") as shown:
        shown.shows("status 0")
        assert shown.text.count("●") == 1
    with screen(run, "--no-pager") as shown:
        shown.shows("status 0")
        assert shown.text.count("● Article.save()") == 40
    with screen(run, PAGER=os.fspath(run / "missing")) as shown:
        shown.shows("status 0")
        assert shown.text.count("● Article.save()") == 40
