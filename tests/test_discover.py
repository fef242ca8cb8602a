"""Where a project is, and what wins: the variable over pyproject.toml, and never a bad value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sigtrace.discover.table import SETTINGS, settings
from sigtrace.errors import SigtraceError
from sigtrace.folders import project_root

if TYPE_CHECKING:
    from pathlib import Path


def values(root: Path, **environ: str) -> dict[str, object]:
    return {name: found.value for name, found in settings(root, environ).items()}


@pytest.mark.parametrize("marker", ["manage.py", "pyproject.toml"])
def test_the_project_is_the_nearest_folder_with_a_marker(tmp_path: Path, marker: str) -> None:
    (tmp_path / "manage.py").touch()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert project_root(inner) == tmp_path
    (tmp_path / "a" / marker).touch()
    assert project_root(inner) == tmp_path / "a"


def test_without_a_marker_it_is_the_folder_itself(tmp_path: Path) -> None:
    assert project_root(tmp_path) == tmp_path


def test_nothing_is_set_by_default(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nvalues = 1\n")
    assert values(tmp_path, SIGTRACE_TEST_SOMETHING="1", SIGTRACE_VALUES="") == {}


def test_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.sigtrace]\n"
        'values = "none"\nsql = false\nmin_ms = 1\ndepth = 3\nmax-bytes = 1000\n'
        'signal = "post_save"\nredact = ["salary", "notes_*"]\ntrace-dir = "out"\n'
        'python = "python3.12"\n'
    )
    assert values(tmp_path) == {
        "values": "none",
        "sql": False,
        "min-ms": 1.0,
        "depth": 3,
        "max-bytes": 1000,
        "signal": ("post_save",),
        "redact": ("salary", "notes_*"),
        "trace-dir": str(tmp_path / "out"),
        "python": "python3.12",
    }


def test_the_pyproject_above_manage_py_counts_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.sigtrace]\nvalues = "all"\n')
    source = tmp_path / "repository" / "src"
    source.mkdir(parents=True)
    assert values(source) == {"values": "all"}
    (tmp_path / "repository" / ".git").mkdir()
    assert values(source) == {}


def test_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.sigtrace]\nvalues = "none"\nlive = true\n')
    found = settings(tmp_path, {"SIGTRACE_VALUES": "all", "SIGTRACE_SENDER": "a.B, c.*"})
    assert found["values"].value == "all"
    assert found["values"].source == "SIGTRACE_VALUES"
    assert found["live"].value is True
    assert found["sender"].value == ("a.B", "c.*")


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("no", False)]
)
def test_switches_in_the_environment(tmp_path: Path, text: str, value: bool) -> None:
    assert values(tmp_path, SIGTRACE_QUIET=text) == {"quiet": value}


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('values = "some"', "is 'some'", "one of none, redacted, all"),
        ("values = 1", "is 1", "one of none, redacted, all"),
        ('sql = "no"', "is 'no'", "true or false"),
        ("depth = 1.5", "is 1.5", "a whole number"),
        ("depth = true", "is True", "a whole number"),
        ("min-ms = -1", "is -1", "a number"),
        ("min-ms = nan", "is nan", "a number"),
        ("redact = [1]", "is [1]", "a list of strings"),
        ("vaules = 1", "sets vaules", "Did you mean values?"),
        ("zzz = 1", "sets zzz", "Known: all, args"),
    ],
)
def test_a_bad_value_says_where_it_is(tmp_path: Path, line: str, message: str, hint: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.sigtrace]\n{line}\n")
    with pytest.raises(SigtraceError) as caught:
        settings(tmp_path, {})
    assert message in caught.value.message
    assert str(path) in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("VALUES", "some"),
        ("SQL", "perhaps"),
        ("DEPTH", "x"),
        ("MIN_MS", "nan"),
        ("MAX_BYTES", "-1"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, variable: str, text: str) -> None:
    with pytest.raises(SigtraceError, match=f"SIGTRACE_{variable} is '?{text}"):
        settings(tmp_path, {f"SIGTRACE_{variable}": text})


@pytest.mark.parametrize("text", ["[tool.sigtrace", 'tool.sigtrace = "x"', 'tool = "sigtrace"'])
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(SigtraceError, match=r"pyproject\.toml"):
        settings(tmp_path, {})


def test_a_broken_file_that_does_not_speak_of_us_is_none_of_our_business(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[broken")
    assert values(tmp_path) == {}


def test_every_setting_has_a_type_that_can_be_read() -> None:
    assert {setting.type for setting in SETTINGS.values()} <= {bool, int, float, str, tuple}
