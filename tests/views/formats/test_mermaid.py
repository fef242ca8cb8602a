"""The graph of a run, read by Mermaid's own parser where there is one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from sigtrace.analysis.choice import Choice
from sigtrace.reader import Damage, open_runs
from sigtrace.views.formats.exports import Wanted, export
from tests.factories import article_save, begin, end, process, registered, write

MERMAID = "SIGTRACE_TEST_MERMAID"
"""Names a folder in which `npm install mermaid jsdom` was run."""


def mermaid(*runs, **choice):
    wanted = Wanted("none", choice=Choice(**choice))
    return "".join(
        export(open_runs(list(runs), runs[0]), "mermaid", wanted, Damage(), lambda _: None)
    )


@pytest.fixture
def parse():
    """`parse(text)`: the nodes and edges that Mermaid sees."""
    folder = os.environ.get(MERMAID)
    if not folder:
        pytest.skip(f"service: Mermaid ({MERMAID} names no folder)")

    def run(text):
        script = Path(__file__).with_name("parse_mermaid.mjs")
        done = subprocess.run(
            ["node", script, folder], input=text, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_who_sets_off_whom(tmp_path):
    write(
        tmp_path / "1.jsonl", process("1"), *article_save("1"), *article_save("1", at=20, first=20)
    )
    assert (
        mermaid(tmp_path)
        == """\
flowchart LR
  n1["generate_slug<br/>blog.signals"]
  n2["notify_about_article<br/>blog.signals"]
  n3["update_search_index<br/>search.signals"]
  n4(["blog.Article.save()"])
  n5(["search.AuditLog.save()"])
  n3 -->|"×2"| n5
  n4 -->|"pre_save ×2"| n1
  n4 -->|"post_save ×2"| n2
  n4 -->|"post_save ×2"| n3
  classDef receiver stroke-width:2px
  class n1,n2,n3 receiver
