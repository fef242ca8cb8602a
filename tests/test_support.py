"""The helpers of the other tests, tested."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import _refuse_missing_service
from tests.support import Trace, clean_environment, run_process

if TYPE_CHECKING:
    from pathlib import Path


def test_the_environment_is_clean_unless_asked(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("SIGTRACE_VALUES", "all")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert not {"CI", "SIGTRACE_VALUES", "PYTHONPATH"} & clean_environment().keys()
    assert clean_environment(CI="1")["CI"] == "1"
    assert "PATH" not in clean_environment(PATH=None)
    done = run_process(
        sys.executable, "-c", "import sys; sys.exit(len(input()))", cwd=tmp_path, stdin="abc"
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_a_site_is_a_project_that_works(site):
    done = site.manage(
        "shell", "-c", "from blog.models import Article; print(Article.objects.count())"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "0"
    assert (site.path / "db.sqlite3").exists()


def test_a_script_has_django_set_up(site):
    script = site.script("from blog.models import Article; print(Article._meta.label)")
    assert site.run(site.interpreter, script.name).stdout == "blog.Article\n"


@pytest.mark.postgresql
def test_a_site_on_postgresql(postgresql_site):
    done = postgresql_site.manage(
        "shell", "-c", "from django.db import connection; print(connection.vendor)"
    )
    assert done.stdout.splitlines()[-1:] == ["postgresql"], done.stderr


def test_a_trace_is_read_as_it_is(tmp_path: Path):
    (tmp_path / "1.jsonl").write_text(
        '{"event":"process","process":"1"}\n'
        '{"event":"end","kind":"receiver","id":"1-2","parent":"1-1","time":2}\n'
        '{"event":"end","kind":"send","id":"1-1","parent":null,"time":1}\n'
    )
    (tmp_path / "run.json").write_text('{"schema":1}')
    trace = Trace(tmp_path)
    send = trace.span("send")
    assert trace.run == {"schema": 1}
    assert [span["id"] for span in trace.children(send)] == ["1-2"]
    assert trace.spans("send", id="1-9") == []
    with pytest.raises(AssertionError, match="0 spans of kind save"):
        trace.span("save")


@pytest.mark.parametrize(
    ("required", "reason", "outcome"),
    [
        ("1", "service: PostgreSQL", "failed"),
        ("1", "only on Linux", "skipped"),
        ("", "service: PostgreSQL", "skipped"),
    ],
)
def test_a_missing_service_fails_where_all_are_required(monkeypatch, required, reason, outcome):
    monkeypatch.setenv("SIGTRACE_REQUIRE_SERVICES", required)
    longrepr = ("tests/test_x.py", 1, f"Skipped: {reason}")
    report = pytest.TestReport("x", ("x", 1, "x"), {}, "skipped", longrepr, "call")
    _refuse_missing_service(report)
    assert report.outcome == outcome
