"""The live view in terminals of many kinds, and in what is none; hostile strings reach neither."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from tests.e2e.program import OBEYS, Program
from tests.e2e.terminal import PROMPT, Terminal
from tests.support import ROOT, Site, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

SIGTRACE = f"{sys.executable} -m sigtrace"
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b\x07]*\x1b\\")
"""The colours and links that we write."""

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def without_colours(text: str) -> str:
    """What is shown, after a look that nothing else in it speaks to a terminal."""
    plain = OURS.sub("", text)
    assert not CONTROL.search(plain), repr(plain)
    return plain


def tree_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("sigtrace:")]


def terminal(site: Site) -> Terminal:
    return Terminal(site.path, clean_environment(PYTHONPATH=str(ROOT), LC_ALL="C.UTF-8"))


def in_terminal(site: Site, command: str, columns: int = 80, env: str = "TERM=xterm-256color"):
    """What a command writes in a terminal so wide; the program's own output is left out."""
    with terminal(site) as opened:
        opened.run(f"stty cols {columns}")
        return opened.run(f"{env} {SIGTRACE} {command} >/dev/null", timeout=60)


@pytest.mark.parametrize(("columns", "widest"), [(60, 60), (100, 100), (200, 132)])
def test_every_line_fits_into_the_terminal(site, columns, widest):
    shown = without_colours(in_terminal(site, "run manage.py demo", columns))
    lines = tree_lines(shown)
    assert max(map(cell_len, lines)) == widest
    assert all(f"{name}  " in shown for name in ("generate_slug", "notify_about_article"))
    assert re.search(r"blog/signals\.py:\d+ +\d+\.\d+ ms$", shown, re.MULTILINE)
    assert shown.rstrip().endswith("sigtrace report")


def test_a_terminal_that_is_resized_between_two_chains(site):
    resize = (
        "import fcntl, struct, termios\n"
        "def resize(columns):\n"
        "    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))\n"
    )
    script = site.script(resize + OBEYS)
    with terminal(site) as opened:
        opened.run("stty cols 100 -echo")
        opened.enter(f"{SIGTRACE} run {script.name}")
        opened.expect("ready")
        widths = []
        # Different ones, as equal chains are only counted.
        for columns, statement in (
            (100, "article = Article.objects.create(title='x')"),
            (60, "article.save(update_fields=['title'])"),
            (120, "Article(title='y').save(force_insert=True)"),
        ):
            opened.enter(f"resize({columns})")
            opened.expect("done\n")
            opened.enter(statement)
            chain = opened.expect(r"●[^●]*AuditLog.save\(\)[^\n]*\n")
            widths.append(max(cell_len(line) for line in chain.splitlines()))
        assert widths == [100, 60, 120]


@pytest.mark.parametrize(
    "env",
    [
        "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0",
        "PYTHONIOENCODING=ascii",
    ],
)
def test_a_terminal_of_an_ascii_locale(site, env):
    shown = in_terminal(site, "run manage.py demo", env=f"{env} TERM=xterm")
    assert shown.isascii()
    shown = without_colours(shown)
    assert re.search(r"^\* Article.save\(\)  created", shown, re.MULTILINE)
    assert re.search(r"^\|- pre_save[^\n]*\n\|  `- generate_slug", shown, re.MULTILINE)
    assert "~ slug  '' -> 'demo-hello-signals'" in shown
    assert re.search(r"^sigtrace: \d+ chains - \d+ sends", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ("TERM=xterm-256color", True),
        ("TERM=dumb", False),
        ("TERM=xterm NO_COLOR=1", False),
        ("TERM=xterm FORCE_COLOR=0", False),
        ("TERM=dumb FORCE_COLOR=1", True),
        ("TERM=xterm FORCE_COLOR=1 NO_COLOR=1", False),
    ],
)
def test_colours(site, env, colours):
    shown = in_terminal(site, "run manage.py demo", env=env)
    without_colours(shown)
    assert ("\x1b[" in shown) is colours


def test_tail_draws_for_its_own_terminal(site):
    with terminal(site) as opened:
        opened.run("stty cols 60")
        opened.enter(f"TERM=xterm-256color TERM_PROGRAM=vscode {SIGTRACE} tail")
        opened.expect("waiting for the next one to start\n")
        command = (*SIGTRACE.split(), "run", "--no-live", "manage.py", "demo")
        with Program(*command, cwd=site.path) as run:
            run.end()
        shown = opened.expect(PROMPT)
    assert "\x1b[" in shown
    assert max(map(cell_len, tree_lines(without_colours(shown)))) == 60
    assert f"file://{site.path}/blog/signals.py" in shown


