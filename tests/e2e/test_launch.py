"""`sigtrace run` around real programs: what reaches them, what comes back, and what they notice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT, Finished, Site, Trace, clean_environment, run_process

if TYPE_CHECKING:
    from collections.abc import Callable

BOOT = str(ROOT / "sigtrace" / "probe" / "_boot")
PYTHON = sys.executable
SHOW_ARGV = "import sys; print(sys.argv[1:])"


@pytest.fixture(params=["module", "script"])
def command(request: pytest.FixtureRequest) -> list[str]:
    """`python -m sigtrace`, and the installed script or what it would do."""
    if request.param == "module":
        return [PYTHON, "-m", "sigtrace"]
    return [PYTHON, "-c", "from sigtrace.cli.main import main; main()"]


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., Finished]:
    """Run a program natively and traced; both must show and return the same."""

    def run(*target: str, env: dict[str, str | None] | None = None, **options: object) -> Finished:
        native, traced = (
            run_process(*prefix, *target, cwd=tmp_path, env=env, **options)  # type: ignore[arg-type]
            for prefix in ([], [PYTHON, "-m", "sigtrace", "run", "--quiet", "--no-live"])
        )
        assert (traced.returncode, traced.stdout, traced.stderr) == (
            native.returncode,
            native.stdout,
            native.stderr,
        )
        return traced

    return run


def make_executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


# What is started


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["-v", "2"],
        ["--values", "none", "--live"],
        ["--", "-x"],
        ["-o", "x=1", "--quiet"],
        [""],
        ["a b", "ünï", "*", "$HOME", "\\"],
    ],
)
def test_what_follows_the_target_reaches_it_verbatim(
    tmp_path: Path, command: list[str], arguments: list[str]
) -> None:
    (tmp_path / "show.py").write_text(SHOW_ARGV)
    for target in (["show.py"], ["-m", "show"], ["-c", SHOW_ARGV], ["--", "show.py"]):
        done = run_process(*command, "run", "--no-live", *target, *arguments, cwd=tmp_path)
        assert done.stdout == f"{arguments}\n"
        assert done.returncode == 0


@pytest.mark.parametrize(
    "target", [["-O", "t.py"], ["-mt"], ["-W", "error", "t.py"], ["-Xdev", "t.py"], ["-Bm", "t"]]
)
def test_the_interpreters_own_options_are_a_target(
    compare: Callable[..., Finished], tmp_path: Path, target: list[str]
) -> None:
    (tmp_path / "t.py").write_text("import sys; print(sys.flags, sys.argv)")
    traced = run_process(PYTHON, "-m", "sigtrace", "run", "--quiet", *target, cwd=tmp_path)
    native = run_process(PYTHON, *target, cwd=tmp_path)
    assert (traced.returncode, traced.stdout) == (native.returncode, native.stdout)


def test_a_command_on_path_keeps_its_own_interpreter(tmp_path: Path) -> None:
    make_executable(tmp_path / "tool", '#!/bin/sh\necho "$0" "$@"\n')
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = run_process(
        PYTHON, "-m", "sigtrace", "run", "tool", "-x", cwd=tmp_path, env={"PATH": path}
    )
    assert done.stdout == f"{tmp_path}/tool -x\n"


def test_an_executable_script_is_run_by_its_first_line(tmp_path: Path) -> None:
    make_executable(tmp_path / "fake", '#!/bin/sh\necho fake "$@"\n')
    make_executable(tmp_path / "manage.py", f"#!{tmp_path}/fake\n")
    make_executable(tmp_path / "plain.py", "print('python')\n")
    run = [PYTHON, "-m", "sigtrace", "run", "--quiet"]
    assert run_process(*run, "./manage.py", "x", cwd=tmp_path).stdout == "fake ./manage.py x\n"
    assert run_process(*run, "./plain.py", cwd=tmp_path).stdout == "python\n"
    done = run_process(*run, "--python", PYTHON, "./manage.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), "--python was asked for"


def test_the_active_environment_then_ours_unless_python_is_named(tmp_path: Path) -> None:
    show = [PYTHON, "-m", "sigtrace", "run", "--quiet"]
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    make_executable(venv / "bin" / "python", '#!/bin/sh\necho venv "$@"\n')
    other = make_executable(tmp_path / "other", '#!/bin/sh\necho other "$@"\n')
    active: dict[str, str | None] = {"VIRTUAL_ENV": str(venv)}

    def run(*args: str, env: dict[str, str | None] | None = None) -> str:
        return run_process(*show, *args, cwd=tmp_path, env=env).stdout.strip()

    code = "import sys; print(sys.executable)"
    assert run("-c", code) == PYTHON
    assert run("-m", "x", env=active) == "venv -m x"
    assert run("--python", str(other), "x.py", env=active) == "other x.py"
    assert run("x.py", env={**active, "SIGTRACE_PYTHON": str(other)}) == "other x.py"
    assert run("-c", code, env={"VIRTUAL_ENV": str(tmp_path / "gone")}) == PYTHON


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        (["nonesuch"], 127, "Cannot start nonesuch: command not found.\n"),
        (["manage"], 127, "command not found.\n  Did you mean manage.py?\n"),
        (["./nonesuch"], 127, "Cannot start ./nonesuch: no such file.\n"),
        ([""], 127, "Cannot start nothing"),
        (["locked"], 126, "permission denied."),
        (["./badline"], 127, "The interpreter that its first line names does not exist."),
        (["./noline"], 126, "Its first line names no interpreter"),
        (["--python", "nonesuch", "-c", ""], 127, "There is no interpreter nonesuch."),
        (["--python", PYTHON, "sh", "-c", ":"], 2, "--python does not apply to sh"),
    ],
)
def test_what_cannot_be_started(
    tmp_path: Path, target: list[str], status: int, message: str
) -> None:
    (tmp_path / "manage.py").touch()
    (tmp_path / "locked").touch()
    make_executable(tmp_path / "badline", "#!/nonesuch/python\n")
    make_executable(tmp_path / "noline", "echo\n")
    env = {"PATH": f"{os.environ['PATH']}:{tmp_path}"}
    done = run_process(PYTHON, "-m", "sigtrace", "run", *target, cwd=tmp_path, env={**env})
    assert done.returncode == status
    assert message in done.stderr
    assert not list((tmp_path / ".sigtrace").glob("2*")), "no run is left"


def test_a_missing_script_is_pythons_to_complain_of(compare: Callable[..., Finished]) -> None:
    assert compare(PYTHON, "nonesuch.py").returncode == 2


# How it ends


@pytest.mark.parametrize("status", [0, 1, 3, 77, 255])
def test_exit_statuses(tmp_path: Path, command: list[str], status: int) -> None:
    done = run_process(*command, "run", "-c", f"raise SystemExit({status})", cwd=tmp_path)
    assert done.returncode == status


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE]
)
def test_it_dies_as_the_target_died(tmp_path: Path, command: list[str], number: int) -> None:
    done = run_process(*command, "run", "sh", "-c", f"kill -{int(number)} $$", cwd=tmp_path)
    assert done.returncode == -number
    run = json.loads(next(tmp_path.glob(".sigtrace/*/run.json")).read_text())
    assert (run["exit_status"], run["signal"]) == (128 + number, number)


def test_a_broken_pipe_kills_as_it_does_natively(compare: Callable[..., Finished]) -> None:
    done = compare("bash", "-c", "yes | head -1; echo ${PIPESTATUS[*]}")
    assert done.stdout == "y\n141 0\n"


@pytest.mark.parametrize("reader", ["true", "head -c 1"])
def test_the_status_is_kept_when_nobody_reads_what_we_say(tmp_path: Path, reader: str) -> None:
    run = f"{PYTHON} -m sigtrace run --live --format json -c 'raise SystemExit(7)'"
    shell = f"{{ {run} 2>&1 >/dev/null; echo status $? >&3; }} 3>&1 | {reader} >/dev/null"
    done = run_process("bash", "-c", f"exec 4>&1; {shell.replace('3>&1', '3>&4')}", cwd=tmp_path)
    assert done.stdout == "status 7\n"


# Signals


WAITS = """
import os, signal, sys, time
got = []
for number in map(int, sys.argv[1].split()):
    signal.signal(number, lambda number, frame: got.append(number))
