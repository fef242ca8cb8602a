"""Lines of a trace with their usual fields, for tests that need no traced program."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from sigtrace.events import END_FIELDS, KIND_FIELDS, SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Event = dict[str, Any]

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
_POST_SAVE = "django.db.models.signals.post_save"


def process(stem: str = "4242", **fields: Any) -> Event:
    """The first line of a process file."""
    return {
        "event": "process",
        "schema": SCHEMA_VERSION,
        "process": stem,
        "pid": int(stem.partition("-")[0]),
        "ppid": 1,
        "parent_process": None,
        "argv": ["manage.py", "shell"],
        "python": "3.11.7",
        "django": "5.2.19",
        "settings": "config.settings",
        "time": START,
        **fields,
    }


def scope(span_id: str, name: str = "POST articles/<int:pk>/", **fields: Any) -> Event:
    """The line that is written before the first span of a request."""
    return {
        "event": "scope",
        "id": span_id,
        "kind": "request",
        "name": name,
        "parent": None,
        "time": START,
        "closed": False,
        "status": None,
        **fields,
    }


def counts(**fields: Any) -> Event:
    """A cumulative line of what was counted and not recorded."""
    none: dict[str, object] = {"unheard": {}, "unseen": {}, "queries": 0, "dropped": 0}
    return {"event": "counts", "time": START, **none, **fields}


def prompt(stem: str = "4242") -> Event:
    """The line of a process with an interactive prompt, as the reader gives it."""
    return {"event": "prompt", "time": START, "process": stem}


def begin(
    kind: str, span_id: str, parent: str | None = None, at: float = 0, **fields: Any
) -> Event:
    """The line of a span that was open at a border; `at` is in milliseconds."""
    return {
        "event": "begin",
        "kind": kind,
        "id": span_id,
        "parent": parent,
        "time": START + round(at * 1e6),
        "name": _NAMES[kind],
        **fields,
    }


def registered(span_id: str, parent: str | None = None, at: float = 0, **fields: Any) -> Event:
    """The line of an `on_commit` callback that was registered."""
    usual = {"scope": None, "transaction": None, "file": "blog/signals.py", "line": 60}
    usual |= {"origin": "own", "alias": "default"}
    return begin("on_commit", span_id, parent, at) | {"event": "registered"} | usual | fields


def end(
    kind: str, span_id: str, parent: str | None = None, at: float = 0, ms: float = 1, **fields: Any
) -> Event:
    """The line of a finished span that began `at` milliseconds and took `ms`."""
    event: Event = dict.fromkeys((*END_FIELDS, *KIND_FIELDS[kind]))
    event |= {
        "event": "end",
        "kind": kind,
        "id": span_id,
        "parent": parent,
        "name": _NAMES[kind],
        "pid": 4242,
        "thread": "MainThread",
        "time": START + round(at * 1e6),
        "duration_ns": round(ms * 1e6),
    }
    return event | _USUAL.get(kind, {}) | fields


def ids(stem: str = "4242", first: int = 1) -> Iterator[str]:
    """Span ids of a process, in order."""
    return (f"{stem}-{number}" for number in itertools.count(first))


def article_save(stem: str = "4242", at: float = 0, first: int = 1, **root: Any) -> list[Event]:
    """The chain of design and README: a slug, an INSERT, two receivers, a nested save."""
    number = ids(stem, first)
    save, pre, slug, insert, post, notify, index, log, log_insert = (next(number) for _ in range(9))
    return [
        end(
            "receiver",
            slug,
            pre,
            at + 0.1,
            0.2,
            name="blog.signals.generate_slug",
            receiver="blog.signals.generate_slug",
            signal="django.db.models.signals.pre_save",
            line=12,
            changes={"slug": ["", "my-first-article"]},
        ),
        end(
            "send",
            pre,
            save,
            at + 0.1,
            0.2,
            name="pre_save",
            signal="django.db.models.signals.pre_save",
            arguments={
                "instance": "blog.Article pk=None",
                "raw": False,
                "using": "default",
                "update_fields": None,
            },
            receivers=["blog.signals.generate_slug"],
        ),
        end("query", insert, save, at + 0.4, 0.9),
        end("receiver", notify, post, at + 1.3, 3.1),
        end("query", log_insert, log, at + 4.6, 0.8, name="INSERT search_auditlog"),
        end("save", log, index, at + 4.5, 1.4, name="AuditLog.save()", model="search.AuditLog"),
        end(
            "receiver",
            index,
            post,
            at + 4.4,
            2.2,
            name="search.signals.update_search_index",
            receiver="search.signals.update_search_index",
            file="search/signals.py",
            line=8,
            index=1,
        ),
        end(
            "send",
            post,
            save,
            at + 1.3,
            5.4,
            receivers=["blog.signals.notify_about_article", "search.signals.update_search_index"],
        ),
        end("save", save, None, at, 6.7, **root),
    ]


def heard_save(span_id: str, at: float = 0, ms: float = 1, **root: Any) -> list[Event]:
    """A save that one receiver hears: three lines, with this id and the next two."""
    stem, _, number = span_id.rpartition("-")
    send, receiver = (f"{stem}-{int(number) + more}" for more in (1, 2))
    return [
        end("receiver", receiver, send, at),
        end("send", send, span_id, at),
        end("save", span_id, None, at, ms, **root),
    ]


_NAMES = {
    "save": "Article.save()",
    "delete": "Article.delete()",
    "m2m": "Article.tags.add()",
    "bulk": "QuerySet.bulk_create(Article)",
    "send": "post_save",
    "receiver": "blog.signals.notify_about_article",
    "query": "INSERT blog_article",
    "transaction": "atomic",
    "on_commit": "blog.signals.send_mail",
    "effect": "mail",
}
_SITE = {"file": "blog/views.py", "line": 41, "origin": "own"}
_USUAL: dict[str, Event] = {
    "save": {
        "model": "blog.Article",
        "pk": 7,
        "created": True,
        "raw": False,
        "alias": "default",
        "historical": False,
        **_SITE,
    },
    "delete": {
        "model": "blog.Article",
        "pk": 7,
        "operation": "delete",
        "counts": {"blog.Article": 1},
        "alias": "default",
        "historical": False,
        **_SITE,
    },
    "m2m": {
        "model": "blog.Article",
        "pk": 7,
        "field": "tags",
        "through": "blog.Article_tags",
        "action": "add",
        "count": 2,
        "bypassed": [],
        "alias": "default",
        "historical": False,
        **_SITE,
    },
    "bulk": {
        "operation": "bulk_create",
        "model": "blog.Article",
        "rows": 50,
        "bypassed": [],
        "alias": "default",
        "historical": False,
        **_SITE,
    },
    "send": {
        "signal": _POST_SAVE,
        "sender": "blog.Article",
        "arguments": {
            "instance": "blog.Article pk=7",
            "created": True,
            "raw": False,
            "using": "default",
            "update_fields": None,
        },
        "method": "send",
        "receivers": [],
        "not_reached": [],
        "repeats": {},
        **_SITE,
    },
    "receiver": {
        "receiver": "blog.signals.notify_about_article",
        "signal": _POST_SAVE,
        "sender": "blog.Article",
        "file": "blog/signals.py",
        "line": 24,
        "origin": "own",
        "any_sender": False,
        "index": 0,
        "mode": "sync",
        "changes": {},
        "swallowed": False,
    },
    "query": {
        "sql": "INSERT INTO blog_article VALUES (%s)",
        "alias": "default",
        "vendor": "sqlite",
        "rows": 1,
        "many": False,
    },
    "transaction": {
        "alias": "default",
        "savepoint": False,
        "durable": False,
        "outcome": "committed",
    },
    "effect": {"effect": "mail", **_SITE},
    "on_commit": {
        "discarded": False,
        "discarded_by": None,
        "robust": False,
        "alias": "default",
        "file": "blog/signals.py",
        "line": 60,
        "origin": "own",
    },
}


def write(path: Path, *events: Event, cut: str = "") -> Path:
    """Write a process file, with what is left of a line that was being written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(event, separators=(",", ":")) + "\n" for event in events]
    path.write_text("".join(lines) + cut)
    return path
