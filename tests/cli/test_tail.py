"""`sigtrace tail`: what a second terminal shows of a run, and when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.program import OBEYS, Program
from tests.e2e.terminal import CTRL_C, PROMPT, Terminal
from tests.factories import article_save, process, write
from tests.support import ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support import Finished, Site

SIGTRACE = (sys.executable, "-m", "sigtrace")
FOLLOWING = r"following .*\n"
AN_HOUR = 3600 * 10**9

# The receiver waits for a line, so that its chain is open until it is told to go on.
OPEN_CHAIN = """
from blog.models import Tag
from django.db.models.signals import post_save
def waits(**kwargs):
    print("waiting", flush=True)
    sys.stdin.readline()
post_save.connect(waits, sender=Tag)
"""


@pytest.fixture
def start(site: Site) -> Iterator[Callable[..., Program]]:
    """`start("tail")`: `sigtrace tail` in the sample site, ended with the test."""
    programs = []

    def start(*args: str, **env: str | None) -> Program:
        program = Program(*SIGTRACE, *args, cwd=site.path, **env)
        programs.append(program)
        return program.__enter__()

    yield start
    for program in reversed(programs):
        program.__exit__()


@pytest.fixture
def obeying(site: Site, start: Callable[..., Program]) -> Callable[..., Program]:
    """`obeying("--values", "all")`: a run, not shown by itself, of a script that obeys."""

    def begin(*options: str, before: str = "") -> Program:
        script = site.script(before + OBEYS)
        program = start("run", "--no-live", *options, script.name)
        program.expect("ready")
        return program

    return begin


def save(run: Program, title: str) -> None:
    run.tell(f"Article.objects.create(title={title!r})")
    run.expect("done")


def make_old(run: Path) -> None:
    """Let a run that has just started have started an hour ago; its lock stays."""
    change_start(run, -AN_HOUR)


def keep_young(run: Path) -> None:
    """Let a run still have just started, however slow this machine is."""
    change_start(run, AN_HOUR)


def change_start(run: Path, nanoseconds: int) -> None:
    file = run / "run.json"
    header = json.loads(file.read_text())
    file.write_text(json.dumps(header | {"started": header["started"] + nanoseconds}))


def test_the_next_run_is_waited_for_and_shown_whole(site, start, obeying):
    tail = start("tail")
    tail.expect(r"no run is going on in .*\.sigtrace: waiting for the next one", "stderr")
    run = obeying("--values", "all")
    tail.expect(r"following \S+ \(script.py\)\n", "stderr")
    save(run, "One")
    tail.expect(r"^● Article.save\(\)  created[^\0]*~ slug  '' → 'one'")
    save(run, "Two")
    tail.expect("'two'")
    assert run.end() == 0
    assert tail.end() == 0
    assert tail.stdout.count("● Article.save()") == 2
    last = run.stderr.splitlines()[-1]
    assert "2 chains · " in last
    assert tail.stderr.splitlines()[-1] == last
    names = {path.suffix for path in site.trace().path.iterdir()}
    assert names <= {".json", ".jsonl"}


def test_a_run_that_goes_on_is_followed_from_now_on(site, start, obeying):
    run = obeying("--values", "all", before=OPEN_CHAIN)
    save(run, "Before")
    run.tell("Tag.objects.create(name='open')")
    run.expect("waiting")
    make_old(site.trace().path)
    late, early = start("tail"), start("tail", "--from-start")
    late.expect(r"following .*\n *From now on; --from-start shows", "stderr")
    early.expect("'before'")
    assert "From now on" not in early.stderr
    run.tell("go on")
    run.expect("done")
    save(run, "After")
    for tail in (late, early):
        # What was open is shown whole, with what was over in it: in two parts if that took long.
        tail.expect(r"● Tag.save\(\)[^●]*normalise_tag_name[^●]*INSERT[^●]*waits[^\0]*● Article")
        tail.expect("'after'")
    assert run.end() == 0
    for tail in (late, early):
        assert tail.end() == 0
        assert tail.stderr.splitlines()[-1] == run.stderr.splitlines()[-1]
    assert "'before'" not in late.stdout


def test_from_now_on_begins_no_later_than_it_is_said(site, start, obeying):
    run = obeying()
    folder = site.trace().path
    make_old(folder)
    # Long enough to pass over that a save comes in the meantime.
    write(folder / "1.jsonl", process("1"), *article_save("1") * 4_000)
    tail = start("tail")
    tail.expect("From now on", "stderr")
    save(run, "After")
    tail.expect("● Article")
    assert run.end() == 0
    assert tail.end() == 0


def test_a_run_that_has_just_started_is_shown_whole(site, start, obeying):
    run = obeying("--values", "all")
    save(run, "Before")
    keep_young(site.trace().path)
    tail = start("tail")
    tail.expect("'before'")
    run.end()
    assert tail.end() == 0
    assert "From now on" not in tail.stderr


def test_json_is_the_lines_of_the_trace(site, start, obeying):
    run = obeying()
    save(run, "Before")
    make_old(site.trace().path)
    tail = start("tail", "--format", "json")
    tail.expect(FOLLOWING, "stderr")
    tail.expect('"event":"process"')
    save(run, "After")
    tail.expect('"event":"end","kind":"save"')
    run.end()
    assert tail.end() == 0
    lines = [json.loads(line) for line in tail.stdout.splitlines()]
    assert [line["event"] for line in lines].count("process") == 1
    recorded = site.trace().events
    assert all(line in recorded for line in lines if line["event"] == "end")
    saves = [line for line in lines if line["event"] == "end" and line["name"] == "Article.save()"]
    assert len(saves) == 1


def test_the_newest_of_several_and_a_named_one(site, start, obeying):
    first = obeying()
    name = site.trace().path.name
    second = obeying()
    newest, named = start("tail"), start("tail", name)
    newest.expect(rf"2 runs are going on, this is the newest; the others: {name}\n", "stderr")
    by_path = start("tail", f".sigtrace/{name}/")
    for tail in (newest, named, by_path):
        tail.expect(FOLLOWING, "stderr")
    save(second, "Second")
    newest.expect("Article.save")
    save(first, "First")
    named.expect("Article.save")
    by_path.expect("Article.save")
    first.end()
    assert named.end() == 0
    assert by_path.end() == 0
    assert newest.process.poll() is None
    second.end()
    assert newest.end() == 0
    assert newest.stdout.count("●") == named.stdout.count("●") == 1


def test_display_options_and_settings_are_those_of_run(site, start, obeying):
    (site.path / "pyproject.toml").write_text('[tool.sigtrace]\nreceiver = ["generate_slug"]\n')
    run = obeying()
    by_setting, by_option = start("tail"), start("tail", "--receiver", "notify*", "--args")
    for tail in (by_setting, by_option):
        tail.expect(FOLLOWING, "stderr")
    save(run, "One")
    run.end()
    assert by_setting.end() == by_option.end() == 0
    assert "generate_slug" in by_setting.stdout
    assert "notify_about_article" not in by_setting.stdout
    assert "generate_slug" not in by_option.stdout
    assert "raw=False" in by_option.stdout


def test_a_folder_that_is_set_for_runs_is_looked_into(site, start, obeying):
    (site.path / "pyproject.toml").write_text('[tool.sigtrace]\ntrace-dir = "traces/mine"\n')
    tail = start("tail")
    tail.expect("no run is going on in .*traces/mine: waiting", "stderr")
    run = obeying()
    tail.expect("following mine ", "stderr")
    run.end()
    assert tail.end() == 0
    assert tail.stderr.splitlines()[-1].endswith("sigtrace report traces/mine")


def test_waiting_outside_of_a_project_says_how_to_name_a_run(tmp_path):
    with Program(*SIGTRACE, "tail", cwd=tmp_path) as tail:
        tail.expect(r"waiting for the next .*\n +This is no project; a run elsewhere", "stderr")


def test_without_stdout_it_says_so(site):
    done = site.run("bash", "-c", f"{' '.join(SIGTRACE)} tail >&-")
    assert done.returncode == 2
    assert done.stderr == "sigtrace: stdout, on which the run would be shown, is closed.\n"


@pytest.mark.parametrize("following", [False, True], ids=["waiting", "following"])
def test_ctrl_c_ends_it_at_once(site, obeying, following):
    if following:
        obeying()
    with Terminal(site.path, clean_environment(PYTHONPATH=str(ROOT))) as terminal:
        terminal.enter(f"{sys.executable} -m sigtrace tail")
        terminal.expect("following" if following else "waiting for the next")
        terminal.type(CTRL_C)
        assert terminal.expect(PROMPT).endswith(f"\n{PROMPT}")
        assert terminal.run("echo status $?") == "\nstatus 130\n"
        assert "Traceback" not in terminal.screen
        assert "Aborted" not in terminal.screen


@pytest.mark.parametrize("following", [False, True], ids=["waiting", "following"])
def test_a_pipe_that_closes_ends_it_quietly(start, obeying, following):
    if following:
        run = obeying()
    tail = start("tail")
    tail.expect("following" if following else "waiting for", "stderr")
    if following:
        save(run, "One")
        tail.expect("Article.save")
    tail.hang_up()
    assert tail.end() == 0
    assert len(tail.stderr.splitlines()) == 1
    if following:
        save(run, "Two")
        assert run.end() == 0


def test_a_run_that_became_its_target(site, start):
    """With --exec nothing is locked until Django is imported, and nobody writes how it ended."""
    script = site.path / "late.py"
    script.write_text("print('ready', flush=True)\ninput()\n" + site.script(OBEYS).read_text())
    run = start("run", "--exec", script.name)
    run.expect("ready")
    tail = start("tail")
    tail.expect(r"following \S+ \(late.py\)", "stderr")
    # A process makes its file, then locks it.
    (site.trace().path / "1.jsonl").touch()
    other = start("tail")
    other.expect(r"following \S+ \(late.py\)", "stderr")
    run.tell("go on")
    run.expect("ready")
    save(run, "One")
    for one in (tail, other):
        one.expect("Article.save")
    assert run.end() == 0
    for one in (tail, other):
        assert one.end() == 0
        assert "1 chain · " in one.stderr.splitlines()[-1]


def test_it_ends_with_a_run_that_was_killed(site, start, obeying):
    run = obeying()
    save(run, "One")
    keep_young(site.trace().path)
    tail = start("tail")
    tail.expect("Article.save")
    run.process.send_signal(signal.SIGKILL)
    assert tail.end() == 0
    assert "1 chain · " in tail.stderr.splitlines()[-1]


FORKS = """
import os
def fork():
    reading, writing = os.pipe()
    if os.fork():
        os.close(reading)
        return
    os.close(writing)
    Article.objects.create(title="child")
    os.read(reading, 1)
    Article.objects.create(title="orphan")
    os._exit(0)