print("ready", flush=True)
deadline = time.monotonic() + float(sys.argv[2])
while time.monotonic() < deadline and not got:
    time.sleep(0.01)
second = time.monotonic() + 0.3
while time.monotonic() < second:
    time.sleep(0.01)  # for one that comes twice
print(got, flush=True)
"""


def start(tmp_path: Path, *args: str, quiet: bool = True) -> subprocess.Popen[str]:
    run = [PYTHON, "-m", "sigtrace", "run", "--no-live", *(["--quiet"] if quiet else []), *args]
    return subprocess.Popen(
        run,
        cwd=tmp_path,
        env=clean_environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )


@pytest.mark.parametrize("how", ["ours alone", "the group"])
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "WINCH", "CONT", "TTIN"])
def test_a_signal_reaches_the_target_once(tmp_path: Path, name: str, how: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    process = start(tmp_path, "-c", WAITS, str(int(number)), "20")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    (os.kill if how == "ours alone" else os.killpg)(process.pid, number)
    shown, _ = process.communicate(timeout=30)
    assert shown == f"[{int(number)}]\n"
    assert process.returncode == 0


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    code = "import signal; print([signal.getsignal(n).name for n in (1, 2, signal.SIGCHLD)])"
    ignoring = ["bash", "-c", "trap '' HUP INT CHLD; exec \"$@\"", "-"]
    done = run_process(*ignoring, PYTHON, "-m", "sigtrace", "run", "-c", code, cwd=tmp_path)
    assert done.stdout == "['SIG_IGN', 'SIG_IGN', 'SIG_IGN']\n"
    assert done.returncode == 0


def test_the_targets_mask_and_handlers_are_as_without_us(compare: Callable[..., Finished]) -> None:
    code = (
        "import signal; print(signal.pthread_sigmask(0, []),"
        "[line for line in open('/proc/self/status') if line.startswith('Sig')][1:])"
    )
    if sys.platform == "linux":
        compare(PYTHON, "-c", code)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can promise it")
def test_the_target_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    process = start(
        tmp_path, "-c", "import os,time; print(os.getpid(), flush=True); time.sleep(60)"
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    # Its end of the pipe is closed when it has ended.
    assert process.stdout.read() == ""
    process.stdout.close()
    for _ in range(200):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text():
            break
        time.sleep(0.01)
    else:
        pytest.fail("the target still lives")


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare")
def test_as_pid_1_it_returns_the_status_of_a_shell(tmp_path: Path) -> None:
    inside = ["unshare", "--pid", "--fork", "--kill-child"]
    if run_process(*inside, "true", cwd=tmp_path).returncode:
        pytest.skip("this user may not make a PID namespace")
    run = [*inside, PYTHON, "-m", "sigtrace", "run", "--quiet", "sh", "-c"]
    assert run_process(*run, "exit 5", cwd=tmp_path).returncode == 5
    assert run_process(*run, "kill -TERM $$", cwd=tmp_path).returncode == 143


# What the target notices


@pytest.mark.parametrize("path", [None, "", ":", "/x", "/x:", ":/x"])
def test_the_same_sys_path(tmp_path: Path, path: str | None) -> None:
    code = "import sys; print(sys.path, sorted(sys.path_importer_cache))"
    target = [PYTHON, "-c", code]
    native = run_process(*target, cwd=tmp_path, env={"PYTHONPATH": path})
    # Not from the checkout by PYTHONPATH: that is what is varied here.
    run = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import sigtrace.cli.main as m; m.main()"
    traced = run_process(
        PYTHON, "-c", run, "run", "--quiet", *target, cwd=tmp_path, env={"PYTHONPATH": path}
    )
    assert traced.returncode == 0, traced.stderr
    assert traced.stdout == native.stdout
    assert "_boot" not in traced.stdout


SITECUSTOMIZE = {
    "sets a flag": "import sys; sys.flag = 'set'",
    "raises": "raise RuntimeError('broken')",
    "misses a module": "import nonesuch_module",
    "exits": "raise SystemExit(4)",
}


@pytest.mark.parametrize("kind", SITECUSTOMIZE)
def test_the_users_own_sitecustomize(
    compare: Callable[..., Finished], tmp_path: Path, kind: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE[kind])
    code = "import sys; print(getattr(sys, 'flag', None), 'sitecustomize' in sys.modules)"
    # The flag is printed by the target; sigtrace itself runs isolated from the file.
    run = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import sigtrace.cli.main as m; m.main()"
    target = ["env", f"PYTHONPATH={tmp_path}", PYTHON, "-c", code]
    inner = f"PYTHONPATH={BOOT}:{tmp_path}"
    native = run_process(*target, cwd=tmp_path)
    traced = run_process(
        PYTHON, "-c", run, "run", "--quiet", "env", inner, *target[2:], cwd=tmp_path
    )
    assert (traced.returncode, traced.stdout, traced.stderr) == (
        native.returncode,
        native.stdout,
        native.stderr,
    )


CHAINER = """
import os, sys
from importlib.machinery import PathFinder
here = os.path.dirname(__file__)
sys.path[:] = [entry for entry in sys.path if entry != here]
if PathFinder.find_spec("sitecustomize", sys.path):
    del sys.modules["sitecustomize"]
    import sitecustomize
    sys.modules["sitecustomize"]