def test_links_lead_to_the_files_of_the_project(site):
    shown = in_terminal(site, "run manage.py demo", env="TERM=xterm-256color TERM_PROGRAM=vscode")
    without_colours(shown)
    url = f"file://{site.path}/blog/signals.py"
    assert re.search(rf"\x1b\]8;[^;]*;{url}\S*\x1b\\[^\n]*blog/signals\.py:\d+", shown)
    with terminal(site) as opened:
        report = opened.run(f"TERM=xterm-kitty {SIGTRACE} report --tree --no-pager")
    assert url in report
    without_colours(report)
    assert "\x1b]8;" not in in_terminal(site, "run manage.py demo")


def test_redirected_it_is_plain_and_whole(site):
    command = f"{SIGTRACE} run --live manage.py demo >/dev/null 2>shown"
    with terminal(site) as opened:
        opened.run("stty cols 60")
        opened.run(f"TERM=xterm-256color {command}", timeout=60)
    shown = (site.path / "shown").read_text("utf-8")
    assert "\x1b" not in shown
    lines = tree_lines(without_colours(shown))
    assert "…" not in "".join(lines)
    assert max(map(len, lines)) >= 96


def test_forced_colours_in_a_pipe(site):
    done = site.sigtrace("run", "--live", "manage.py", "demo", env={"FORCE_COLOR": "1"})
    assert "\x1b[" in done.stderr
    assert "\x1b]" not in done.stderr
    assert "…" not in "".join(tree_lines(without_colours(done.stderr)))


def test_a_pipe_that_closes_early_does_not_harm_the_target(site):
    script = site.script(
        "import sys\n"
        "from blog.models import Article\n"
        "for number in range(300):\n"
        "    Article.objects.create(title=f'{number}')\n"
        "    print(number)\n"
        "sys.exit(7)\n"
    )
    untraced = site.run(site.interpreter, script.name)
    command = f"{SIGTRACE} run --live {script.name} 2> >(head -1 >first); echo status $?"
    done = site.run("bash", "-c", command)
    assert done.stdout == f"{untraced.stdout}status {untraced.returncode}\n"
    assert done.stderr == ""
    assert len((site.path / "first").read_text().splitlines()) == 1
    assert len(site.trace().spans("save", model="blog.Article")) == 300


def test_head_does_not_change_the_status(site):
    script = site.script(
        "import sys\n"
        "from blog.models import Article\n"
        "for number in range(300): Article.objects.create(title=f'{number}')\n"
        "sys.exit(7)\n"
    )
    command = f"{SIGTRACE} run --live {script.name} 2>&1 | head -1; echo ${{PIPESTATUS[0]}}"
    done = site.run("bash", "-c", command)
    assert done.stderr == ""
    first, status = done.stdout.splitlines()
    assert first.startswith("● Article.save()  created")
    assert status == "7"


HOSTILE = "a\x1b[2J\x1b]0;owned\x07\x9b3J\r\nb[red]c[/red]\u202e\u2066d\u2028e\u200bf\tg\x7f"

SCRIPT = """
import importlib.util, sys
from django.db import connections, models, transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal
from django.test import Client
from django.urls import path
from django.http import HttpResponse
from blog.models import Article, Comment

def load(file):
    spec = importlib.util.spec_from_file_location(HOSTILE, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

evil = load(FILE)
pre_save.connect(evil.rename, sender=Article, dispatch_uid=HOSTILE)
evil.rename.__qualname__ = HOSTILE
evil.signal.connect(evil.fails)
evil.signal.send_robust(HOSTILE, **{HOSTILE: HOSTILE}, kind=type(HOSTILE, (), {}))
Article.objects.create(title="plain")
connections.databases[HOSTILE] = connections.databases["default"]
Article.objects.using(HOSTILE).create(title="alias")
Article.objects.bulk_create([Article(title=HOSTILE)])

class Table(models.Model):
    wide = models.TextField(default="")
    class Meta:
        app_label = "blog"
        db_table = HOSTILE
with connections["default"].schema_editor() as editor:
    editor.create_model(Table)
post_save.connect(evil.rename_later, sender=Table)
with transaction.atomic():
    table = Table.objects.create(wide=WIDE)
    transaction.on_commit(evil.rename)

def view(request):
    Article.objects.create(title="requested")
    return HttpResponse()
urlpatterns = [path(HOSTILE, view)]
from django.test.utils import override_settings
sys.modules["evil_urls"] = sys.modules["__main__"]
with override_settings(ROOT_URLCONF="evil_urls", ALLOWED_HOSTS=["testserver"]):
    from urllib.parse import quote
    Client().get("/" + quote(HOSTILE))
print("ready", flush=True)
sys.stdin.readline()
"""

