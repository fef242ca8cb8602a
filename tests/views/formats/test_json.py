"""The report as JSON: what is in it, and that it is the documented shape."""

from __future__ import annotations

import json

from sigtrace.analysis.report import analyse
from sigtrace.reader import open_runs
from sigtrace.views.formats.json import render_json
from tests.factories import article_save, counts, end, process, write


def test_the_report_as_json(tmp_path):
    write(
        tmp_path / "4242.jsonl",
        process(),
        *article_save(),
        end("receiver", "4242-31", "4242-30", exception="ValueError", swallowed=True),
        end("send", "4242-30"),
        end("bulk", "4242-40", bypassed=["a.x"]),
        counts(unheard={"a.x": 2, "a.y": 3}),
    )
    (tmp_path / "run.json").write_text('{"schema":1,"argv":["manage.py","demo"],"exit_status":0}')
    written = render_json(analyse(open_runs([tmp_path], tmp_path)), "sigtrace report x")
    assert written.isascii()
    found = json.loads(written)
    assert found["version"] == 1
    assert found["run"]["argv"] == ["manage.py", "demo"]
    assert found["run"]["exit_status"] == 0
    assert found["run"]["django"] == "5.2.19"
    assert {name: found["totals"][name] for name in ("chains", "sends", "unheard")} == {
        "chains": 3,
        "sends": 3,
        "unheard": 5,
    }
    assert {name: found["totals"][name] for name in ("receiver_calls", "errors", "queries")} == {
        "receiver_calls": 4,
        "errors": 1,
        "queries": 2,
    }
    (index,) = [one for one in found["receivers"] if one["receiver"].endswith("search_index")]
    assert index == {
        "receiver": "search.signals.update_search_index",
        "signal": "django.db.models.signals.post_save",
        "sender": "blog.Article",
        "calls": 1,
        "total_ms": 2.2,
        "self_ms": 0.8,
        "max_ms": 2.2,
        "queries": 1,
        "errors": 0,
        "unfinished": 0,
        "file": "search/signals.py",
        "line": 8,
        "origin": "own",
    }
    assert found["chains"][0]["name"] == "Article.save()"
    assert found["chains"][0]["total_ms"] == 6.7
    assert found["errors"][0]["exception"] == "ValueError"
    assert found["bulk"][0]["bypassed"] == ["a.x"]
    (bypassed, swallowed) = found["findings"]
    assert swallowed == {
        "id": "sigtrace.R006",
        "title": "error in a receiver",
        "level": "warning",
        "message": "blog.signals.notify_about_article raised ValueError once"
        " and send_robust swallowed it",
        "details": [],
        "file": "blog/signals.py",
        "line": 24,
        "count": 1,
        "evidence": ["4242-31"],
        "next": "sigtrace report x --tree --errors --around blog.signals.notify_about_article",
    }
    assert bypassed["id"] == "sigtrace.R005"