sys.outer = "started"
"""


@pytest.mark.parametrize("order", ["outer first", "ours first"])
def test_another_tools_sitecustomize_that_chains(tmp_path: Path, site: Site, order: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(CHAINER)
    last = tmp_path / "last"  # the chainer fails, traced or not, where it chains to nothing
    last.mkdir()
    (last / "sitecustomize.py").touch()
    boot, other = BOOT, str(tmp_path)
    path = ":".join([*([other, boot] if order == "outer first" else [boot, other]), str(last)])
    script = site.script("import sys; print(sys.outer, '_sigtrace' in sys.modules)")
    done = site.sigtrace("run", "--quiet", "env", f"PYTHONPATH={path}", PYTHON, script.name)
    assert done.stdout == "started True\n", done.stderr


PROGRAMS = {
    "traceback": "def f():\n    raise ValueError('x')\nf()\n",
    "syntax": "def f(:\n",
    "introspection": (
        "import sys, os, inspect\n"
        "print(__name__, __file__, __spec__, sorted(k for k in globals() if k.startswith('__')))\n"
        "print(sys.argv, sys.orig_argv, sys.executable, sys.flags, len(inspect.stack()))\n"
        "print(sys.stdin.isatty(), os.getcwd(), sys.path)\n"
    ),
    "import error": "import django.nonesuch\n",
    "at exit": (
        "import atexit, pickle\nclass A: pass\n"
        "atexit.register(lambda: print(type(pickle.loads(pickle.dumps(A())))))\n"
    ),
    "missing finder": "import importlib.util\nprint(importlib.util.find_spec('django.nonesuch'))\n",
    "reads stdin": "print(input())\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_show_the_same(
    compare: Callable[..., Finished], tmp_path: Path, name: str
) -> None:
    (tmp_path / "program.py").write_text(PROGRAMS[name])
    compare(PYTHON, "program.py", "a", stdin="typed")


def test_modules_at_the_first_line(tmp_path: Path) -> None:
    target = [PYTHON, "-c", "import sys; print(*sys.modules)"]
    native = run_process(*target, cwd=tmp_path).stdout.split()
    run = [PYTHON, "-m", "sigtrace", "run", "--quiet"]
    traced = run_process(*run, *target, cwd=tmp_path).stdout.split()
    assert set(traced) - set(native) <= {"sitecustomize"}


def test_a_failing_import_of_the_dispatcher_shows_no_frame_of_ours(
    compare: Callable[..., Finished], tmp_path: Path
) -> None:
    package = tmp_path / "django" / "dispatch"
    package.mkdir(parents=True)
    (tmp_path / "django" / "__init__.py").touch()
    (package / "__init__.py").write_text("from . import dispatcher\n")
    (package / "dispatcher.py").write_text("def f():\n    raise ValueError('x')\nf()\n")
    (tmp_path / "program.py").write_text("import django.dispatch\n")
    done = compare(PYTHON, "program.py")
    assert "ValueError" in done.stderr


def test_a_probe_that_fails_is_one_line_and_an_untraced_target(tmp_path: Path) -> None:
    package = tmp_path / "django" / "dispatch"
    package.mkdir(parents=True)
    (tmp_path / "django" / "__init__.py").touch()
    (package / "__init__.py").write_text("from . import dispatcher\n")
    (package / "dispatcher.py").write_text("print('no Signal here')\n")
    (tmp_path / "program.py").write_text("import django.dispatch; print('goes on')\n")
    done = run_process(PYTHON, "-m", "sigtrace", "run", "program.py", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "no Signal here\ngoes on\n"
    ours = done.stderr.splitlines()
    assert ours[0].startswith("sigtrace: this process is not traced: ")
    assert len(ours) == 2


# The run


def test_nothing_is_traced_where_nothing_can_be_written(site: Site) -> None:
    (site.path / ".sigtrace").touch()
    done = site.sigtrace("run", "--live", "manage.py", "demo")
    assert done.stdout == site.manage("demo").stdout
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("sigtrace: this run is not traced: cannot write to ")
    assert ".sigtrace: " in line


def test_a_run_within_a_run_joins_it(site: Site) -> None:
    inner = ["-m", "sigtrace", "run", "-c", "import os; print(os.environ['PYTHONPATH'])"]
    done = site.sigtrace("run", "--no-live", "--trace-dir", "trace", *inner)
    assert done.stdout.strip().split(os.pathsep).count(BOOT) == 1
    assert "already within a traced run, recording into" in done.stderr
    assert not (site.path / ".sigtrace").exists()

    both = site.sigtrace("run", "--no-live", "-m", "sigtrace", "run", "manage.py", "demo")
    once = site.sigtrace("run", "--no-live", "manage.py", "demo")
    assert both.stderr.splitlines()[-1] == once.stderr.splitlines()[-1]
    assert len(list((site.path / ".sigtrace").glob("2*"))) == 2


def test_spaces_and_a_change_of_folder(site: Site, tmp_path: Path) -> None:
    odd = tmp_path / "my prøject"
    site.path.rename(odd)
    script = Site(odd).script("import os; os.chdir('/'); from blog.models import Tag; Tag().save()")
    done = Site(odd).sigtrace("run", "--no-live", "--trace-dir", "the trace", script.name)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith(" · sigtrace report 'the trace'\n")
    assert Trace(odd / "the trace").spans("save")


def test_in_place(site: Site) -> None:
    script = site.script("import os; print(os.getpid()); from blog.models import Tag; Tag().save()")
    done = site.sigtrace("run", "--exec", "--live", script.name)
    assert done.returncode == 0
    assert done.stderr == ""
    run = site.trace().run
    assert run["pid"] == int(done.stdout)
    assert (run["exit_status"], run["ended"]) == (None, None)
    assert site.trace().spans("save")


def test_the_last_line_and_the_header(site: Site) -> None:
    done = site.sigtrace("run", "--no-live", "manage.py", "demo", "--email=a@b.c", "x")
    assert done.returncode == 2, "the target does not know --email"
    done = site.sigtrace("run", "--no-live", "manage.py", "demo")
    (line,) = done.stderr.splitlines()
    trace = site.trace()
    sends, calls = len(trace.spans("send")), len(trace.spans("receiver"))
    assert f" · {sends} sends · {calls} receiver calls · " in line
    assert line.endswith(" errors · sigtrace report")
    assert trace.run["argv"] == ["manage.py", "demo"]
    assert trace.run["values"] == "redacted"
    assert trace.run["exit_status"] == 0
    runs = sorted((site.path / ".sigtrace").glob("2*"))
    first = json.loads((runs[0] / "run.json").read_text())
    assert first["argv"] == ["manage.py", "demo", "--email=***", "x"]


def test_the_totals_are_the_same_with_and_without_the_live_view(site: Site) -> None:
    lines = [
        site.sigtrace("run", option, "manage.py", "demo").stderr.splitlines()[-1]
        for option in ("--live", "--no-live")
    ]
    assert lines[0] == lines[1]


def test_what_is_said_where_no_signals_were_seen(site: Site) -> None:
    done = site.sigtrace("run", "sh", "-c", ":")
    assert done.stderr == "sigtrace: no signals were seen: no traced process imported Django\n"
    done = site.sigtrace("run", "-c", "import django.dispatch")
    assert done.stderr == "sigtrace: no signals were seen · sigtrace report\n"


def test_quiet_writes_nothing_to_stderr(site: Site) -> None:
    done = site.sigtrace("run", "--quiet", "manage.py", "demo")
    assert done.stderr == ""


def test_twenty_runs_are_kept(site: Site) -> None:
    old = [site.path / ".sigtrace" / f"20200101T0000{n:02}Z-1-abcdef" for n in range(25)]
    for path in old:
        path.mkdir(parents=True)
        (path / "run.json").write_text("{}")
    site.sigtrace("run", "-c", "pass")
    assert [path.exists() for path in old] == [False] * 6 + [True] * 19


def test_values_are_not_recorded_in_ci_unless_asked_for(site: Site) -> None:
    env: dict[str, str | None] = {"CI": "true"}
    site.sigtrace("run", "-c", "pass", env=env)
    assert site.trace().run["values"] == "none"
    site.sigtrace("run", "--trace-dir", "t", "--values", "all", "-c", "pass", env=env)
    assert Trace(site.path / "t").run["values"] == "all"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_stay_closed(tmp_path: Path, closed: str) -> None:
    code = (
        "import os\n"
        "def is_open(n):\n"
        "    try: os.fstat(n)\n"
        "    except OSError: return False\n"
        "    return True\n"
        f"open({str(tmp_path / 'shown')!r}, 'a').write(str([is_open(n) for n in range(3)]))\n"
    )
    (tmp_path / "t.py").write_text(code)
    run = f"{PYTHON} -m sigtrace run --live"
    for command in ("", run):
        done = run_process("bash", "-c", f"{command} {PYTHON} t.py {closed}", cwd=tmp_path)
        assert done.returncode == 0
    shown = (tmp_path / "shown").read_text()
    assert shown[: len(shown) // 2] * 2 == shown
    (header,) = tmp_path.glob(".sigtrace/*/run.json")
    assert json.loads(header.read_text())["exit_status"] == 0


# The live view


def test_json_lines_as_they_happen(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "live.jsonl"
    done = site.sigtrace("run", "--format", "json", "--live-to", str(target), "manage.py", "demo")
    assert len(done.stderr.splitlines()) == 1
    (process,) = site.trace().processes
    lines = target.read_text().splitlines()
    assert [line for line in lines if '"counts"' not in line] == [
        line for line in process.read_text().splitlines() if '"counts"' not in line
    ]
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_live_file_that_cannot_be_written_is_a_usage_error(site: Site) -> None:
    done = site.sigtrace("run", "--live-to", "/nonesuch/file", "-c", "print('never')")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Cannot write the live view to /nonesuch/file" in done.stderr


def test_the_tree_is_drawn_on_stderr(site: Site) -> None:
    script = site.script("from blog.models import Tag; Tag(name='a').save(); print('out')")
    done = site.sigtrace("run", "--live", script.name)
    assert done.stdout == "out\n"
    assert "Tag.save()" in done.stderr
    assert "script.py:" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("sigtrace: 1 chain · ")
