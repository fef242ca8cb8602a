"""At an interactive prompt the tree of a statement stands complete before the next prompt."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.screen import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Site

LAST_LINE = "AuditLog.save"
"""What stands in the last line of the tree of an article's save."""


def shell(site: Site, *command: str, **env: str) -> Screen:
    words = (site.interpreter, "-m", "sigtrace", "run", *command)
    path = os.pathsep.join(sys.path)
    return Screen(site.path, *words, env={"PYTHONPATH": path, **env})


def plain(site: Site) -> Screen:
    return shell(site, "manage.py", "shell", "--interface", "python")


def between_prompts(text: str, statement: str, prompt: str = ">>> ") -> list[str]:
    """The lines after the last one on which that was typed, up to the next prompt."""
    after = text.rpartition(prompt + statement)[2]
    return after.partition("\n" + prompt.rstrip())[0].splitlines()[1:]


def test_the_tree_stands_before_the_next_prompt(site: Site):
    with plain(site) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from blog.models import Article")
        screen.enter("a = Article.objects.create(title='Hello'); print('printed')")
        text = screen.shows(r"printed[\s\S]*^>>>$")
        lines = between_prompts(text, "a = Article")
        assert lines[0].startswith("● Article.save()  created")
        assert LAST_LINE in lines[-2]
        assert lines[-1] == "printed"
        assert "command shell" not in text


def test_a_loop_is_counted_before_the_next_prompt(site: Site):
    with plain(site) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from blog.models import Article; a = Article(title='Hello')")
        screen.enter("a.save()")
        screen.shows(r"AuditLog[\s\S]*^>>>$")
        screen.enter("for n in range(100): a.save()")
        screen.keys("Enter")
        text = screen.shows(r"more[\s\S]*^>>>$")
        assert len(re.findall(r"^● Article.save\(\)  updated", text, re.MULTILINE)) == 1
        more = [int(number) for number in re.findall(r"×(\d+) more", text)]
        assert sum(more) == 99
        assert not re.search(r"^>>>.*×", text, re.MULTILINE)


def test_what_follows_an_exception_comes_after_the_counts(site: Site):
    with plain(site) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from blog.models import Article; a = Article(title='Hello')")
        screen.enter("for n in [1, 1, 1, 1, 0]: a.save(); 1 / n")
        screen.keys("Enter")
        text = screen.shows(r"ZeroDivisionError[\s\S]*more[\s\S]*^>>>$")
        assert "×3 more" in text


def test_a_chain_without_receivers_is_one_line(site: Site):
    with plain(site) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from audit.models import AuditLog")
        screen.enter("entry = AuditLog.objects.create(action='x', subject='y')")
        text = screen.shows(r"AuditLog.save[\s\S]*^>>>$")
        (line,) = between_prompts(text, "entry = ")
        assert line.startswith("● AuditLog.save()  created · 1 query · no receivers")


def test_ctrl_c_in_a_receiver_leaves_a_whole_tree_and_a_prompt(site: Site):
    site.path.joinpath("blog/slow.py").write_text(
        "import time\n"
        "from django.db.models.signals import post_save\n"
        "from blog.models import Tag\n"
        "def sleeps(**kwargs):\n"
        "    print('sleeping')\n"
        "    time.sleep(60)\n"
        "post_save.connect(sleeps, sender=Tag)\n"
    )
    with plain(site) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from blog.slow import Tag")
        screen.enter("Tag.objects.create(name='slow')")
        screen.shows(r"^sleeping")
        screen.keys("C-c")
        text = screen.shows(r"KeyboardInterrupt[\s\S]*^KeyboardInterrupt\n>>>$")
        assert re.search(r"^● Tag.save\(\)  created .*✗", text, re.MULTILINE)
        assert re.search(r"sleeps +blog/slow.py:4 .*✗", text)
        assert "sigtrace/" not in text.partition("Traceback")[2].partition(">>>")[0]
        screen.enter("1 + 1")
        screen.shows(r"^2\n>>>$")