"""
    )


def test_callbacks_sends_and_operations_have_their_own_shape(tmp_path):
    write(
        tmp_path / "1.jsonl",
        process("1"),
        registered("1-3", "1-2", name="a.later"),
        end("bulk", "1-4", "1-2", operation="update"),
        end("m2m", "1-5", "1-2"),
        end("receiver", "1-2", "1-1"),
        end("receiver", "1-8", "1-1", origin="django", name="django.x", receiver="django.x"),
        end("send", "1-1", signal="blog.signals.published", name="published"),
        end("on_commit", "1-3", name="a.later", registered_by="1-2"),
        end("on_commit", "1-9", name="a.discarded", discarded=True),
    )
    text = mermaid(tmp_path)
    assert '{{"later<br/>a"}}' in text
    assert '>"published<br/>blog.signals"]' in text
    assert '(["blog.Article.update()"])' in text
    assert '(["blog.Article.tags.add()"])' in text
    assert '-.->|"on_commit"|' in text
    assert "django" not in text
    assert "discarded" not in text


def registering(*callbacks):
    """A save whose receiver registers callbacks, which are told by their ids."""
    return [
        *(registered(one, "1-3", name="a.later") for one in callbacks),
        end("receiver", "1-3", "1-2", name="a.r", receiver="a.r"),
        end("send", "1-2", "1-1"),
        end("save", "1-1"),
    ]


def test_what_a_callback_sets_off(tmp_path):
    ran = [
        end("save", "1-5", "1-4", model="blog.Log", name="Log.save()"),
        end("on_commit", "1-4", name="a.later", registered_by="1-3"),
    ]
    write(tmp_path / "1.jsonl", process("1"), *registering("1-4"), *ran)
    drawn = [line.strip() for line in mermaid(tmp_path).splitlines()]
    assert drawn[1:8] == [
        'n1{{"later<br/>a"}}',
        'n2["r<br/>a"]',
        'n3(["blog.Article.save()"])',
        'n4(["blog.Log.save()"])',
        "n1 --> n4",
        'n2 -.->|"on_commit"| n1',
        'n3 -->|"post_save"| n2',
    ]


def test_a_callback_counts_if_it_ran_or_may_yet_run(tmp_path):
    kept, dropped, waits = "1-14", "1-15", "1-16"
    became = [
        end("on_commit", kept, name="a.later", registered_by="1-3"),
        end("on_commit", dropped, name="a.later", registered_by="1-3", discarded=True),
    ]
    for name in "ab":
        lines = (*registering(kept, dropped, waits), *became)
        write(tmp_path / name / "1.jsonl", process("1"), *lines)
    assert '"on_commit ×2"' in mermaid(tmp_path / "a")
    assert '"on_commit ×4"' in mermaid(tmp_path / "a", tmp_path / "b")
    # What became of it counts although its own chain was not asked for.
    assert '"on_commit ×2"' in mermaid(tmp_path / "a", root=("blog.Article",))
    lines = (*registering(dropped), became[1])
    write(tmp_path / "c" / "1.jsonl", process("1"), *lines)
    assert "later" not in mermaid(tmp_path / "c")


def test_a_callback_that_runs_in_the_chain_that_registers_it_counts_once(tmp_path):
    """The transaction of a delete ends within it, after its receivers."""
    write(
        tmp_path / "1.jsonl",
        process("1"),
        registered("1-4", "1-3", at=3, name="a.later"),
        registered("1-5", "1-3", at=3, name="a.later"),
        end("receiver", "1-3", "1-2", at=2, name="a.r", receiver="a.r"),
        end("send", "1-2", "1-1", at=1),
        end("on_commit", "1-4", "1-1", at=5, name="a.later", registered_by="1-3"),
        end("on_commit", "1-5", "1-1", at=6, name="a.later", registered_by="1-3", discarded=True),
        end("delete", "1-1", ms=9),
    )
    drawn = mermaid(tmp_path)
    assert drawn.count("on_commit") == 1
    assert '|"on_commit"|' in drawn


def test_mermaid_reads_the_demo(site, parse):
    assert site.sigtrace("run", "--no-live", "manage.py", "demo").returncode == 0
    found = parse(site.sigtrace("report", "--format", "mermaid").stdout)
    nodes = found["nodes"]
    edges = {(nodes[start], by, nodes[end]) for start, by, end, _ in found["edges"]}
    assert ("blog.Article.save()", "post_save ×6", "log_article<br>audit.receivers") in edges
    assert ("log_article<br>audit.receivers", "×6", "audit.AuditLog.save()") in edges
    assert {stroke for *_, stroke in found["edges"]} == {"normal", "dotted"}


def test_no_name_breaks_the_graph(tmp_path, parse):
    name = 'a.<lambda>"]; end`|#{} %% \\ subgraph --> x & "y"\n\u202e'
    write(
        tmp_path / "1.jsonl",
        process("1"),
        end("receiver", "1-2", "1-1", name=name, receiver=name),
        end("send", "1-1", "1-0", signal=name),
        end("save", "1-0", model=name),
    )
    found = parse(mermaid(tmp_path))
    assert len(found["nodes"]) == 2
    assert len(found["edges"]) == 1


def test_a_span_that_never_ended_has_the_node_of_those_that_did(tmp_path):
    cut = [begin("save", "1-91"), begin("send", "1-92", "1-91"), begin("receiver", "1-93", "1-92")]
    write(tmp_path / "1.jsonl", process("1"), *article_save("1"), *cut)
    drawn = mermaid(tmp_path)
    assert drawn.count("Article.save()") == 1
    assert '"post_save ×2"' in drawn


def test_a_signal_that_no_module_names(tmp_path):
    signal = "blog.bus.<Signal at blog/bus.py:5>"
    sent = [end("receiver", "1-2", "1-1"), end("send", "1-1", signal=signal)]
    write(tmp_path / "1.jsonl", process("1"), *sent)
    assert '>"#lt;Signal at blog/bus.py:5#gt;<br/>blog.bus"]' in mermaid(tmp_path)


def test_a_run_without_edges_is_an_empty_graph(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), end("save", "1-1"))
    assert mermaid(tmp_path) == "flowchart LR\n"
