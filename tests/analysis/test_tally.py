"""The totals at the end of a run are those of a reader that decodes every line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sigtrace.analysis.summary import Summary
from sigtrace.analysis.tally import skim, tally
from sigtrace.reader import Damage, read_events

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Site


def line(event: str, kind: str, **fields: Any) -> bytes:
    span = {"event": event, "kind": kind, "id": "7-1", "parent": None, **fields}
    return json.dumps(span, separators=(",", ":")).encode() + b"\n"


def test_the_same_totals_as_by_decoding(site: Site) -> None:
    site.sigtrace("run", "--no-live", "--quiet", "manage.py", "demo")
    paths = site.trace().processes
    summary = Summary()
    for event in read_events(paths, Damage()):
        summary.feed(event)
    assert tally(paths) == summary.totals()
    assert tally(paths).errors


@pytest.mark.parametrize("parent", [None, "7-0"])
@pytest.mark.parametrize("event", ["end", "begin"])
def test_a_span_is_known_by_its_first_fields(event: str, parent: str | None) -> None:
    written = line(event, "send", parent=parent, name='","id":"9', exception=None)
    expected = {"event": event, "kind": "send", "id": "7-1", "parent": parent}
    assert skim(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        line("end", "send", exception="ValueError"),
        line("end", "send", exception="ValueError", arguments={"exception": None}),
        line("end", "on_commit", exception=None, discarded=True),
        line("end", "send", exception=None)[:-1],
        b'{"event":"counts","unheard":{}}\n',
        b'{"event":"end","kind":"send","id":"7-1"}\n',
        b"\n",
    ],
)
def test_all_else_is_decoded(written: bytes) -> None:
    assert skim(written) is None


def test_damage_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "7.jsonl"
    good = line("end", "save", exception=None)
    path.write_bytes(good + b'{"event":"end"}\n[1]\n\xff\n{"event":1}\n' + good[:-5])
    assert tally([path, tmp_path / "gone.jsonl"]).chains == 1