def test_line_editing_history_and_job_control_are_untouched(site: Site):
    with Screen(site.path, "/bin/bash", "--norc", env={"PS1": "ready> "}) as screen:
        screen.enter(
            f"PYTHONPATH={os.pathsep.join(sys.path)} {site.interpreter} -m sigtrace run "
            "manage.py shell --interface python"
        )
        screen.shows(r"^>>>$")
        screen.enter("from blog.models import Article; a = Article(title='Hello'); a.save()")
        screen.shows(r"AuditLog[\s\S]*^>>>$")
        screen.type("pirnt('typo')")
        screen.keys("Home", "Right", "DC", "DC", "ri", "Enter")
        screen.shows(r"^typo\n>>>$")
        screen.keys("Up", "Up", "Enter")
        screen.shows(r"● Article.save\(\)  created[\s\S]*● Article.save\(\)  created[\s\S]*^>>>$")
        screen.type("Artic")
        screen.keys("Tab")
        screen.shows(r"^>>> Article\(?$")
        screen.keys("C-u")
        screen.shows(r"^>>>$")
        screen.keys("C-z")
        screen.shows(r"Stopped[\s\S]*^ready>$")
        screen.enter("fg")
        screen.keys("Enter")
        screen.enter("a.save(); print('back')")
        text = screen.shows(r"back\n>>>$")
        assert LAST_LINE in between_prompts(text, "a.save(); print('back')")[-2]
        screen.keys("C-d")
        screen.shows(r"sigtrace report\nready>$")
        screen.enter("echo status $?")
        screen.shows(r"^status 0$")


def test_ipython(site: Site):
    pytest.importorskip("IPython", reason="service: IPython is missing")
    with shell(site, "manage.py", "shell", "--interface", "ipython",
               IPYTHONDIR=str(site.path / "ipython")) as screen:  # fmt: skip
        screen.shows(r"^In \[1\]:")
        screen.enter("from blog.models import Article; a = Article(title='Hello'); a.save()")
        text = screen.shows(r"AuditLog.save[\s\S]*^In \[2\]:")
        lines = [line for line in between_prompts(text, "from blog", "In [1]: ") if line]
        assert lines[0].startswith("● Article.save()  created")
        assert " In[1]:1 " in lines[0]
        screen.enter("for n in range(50): a.save()")
        screen.keys("Enter")
        text = screen.shows(r"× *\d+ more[\s\S]*^In \[3\]:")
        assert sum(int(number) for number in re.findall(r"×(\d+) more", text)) == 49
        assert not re.search(r"^In \[3\]:.*[●×]", text, re.MULTILINE)
        screen.enter("await a.asave()")
        screen.shows(r"^In \[4\]:")


@pytest.mark.parametrize("basic", ["1", ""])
def test_python_dash_i(site: Site, basic: str):
    """The interpreter's own prompts: 3.13 has a second one, which edits lines by itself."""
    script = site.script("from blog.models import Article\na = Article(title='Hello')\n")
    with shell(site, "-i", script.name, PYTHON_BASIC_REPL=basic) as screen:
        screen.shows(r"^>>>$")
        screen.enter("a.save()")
        text = screen.shows(r"AuditLog.save[\s\S]*^>>>$")
        assert LAST_LINE in between_prompts(text, "a.save()")[-1]
        assert all(line == line.lstrip(" ") or line[:1] in " │└├" for line in text.splitlines())
        screen.enter("import sys; type(sys.ps1), sys.ps1")
        screen.shows(r"^\(<class 'str'>, '>>> '\)\n>>>$")


def test_a_tree_begins_on_a_line_of_its_own(site: Site):
    with plain(site) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from blog.models import Article")
        statement = "print('unfinished', end='', flush=True)"
        screen.enter(f"{statement}; a = Article.objects.create(title='Hello')")
        text = screen.shows(r"AuditLog[\s\S]*^>>>$")
        lines = between_prompts(text, statement)
        assert lines[0] == "unfinished"
        assert lines[1].startswith("● Article.save()  created")


