"""A check's findings as JSON, Markdown, SARIF and annotations, read by others than us."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sarif_om  # type: ignore[import-untyped]
from markdown_it import MarkdownIt

from sigtrace.analysis.check import Result
from sigtrace.analysis.rules import RULES, File, Finding
from sigtrace.inspection import Settings
from sigtrace.views.formats.check_json import as_object, render_json
from sigtrace.views.formats.check_markdown import render_markdown
from sigtrace.views.formats.github import render_github
from sigtrace.views.formats.sarif import render_sarif

VALIDATOR = "SIGTRACE_TEST_SARIF_VALIDATOR"
"""Names a command that `validate FILE` can be given to: the multitool of SARIF's authors."""

FILE = File("sigtrace.baseline", "../sigtrace.baseline", "sigtrace check --update")
NASTY = "a|b `c` <d> 100%, e: f::g\r\nh \x1b[31m → ü"


def finding(rule="E001", message="m is not in it", **fields: Any):
    given: dict[str, Any] = {"file": "blog/a b.py", "line": 3, "hint": "Do this.", **fields}
    return Finding(RULES[rule], message, **given)


def result(*findings: Finding):
    return Result(
        FILE,
        "/repository/site",
        receivers=3,
        known=2,
        unchanged=2,
        findings=findings,
        ignored=1,
        settings=Settings("config.settings", "sigtrace.baseline"),
        imports=("urls",),
    )


FULL = result(
    finding(details=("called after x",), subjects=("blog.f", "post_save")),
    finding("E012", NASTY, level="warning", file="/venv/site-packages/lib.py"),
    finding("E003", NASTY, details=(NASTY,), hint=NASTY),
    finding("W011", "unused", file=None, line=None),
    finding("W005", "the same"),
    finding("W005", "the same", line=4),
)
ROOT = Path("/repository")


def test_json_says_each_thing_once():
    found = as_object(FULL)
    assert json.loads(render_json(FULL)) == found
    assert found["totals"] == {
        "receivers": 3,
        "baseline": 2,
        "unchanged": 2,
        "errors": 2,
        "warnings": 4,
        "ignored": 1,
    }
    assert found["settings"]["module"] == "config.settings"
    assert found["findings"][0] == {
        "id": "sigtrace.E001",
        "level": "error",
        "title": "unexpected",
        "message": "m is not in it",
        "file": "blog/a b.py",
        "line": 3,
        "hint": "Do this.",
        "details": ["called after x"],
        "names": ["blog.f", "post_save"],
    }


CLASSES = {
    "runs": sarif_om.Run,
    "tool": sarif_om.Tool,
    "driver": sarif_om.ToolComponent,
    "rules": sarif_om.ReportingDescriptor,
    "shortDescription": sarif_om.MultiformatMessageString,
    "fullDescription": sarif_om.MultiformatMessageString,
    "help": sarif_om.MultiformatMessageString,
    "defaultConfiguration": sarif_om.ReportingConfiguration,
    "SRCROOT": sarif_om.ArtifactLocation,
    "description": sarif_om.Message,
    "results": sarif_om.Result,
    "message": sarif_om.Message,
    "locations": sarif_om.Location,
    "physicalLocation": sarif_om.PhysicalLocation,
    "artifactLocation": sarif_om.ArtifactLocation,
    "region": sarif_om.Region,
}
"""Made from the published schema: a property that it does not know, or that is missing, raises."""


def load(cls, data):
    names = {field.metadata["schema_property_name"]: field.name for field in cls.__attrs_attrs__}
    return cls(**{names[key]: nested(key, value) for key, value in data.items()})


def nested(key, value):
    if isinstance(value, list):
        return [nested(key, item) for item in value]
    if not isinstance(value, dict):
        return value
    if key in CLASSES:
        return load(CLASSES[key], value)
    # Maps of the schema: keys of one's own.
    assert key in ("originalUriBaseIds", "partialFingerprints")
    return {name: nested(name, item) for name, item in value.items()}