RECEIVERS = """
from django.dispatch import Signal
signal = Signal()
def rename(sender=None, instance=None, **kwargs):
    if instance: instance.title = HOSTILE
def rename_later(sender, instance, **kwargs):
    instance.wide = WIDE[::-1]
def fails(**kwargs):
    raise type(HOSTILE, (Exception,), {"__module__": HOSTILE})(HOSTILE)
"""
WIDE = "文字" * 10 + "שלום עולם" + "e\u0301" * 10 + "👩‍👩‍👧" * 3 + "[bold]"


@pytest.fixture
def hostile(site: Site, tmp_path: Path) -> Site:
    """A site in a folder of a hostile name, and `script.py` in it with hostile strings all over."""
    site.path.rename(tmp_path / HOSTILE.replace("/", ""))
    site = Site(tmp_path / HOSTILE.replace("/", ""))
    constants = f"HOSTILE = {HOSTILE!r}\nWIDE = {WIDE!r}\n"
    file = site.path / "blog" / f"{HOSTILE.replace('/', '')}.py"
    file.write_text(constants + RECEIVERS, "utf-8")
    site.script(constants + f"FILE = {str(file)!r}\n" + SCRIPT)
    return site


SHOW_ALL = ("--all", "--args")
NAME = r"a\x1b[2J\x1b]0;owned\x07\x9b3J\x0d\x0ab[red]c[/red]\u202e\u2066d\u2028e\u200bf\x09g\x7f"
VALUE = NAME.replace(r"\x0d\x0a", r"\r\n").replace(r"\x09", r"\t")
FILE = NAME.replace("/", "")


def record(site: Site, *options: str) -> Program:
    """The hostile script; it says that it is ready when all is done, and waits for a line."""
    words = ("run", "--values", "all", *options, "script.py", HOSTILE)
    return Program(*SIGTRACE.split(), *words, cwd=site.path)


def test_hostile_strings_in_a_pipe(hostile):
    with record(hostile, "--live", *SHOW_ALL) as run:
        run.expect("ready")
        run.tell("")
        assert run.end() == 0
    assert "\x1b" not in run.stderr
    shown = without_colours(run.stderr)
    for name in (
        f"▸ request GET {NAME}\n",
        f"  blog/{FILE}.py:",
        f" · using={NAME} · pk=",
        f"─ INSERT {NAME}  ",
        f"● ⧗ on_commit {NAME}  ",
        f"✗ {NAME}.{NAME} {NAME} · swallowed",
        f"~ title  'plain' → '{VALUE}'\n",
        f"─ {NAME}  dispatch_uid='{VALUE}'  ",
        f" bypassed: generate_slug, {NAME}, notify",
        f" · sender='{NAME}'  script.py:",
        f"│  {NAME}='{VALUE}' kind=<class __main__.{NAME}>\n",
    ):
        assert name in shown
    for command in (
        ["report", "--tree", *SHOW_ALL],
        ["report"],
        ["report", "--format", "json"],
        ["report", "--format", "markdown"],
        ["tail", HOSTILE],
        ["tail", hostile.trace().path],
    ):
        done = hostile.sigtrace(*command)
        assert done.returncode == (2 if command[0] == "tail" else 0), done.stderr
        without_colours(done.stdout + done.stderr)


def test_hostile_strings_in_a_narrow_terminal(hostile):
    with record(hostile, "--no-live") as run, terminal(hostile) as opened:
        run.expect("ready")
        opened.run("stty cols 60")
        env = "TERM=xterm-256color TERM_PROGRAM=vscode"
        opened.enter(f"{env} {SIGTRACE} tail --from-start {' '.join(SHOW_ALL)}")
        opened.expect("request_finished")
        run.tell("")
        run.end()
        opened.expect(PROMPT)
        everything = opened.screen
    shown = without_colours(everything)
    assert f"(script.py {VALUE})\n" in shown
    lines = tree_lines(shown.partition(f"{VALUE})\n")[2].removesuffix(PROMPT))
    assert max(map(cell_len, lines)) == 60
    links = re.findall(r"\x1b\]8;[^;]*;([^\x1b]+)\x1b", everything)
    assert any("%1B%5B2J" in link for link in links)
    assert all(re.fullmatch(r"file:///[\w/.%~#-]+", link, re.ASCII) for link in links)
