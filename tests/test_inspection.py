"""The reader of inspection files."""

from __future__ import annotations

import json

import pytest

from sigtrace.errors import SigtraceError
from sigtrace.inspection import Place, Sender, read_inspection

PLACE = {"file": "blog/receivers.py", "line": 4, "origin": "own"}
CONNECTION = {
    "signal": "blog.signals.published",
    "receiver": {"name": "blog.receivers.f", "kind": "function", "place": PLACE},
    "sender": {"kind": "model", "label": "blog.Article", "path": "blog.models.Article"},
    "dispatch_uid": "x",
    "connected_at": {**PLACE, "how": "receiver", "ready": None},
}
FILE = {
    "schema": 1,
    "project": "/p",
    "settings": {"module": "config.settings", "source": "--settings"},
    "python": "3.11",
    "django": "5.2",
    "imports": ["blog.views"],
    "signals": [
        {
            "name": "blog.signals.published",
            "type": "django.dispatch.dispatcher.Signal",
            "connections": [CONNECTION],
        }
    ],
    "models": [
        {
            "label": "blog.Article",
            "path": "blog.models.Article",
            "relations": [{"model": "blog.Comment", "field": "article", "on_delete": "CASCADE"}],
        }
    ],
    "modules": {"blog.models": "blog/models.py"},
    "of_a_later_version": 1,
}


def test_records_are_nested_and_have_defaults():
    found = read_inspection(json.dumps(FILE))
    (connection,) = found.connections
    assert connection.sender == Sender("model", "blog.Article", "blog.models.Article")
    assert connection.receiver.place == Place("blog/receivers.py", 4, "own", None, None)
    assert connection.connected_at is not None
    assert connection.connected_at.how == "receiver"
    assert connection.connects == 1
    assert found.models_by_label["blog.Article"].relations[0].on_delete == "CASCADE"
    assert found.imports == ("blog.views",)
    assert found.modules == {"blog.models": "blog/models.py"}
    assert found.settings.file is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 99}', '{"schema": 1}'])
def test_another_file_is_refused_in_one_sentence(text):
    with pytest.raises(SigtraceError, match="cannot be read"):
        read_inspection(text)