def test_sarif_is_what_its_object_model_knows():
    log = load(sarif_om.SarifLog, json.loads(render_sarif(FULL, ROOT)))
    assert log.version == "2.1.0"
    (run,) = log.runs
    assert [one.id for one in run.tool.driver.rules] == [rule.full_id for rule in RULES.values()]
    for one in run.results:
        assert run.tool.driver.rules[one.rule_index].id == one.rule_id
        assert one.level in ("error", "warning")
    places = [
        (place.artifact_location.uri, place.region.start_line)
        for one in run.results
        for place in [one.locations[0].physical_location]
    ]
    assert places == [
        ("site/blog/a%20b.py", 3),
        ("sigtrace.baseline", 1),
        ("site/blog/a%20b.py", 3),
        ("sigtrace.baseline", 1),
        ("site/blog/a%20b.py", 3),
        ("site/blog/a%20b.py", 4),
    ]
    prints = [one.partial_fingerprints["sigtraceFinding/v1"] for one in run.results]
    assert len(set(prints)) == len(prints)


def test_fingerprints_do_not_change_when_lines_move():
    def prints(line):
        log = json.loads(render_sarif(result(finding(line=line)), ROOT))
        return log["runs"][0]["results"][0]["partialFingerprints"]

    assert prints(3) == prints(30)


@pytest.mark.skipif(VALIDATOR not in os.environ, reason=f"{VALIDATOR} names no program")
@pytest.mark.parametrize("found", [FULL, result()], ids=["findings", "clean"])
def test_sarif_is_valid_by_its_schema(found, tmp_path):
    path = tmp_path / "out.sarif"
    path.write_text(render_sarif(found, ROOT))
    done = subprocess.run(
        [os.environ[VALIDATOR], "validate", path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    assert done.returncode == 0, done.stdout
    assert "error" not in done.stdout


def read_commands(output):
    """Read annotations as GitHub's runner does: a command is a line that begins with `::`."""
    found = []
    for line in output.splitlines():
        match = re.fullmatch(r"::(?P<level>\w+)(?: (?P<properties>.*?))?::(?P<data>.*)", line)
        assert match, line
        pairs = (pair.split("=", 1) for pair in match["properties"].split(","))
        found.append(
            (
                match["level"],
                {name: unescape(value, property_=True) for name, value in pairs},
                unescape(match["data"]),
            )
        )
    return found


def unescape(text, *, property_=False):
    marks = {"%0D": "\r", "%0A": "\n"}
    if property_:
        marks |= {"%3A": ":", "%2C": ","}
    for mark, char in marks.items():
        text = text.replace(mark, char)
    return text.replace("%25", "%")


def test_annotations_are_read_back_as_they_were_meant():
    found = read_commands(render_github(FULL, ROOT))
    assert [level for level, _, _ in found] == ["error", "warning", "error", *["warning"] * 3]
    assert found[0] == (
        "error",
        {"title": "sigtrace.E001 unexpected", "file": "site/blog/a b.py", "line": "3"},
        "m is not in it\ncalled after x\nDo this.",
    )
    shown = "a|b `c` <d> 100%, e: f::g\\x0d\\x0ah \\x1b[31m → ü"
    assert found[2][2] == "\n".join([shown] * 3)
    assert found[1][1]["file"] == "sigtrace.baseline"


def test_names_of_files_are_escaped():
    (found,) = read_commands(render_github(result(finding(file="a,b:c%.py")), ROOT))
    assert found[1]["file"] == "site/a,b:c%.py"


def test_markdown_is_one_table_whatever_the_data():
    html = MarkdownIt("commonmark").enable("table").render(render_markdown(FULL))
    assert html.count("<table>") == 1
    assert html.count("<tr>") == 1 + len(FULL.findings)
    assert html.count("<td") == 4 * len(FULL.findings)
    assert "<code>sigtrace.E001</code>" in html
    assert "<d>" not in html
    assert "\x1b" not in html
    assert html.count("&lt;d&gt;") == 3


def test_markdown_of_a_clean_check_is_a_sentence():
    assert render_markdown(result()) == (
        "## sigtrace check\n"
        "\n"
        "3 receivers, sigtrace.baseline has 2 · settings config.settings (sigtrace.baseline)"
        " · imported urls\n"
        "\n"
        "All as sigtrace.baseline has it: 1 finding ignored, 2 unchanged.\n"
    )


def test_an_annotation_is_what_githubs_own_toolkit_writes():
    found = finding(message="a|b 100%, e: f::g", hint="h → ü", file="a,b:c%.py")
    assert render_github(result(found), ROOT) == (
        "::error title=sigtrace.E001 unexpected,file=site/a%2Cb%3Ac%25.py,line=3"
        "::a|b 100%25, e: f::g%0Ah → ü\n"
    )