"""


def test_it_goes_on_while_a_process_of_the_run_does(start, obeying):
    run = obeying("--values", "all", before=FORKS)
    tail = start("tail")
    tail.expect(FOLLOWING, "stderr")
    run.tell("fork()")
    tail.expect("'child'")
    # The end of the target is what the child waits for.
    run.end()
    tail.expect("'orphan'|more")
    assert tail.end() == 0


def test_a_run_without_django(site, start):
    run = start("run", "--no-live", "-c", "print('ready', flush=True); input()")
    run.expect("ready")
    tail = start("tail")
    tail.expect(FOLLOWING, "stderr")
    run.tell("")
    run.end()
    assert tail.end() == 0
    assert "no traced process imported Django" in tail.stderr
    assert tail.stdout == ""


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("nonesuch", "there is no such run", ".sigtrace"),
        ("over", "over is over", "sigtrace report --tree over"),
        ("empty", "is not a run", "waits for the next"),
        ("over/4242.jsonl", "is a file", "sigtrace tail"),
        ("x" * 300, "File name too long", ""),
    ],
)
def test_what_cannot_be_followed_is_said(
    tmp_path: Path, sigtrace: Callable[..., Finished], name: str, said: str, hint: str
):
    runs = tmp_path / ".sigtrace"
    write(runs / "over" / "4242.jsonl", process(), *article_save())
    (runs / "empty").mkdir()
    done = sigtrace("tail", name)
    assert (done.returncode, done.stdout) == (2, "")
    sentence, *more = done.stderr.splitlines()
    assert said in sentence
    assert hint in " ".join(more)


def test_a_newer_schema_is_said(site, start, obeying):
    obeying()
    file = site.trace().path / "run.json"
    file.write_text(file.read_text().replace('"schema": 1', '"schema": 99'))
    tail = start("tail")
    assert tail.end() == 2
    assert "newer sigtrace (schema 99" in tail.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--format", "text"), "'text' is not one of"),
        (("a", "b"), "unexpected extra argument"),
        (("--quite",), "No such option"),
    ],
)
def test_usage_errors(sigtrace: Callable[..., Finished], args: tuple[str, ...], said: str):
    done = sigtrace("tail", *args)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_bad_setting_is_said(tmp_path: Path, sigtrace: Callable[..., Finished]):
    done = sigtrace("tail", env={"SIGTRACE_MIN_MS": "many"})
    assert done.returncode == 2
    assert "SIGTRACE_MIN_MS" in done.stderr


def test_an_old_run_of_a_pid_that_is_somebody_elses_is_not_going_on(tmp_path, start):
    """Only a run without any process file may still be about to start."""
    run = tmp_path / "site" / ".sigtrace" / "20260101T000000Z-1-abc"
    write(run / "4242.jsonl", process())
    (run / "run.json").write_text(json.dumps({"schema": 1, "argv": [], "pid": os.getpid()}))
    start("tail").expect("waiting for the next", "stderr")


def test_help_needs_no_rich_and_no_reader():
    code = "import sys; from sigtrace.cli import tail; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