@pytest.mark.alone
@pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="it compares times: run it alone")
def test_ten_thousand_saves_in_one_statement(site: Site):
    """No slower than twice the time without the live view; one line counts what was not drawn."""
    statement = (
        "import time; began = time.perf_counter(); [tag.save() for n in range({0})]; "
        "print('took', round((time.perf_counter() - began) * 1e6))"
    )
    site.path.joinpath("fast.py").write_text(
        "import os\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
        "os.environ['SAMPLE_SITE_DB'] = ':memory:'\n"
        "import django\n"
        "django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\n"
        "from blog.models import Tag\n"
        "tag = Tag(name='often')\n"
    )
    took: dict[str, list[int]] = {"--no-live": [], "--live": []}
    for _ in range(3):
        for option, times in took.items():
            with shell(site, option, "-i", "fast.py", PYTHON_BASIC_REPL="1") as screen:
                screen.shows(r"^>>>$")
                screen.enter("tag.save()")
                screen.shows(r"tag.save\(\)[\s\S]*^>>>$")
                screen.enter(statement.format(10_000) + "; del _")
                text = screen.shows(r"^took \d+", timeout=240)
                times.append(int(re.findall(r"^took (\d+)", text, re.MULTILINE)[0]))
                text = screen.shows(r"took[\s\S]*^>>>$", timeout=60)
                assert ("more" in text) == (option == "--live")
        # Others use the machine too: the fastest of each says what it can do.
        if min(took["--live"]) < 2 * min(took["--no-live"]):
            return
    raise AssertionError(took)


def test_a_stopped_launcher_holds_the_prompt_once(site: Site):
    # Of a shell without job control: tmux wakes its own child, and another shell takes the terminal.
    command = f"{site.interpreter} -m sigtrace run manage.py shell --interface python; true"
    path = os.pathsep.join(sys.path)
    with Screen(site.path, "/bin/sh", "-c", command, env={"PYTHONPATH": path}) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from blog.models import Article; a = Article(title='Hello'); import os, time")
        screen.enter("a.save(); launcher = os.getppid()")
        screen.shows(r"AuditLog[\s\S]*^>>>$")
        screen.enter(f"os.kill(launcher, {signal.SIGSTOP.value})")
        screen.enter("t = time.perf_counter(); a.save(); first = time.perf_counter() - t")
        screen.enter("t = time.perf_counter(); a.save(); second = time.perf_counter() - t")
        screen.enter("print('times', round(first * 1000), round(second * 1000))")
        text = screen.shows(r"^times \d+ \d+\n>>>$")
        first, second = map(int, re.findall(r"^times (\d+) (\d+)", text, re.MULTILINE)[0])
        assert first > 200  # the patience of 250 ms
        assert second < first / 2
        screen.enter(f"os.kill(launcher, {signal.SIGCONT.value})")
        deadline = time.monotonic() + 20
        while "more" not in screen.text and screen.text.count("● Article.save()") < 3:
            assert time.monotonic() < deadline, screen.text
            time.sleep(0.05)


def test_a_halted_terminal_holds_the_target_once(site: Site):
    """Ctrl-S stops what we write; the target, which writes nothing, goes on."""
    site.path.joinpath("halted.py").write_text(
        "import pathlib, time\n"
        "from blog.models import Article\n"
        "times = []\n"
        "def saves():\n"
        "    pathlib.Path('begun').touch()\n"
        "    while not pathlib.Path('halted').exists(): time.sleep(0.01)\n"
        "    for n in range(3):\n"
        "        began = time.perf_counter()\n"
        "        Article.objects.create(title='Hello')\n"
        "        times.append(round((time.perf_counter() - began) * 1000))\n"
        "    pathlib.Path('saved').touch()\n"
    )
    with plain(site) as screen:
        screen.shows(r"^>>>$")
        screen.enter("from halted import *")
        screen.enter("saves()")
        wait_for(site.path / "begun")
        screen.keys("C-s")
        # tmux hands the key over at once; the terminal's driver acts on it when it arrives.
        time.sleep(0.5)
        site.path.joinpath("halted").touch()
        wait_for(site.path / "saved")
        screen.keys("C-q")
        # What was late comes after the prompt.
        screen.shows(r"(?:● Article.save\(\)[\s\S]*){3}")
        screen.keys("Enter")
        screen.shows(r"^>>>$")
        screen.enter("print('times', *times)")
        text = screen.shows(r"^times \d+ \d+ \d+\n>>>$")
        first, *others = map(int, re.findall(r"^times (\d+) (\d+) (\d+)", text, re.MULTILINE)[0])
        assert first > 200  # the patience of 250 ms
        assert sum(others) < first


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
