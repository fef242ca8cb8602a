"""README.md says what the program does now; `python -m tests.readme` mends what it takes from it."""

from __future__ import annotations

import re

import django
import pytest

from sigtrace import events
from sigtrace.analysis.findings import RULES as FINDINGS
from sigtrace.analysis.rules import RULES
from sigtrace.discover.table import SETTINGS
from tests import pictures, readme
from tests.conftest import SERVICE
from tests.support import ROOT

TEXT = readme.README.read_text("utf-8")
LINES = {
    "process": events.PROCESS_FIELDS,
    "scope": events.SCOPE_FIELDS,
    "begin": events.BEGIN_FIELDS,
    "registered": events.REGISTERED_FIELDS,
    "end": events.END_FIELDS,
    "prompt": events.PROMPT_FIELDS,
    "counts": events.COUNTS_FIELDS,
}


@pytest.mark.parametrize(("line", "fields"), LINES.items(), ids=LINES)
def test_every_line_of_the_trace_is_documented(line, fields):
    assert readme.table_fields(TEXT, f"`{line}`: ") == list(fields)


@pytest.mark.parametrize(("kind", "fields"), events.KIND_FIELDS.items(), ids=events.KIND_FIELDS)
def test_every_kind_of_span_is_documented(kind, fields):
    assert readme.table_fields(TEXT, f"`{kind}`\n") == list(fields)


def test_every_setting_without_an_option_is_documented():
    options = {
        option.removeprefix("no-")
        for command in readme.COMMANDS
        for option in re.findall(r"--([a-z-]+)", readme.block(TEXT, f"help {command}"))
    }
    assert readme.table_fields(TEXT, "Settings\n") == [
        name for name in SETTINGS if name not in options
    ]


def test_the_schema_is_the_current_one():
    assert f"Schema {events.SCHEMA_VERSION}." in TEXT


@pytest.mark.lint
@pytest.mark.parametrize("command", readme.COMMANDS)
def test_help_is_current(command):
    assert readme.block(TEXT, f"help {command}") == readme.help_of(command)


@pytest.mark.lint
@pytest.mark.parametrize("name", readme.EXAMPLES)
def test_the_examples_are_current(name):
    if name == "receivers" and django.VERSION[:2] != readme.DJANGO:
        pytest.skip("Django's own receivers are counted, and differ by version")
    assert readme.block(TEXT, f"example {name}") == readme.example_of(name)


@pytest.mark.lint
def test_the_graph_is_current(site):
    assert readme.block(TEXT, "graph") == readme.graph(site)


@pytest.mark.lint
def test_the_failure_and_the_coverage_are_current(site):
    assert readme.block(TEXT, "example coverage") == readme.coverage(site)
    assert readme.block(TEXT, "example failure") == readme.failure(site)


@pytest.mark.parametrize("name", readme.TESTS)
def test_the_examples_pass(site, name):
    pytest.importorskip("pytest_django", reason=f"{SERVICE} pytest-django is missing")
    (site.path / "blog" / "test_readme.py").write_text(readme.block(TEXT, f"tests {name}"), "utf-8")
    words = ("-m", "pytest", "-p", "no:cacheprovider", "--ds", "config.settings")
    done = site.run(site.interpreter, *words, "blog/test_readme.py")
    assert done.returncode == 0, done.stdout
    assert "no tests ran" not in done.stdout


def test_every_finding_is_documented():
    section = TEXT.partition("### Findings")[2].partition("\n### ")[0]
    assert re.findall(r"^\| `sigtrace\.(\w+)` ", section, re.MULTILINE) == list(FINDINGS)


@pytest.mark.lint
@pytest.mark.parametrize("name", pictures.PICTURES)
def test_the_pictures_are_current(name, site):
    current = pictures.text_of(pictures.PICTURES[name](site))
    assert current == pictures.text_of((pictures.FOLDER / f"{name}.svg").read_text("utf-8"))


def test_the_workflow_is_short_and_every_rule_is_documented():
    section = TEXT.partition("## `sigtrace check`")[2].partition("\n## ")[0]
    workflow = section.partition("```yaml\n")[2].partition("```")[0]
    assert len(workflow.splitlines()) <= 15
    assert re.findall(r"^\| `sigtrace\.(\w+)` \|", section, re.MULTILINE) == list(RULES)


@pytest.mark.parametrize("marker", ["demo-command", "test-command"])
def test_the_commands_are_there_for_ci(marker):
    assert TEXT.count(f"<!-- {marker} -->") == 1
    assert readme.block(TEXT, marker).startswith("python3 -m venv .venv\n")
    assert f" {marker}\n" in (ROOT / ".ci" / "run").read_text("utf-8") + "\n"


def test_blocks_are_replaced():
    text = "a\n<!-- help run -->\n```text\nold\n```\nb\n```\nc\n```\n"
    assert readme.block(text, "help run") == "old\n"
    assert readme.with_block(text, "help run", "new\n") == text.replace("old", "new")
    with pytest.raises(ValueError, match="no block under <!-- help x -->"):
        readme.block(text, "help x")


def test_the_text_of_a_picture_has_no_durations():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg">'
        '<text x="9" y="2">12.5\u00a0ms</text><text x="0" y="2">save \u00a0</text><text y="4"> </text>'
        "</svg>"
    )
    assert pictures.text_of(svg) == ["save TIME"]
