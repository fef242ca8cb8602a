"""What `sigtrace run` makes of its command line, and what it says at the end."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from sigtrace.analysis.summary import Totals
from sigtrace.cli import run as run_module
from sigtrace.cli import session
from sigtrace.cli.ending import last_line
from sigtrace.cli.main import group
from sigtrace.launch.command import is_quiet_by_default
from tests.support import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from sigtrace.cli.plan import Plan


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line up to the plan, in an empty folder and a clean environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", clean_environment())

    def invoke(*args: str, **env: str) -> Result:
        plans: list[Plan] = []
        monkeypatch.setattr(session, "execute", lambda plan, *rest: plans.append(plan))
        result = CliRunner().invoke(group, ["run", *args], env=env)
        result.return_value = plans[0] if plans else None
        return result

    return invoke


@pytest.fixture
def planned(invoke: Callable[..., Result]) -> Callable[..., Plan]:
    def planned(*args: str, **env: str) -> Plan:
        result = invoke(*args, **env)
        assert result.return_value is not None, result.output
        plan: Plan = result.return_value
        return plan

    return planned


@pytest.mark.parametrize(
    ("args", "target"),
    [
        (["--live", "x.py", "--live"], ("x.py", "--live")),
        (["--values", "all", "-m", "pytest", "-x"], ("-m", "pytest", "-x")),
        (["--values=all", "-mcoverage", "run"], ("-mcoverage", "run")),
        (["--signal", "-m", "-c", "pass"], ("-c", "pass")),
        (["--", "-W", "error"], ("-W", "error")),
        (["--", "--live"], ("--live",)),
        (["--quiet", "--", "x.py", "--", "-x"], ("x.py", "--", "-x")),
        (["x.py", "--", "--help"], ("x.py", "--", "--help")),
        (["-"], ("-",)),
        (["-h"], ("-h",)),
        (["sh", ""], ("sh", "")),
    ],
)
def test_where_the_target_begins(
    planned: Callable[..., Plan], args: list[str], target: tuple[str, ...]
) -> None:
    assert planned(*args).target == target


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--lvie", "manage.py"], "--live"),
        (["--value", "none", "manage.py"], "--values"),
        ([], "Missing argument 'TARGET"),
        (["--live"], "Missing argument 'TARGET"),
        (["--values", "some", "x.py"], "'some' is not one of"),
        (["--depth", "0", "x.py"], "--depth"),
        (["--trace-dir"], "requires an argument"),
    ],
)
def test_our_own_usage_errors(invoke: Callable[..., Result], args: list[str], message: str) -> None:
    result = invoke(*args)
    assert result.exit_code == 2
    assert message in result.output


def test_what_is_recorded_by_default(planned: Callable[..., Plan], tmp_path: Path) -> None:
    plan = planned("x.py")
    assert plan.record.project == str(tmp_path)
    assert plan.record.values == "redacted"
    assert plan.record.sql
    assert not plan.record.all_signals
    assert (plan.keep_runs, plan.keep_bytes) == (20, 2_000_000_000)
    assert not plan.live, "stderr is no terminal here"


def test_options_set_what_is_recorded(planned: Callable[..., Plan]) -> None:
    plan = planned("--values", "all", "--no-sql", "--all", "--exec", "--quiet", "x.py")
    assert plan.record.values == "all"
    assert not plan.record.sql
    assert plan.record.all_signals
    assert plan.in_place
    assert plan.quiet


def test_settings_stand_below_flags(planned: Callable[..., Plan], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.sigtrace]\nvalues = "none"\nsql = false\nredact = ["salary"]\nkeep-runs = 3\n'
    )
    plan = planned("x.py")
    assert (plan.record.values, plan.record.sql) == ("none", False)
    assert plan.record.redact == ("salary",)
    assert plan.keep_runs == 3
    plan = planned("--sql", "x.py", SIGTRACE_VALUES="redacted")
    assert (plan.record.values, plan.record.sql) == ("redacted", True)
    plan = planned("--values", "all", "x.py", SIGTRACE_VALUES="redacted")
    assert plan.record.values == "all"


@pytest.mark.parametrize(("ci", "values"), [("true", "none"), ("1", "none"), ("false", "redacted")])
def test_values_in_ci(planned: Callable[..., Plan], ci: str, values: str) -> None:
    assert planned("x.py", CI=ci).record.values == values
    assert planned("--values", "all", "x.py", CI=ci).record.values == "all"


@pytest.mark.parametrize(
    ("line", "env", "where"),
    [
        ('values = "some"', {}, "values in [tool.sigtrace] of "),
        ("depth = 0", {}, "depth in [tool.sigtrace] of "),
        ("", {"SIGTRACE_DEPTH": "0"}, "SIGTRACE_DEPTH is 0"),
        ("", {"SIGTRACE_VALUES": "some"}, "SIGTRACE_VALUES is 'some'"),
    ],
)
def test_a_bad_setting_says_where_it_is(
    invoke: Callable[..., Result],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    line: str,
    env: dict[str, str],
    where: str,
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.sigtrace]\n{line}\n")
    result = invoke("x.py", **env)
    assert result.exit_code == 2
    assert capfd.readouterr().err.startswith(f"sigtrace: {where}")


@pytest.mark.parametrize(
    ("args", "setting", "live"),
    [
        (["x.py"], "", False),
        (["--live", "x.py"], "", True),
        (["--format", "json", "x.py"], "", True),
        (["--live-to", "f", "x.py"], "", True),
        (["--no-live", "--live-to", "f", "x.py"], "", False),
        (["x.py"], "live = true", True),
        (["--live-to", "f", "x.py"], "live = false", True),
        (["--no-live", "x.py"], "live = true", False),
    ],
)
def test_what_turns_the_live_view_on(
    planned: Callable[..., Plan], tmp_path: Path, args: list[str], setting: str, live: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.sigtrace]\n{setting}\n")
    assert planned(*args).live is live


@pytest.mark.parametrize(
    ("target", "live"), [("manage.py shell", True), ("manage.py test", False), ("-m pytest", False)]
)
def test_in_a_terminal_it_is_on_but_for_noisy_targets(
    planned: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch, target: str, live: bool
) -> None:
    monkeypatch.setattr(run_module, "is_terminal", lambda stream: True)
    assert planned(*target.split()).live is live
    assert planned("--live", *target.split()).live
    assert not planned("--quiet", *target.split()).live


@pytest.mark.parametrize(
    ("target", "quiet"),
    [
        ("manage.py test", True),
        ("./manage.py -v 2 migrate", False),  # an option's value hides the command: no harm
        ("src/manage.py migrate --plan", True),
        ("-m django loaddata x", True),
        ("django-admin test", True),
        ("-m pytest", True),
        ("pytest -x", True),
        ("/venv/bin/gunicorn app.wsgi", True),
        ("python -m uvicorn app", True),
        ("coverage run manage.py test", True),
        ("celery -A app worker", True),
        ("manage.py runserver", False),
        ("manage.py shell", False),
        ("manage.py demo test", False),
        ("script.py pytest", False),
        ("-c pytest", False),
    ],
)
def test_noisy_targets(target: str, quiet: bool) -> None:
    assert is_quiet_by_default(target.split()) is quiet


@pytest.mark.parametrize(
    ("totals", "processes", "line"),
    [
        ({}, 0, "no signals were seen: no traced process imported Django"),
        ({}, 1, "no signals were seen · REPORT"),
        (
            {"chains": 1, "sends": 1, "receiver_calls": 1, "errors": 1},
            1,
            "1 chain · 1 send · 1 receiver call · 1 error · REPORT",
        ),
        (
            {"chains": 1200, "sends": 2, "receiver_calls": 3, "dropped": 5},
            2,
            (
                "1,200 chains · 2 sends · 3 receiver calls · 0 errors"
                " · 5 spans beyond the size limit · REPORT"
            ),
        ),
        (
            {"unheard": Counter({"a": 2, "b": 3})},
            1,
            "0 chains · 0 sends · 0 receiver calls · 0 errors · 5 sends without receivers · REPORT",
        ),
    ],
)
def test_the_last_line(totals: dict[str, Any], processes: int, line: str) -> None:
    assert last_line(Totals(**totals), "REPORT", processes) == line


def test_every_command_has_help(invoke: Callable[..., Result]) -> None:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        assert command.help
    assert group.get_command(context, "nonesuch") is None
    assert invoke("--help").exit_code == 0
