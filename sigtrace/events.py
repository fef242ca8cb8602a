"""The vocabulary of a trace: which lines there are and which fields each kind of span carries.

A process file holds one JSON object a line. `event` says which: `process` (first line),
`scope`, `begin`, `registered` (an `on_commit` callback), `end` (a finished span), `counts`
(cumulative: the last one of a process counts) and `prompt` (once, before the first line of a
chain, in a process that shows an interactive prompt).
"""

from __future__ import annotations

# 1: the first schema. It only grows: a reader ignores fields and events it does not know.
SCHEMA_VERSION = 1

CHAIN_KINDS = ("save", "delete", "m2m", "bulk", "send", "on_commit")
"""A span of one of these kinds that has no parent is the root of a chain."""

KINDS = (*CHAIN_KINDS, "receiver", "query", "transaction", "effect")

SCOPE_KINDS = ("request", "command", "test", "task")
"""What chains happen in: a request by its route, a command by its name, a test by its path and name
(`blog/tests.py::ArticleTests::test_slug`), a task by its import path."""

MUTED_SIGNALS = (
    "django.db.models.signals.pre_init",
    "django.db.models.signals.post_init",
    "django.db.models.signals.class_prepared",
    "django.core.signals.setting_changed",
)
"""Signals that are neither recorded nor counted unless `--all` asks for them."""

M2M_CHANGED = "django.db.models.signals.m2m_changed"

M2M_ACTIONS = ("pre_add", "post_add", "pre_remove", "post_remove", "pre_clear", "post_clear")
"""Django's own words for the `action` of `M2M_CHANGED`: no data, so always recorded."""

HIDDEN = "***"
"""What stands where a value is hidden by the name under which it stands."""

UNKNOWN = "<unknown>"
"""The sender in `receivers.json` of a connection of which Django has kept no more than an id."""

ADDRESS = "<id>"
"""What stands in a dispatch_uid for the `id()` of an object, which is another in each process."""

PROCESS_FIELDS = (
    "event",
    "schema",
    "process",
    "pid",
    "ppid",
    "parent_process",
    "argv",
    "python",
    "django",
    "settings",
    "time",
)
SCOPE_FIELDS = ("event", "id", "kind", "name", "parent", "time", "closed", "status")
BEGIN_FIELDS = ("event", "kind", "id", "parent", "time", "name")
REGISTERED_FIELDS = (
    *BEGIN_FIELDS,
    "scope",
    "transaction",
    "file",
    "line",
    "origin",
    "alias",
)
PROMPT_FIELDS = ("event", "time")
COUNTS_FIELDS = ("event", "time", "unheard", "unseen", "queries", "dropped")

END_FIELDS = (
    "event",
    "kind",
    "id",
    "parent",
    "scope",
    "transaction",
    "name",
    "pid",
    "thread",
    "time",
    "duration_ns",
    "exception",
)
"""What the `end` line of every span carries."""

SITE_FIELDS = ("file", "line", "origin")
"""Where: path (relative to the project), line, and whose code: own, third-party, django."""

KIND_FIELDS: dict[str, tuple[str, ...]] = {
    "save": (
        "model",
        "pk",
        "created",
        "raw",
        "update_fields",
        "alias",
        "historical",
        "row",
        "differs",
        *SITE_FIELDS,
    ),
    "delete": (
        "model",
        "pk",
        "operation",
        "counts",
        "bypassed",
        "alias",
        "historical",
        *SITE_FIELDS,
    ),
    "m2m": (
        "model",
        "pk",
        "field",
        "through",
        "action",
        "count",
        "bypassed",
        "alias",
        "historical",
        *SITE_FIELDS,
    ),
    "bulk": ("operation", "model", "rows", "bypassed", "alias", "historical", *SITE_FIELDS),
    "send": (
        "signal",
        "sender",
        "arguments",
        "method",
        "receivers",
        "not_reached",
        "repeats",
        *SITE_FIELDS,
    ),
    "receiver": (
        "receiver",
        "signal",
        "sender",
        *SITE_FIELDS,
        "index",
        "mode",
        "dispatch_uid",
        "any_sender",
        "changes",
        "swallowed",
    ),
    "query": ("sql", "alias", "vendor", "rows", "many"),
    "transaction": ("alias", "savepoint", "durable", "outcome"),
    "effect": ("effect", "target", *SITE_FIELDS),
    "on_commit": (
        "registered_by",
        "discarded",
        "discarded_by",
        "robust",
        "alias",
        *SITE_FIELDS,
    ),
}
"""What the `end` line of a kind carries besides `END_FIELDS`."""


def sender_kind(sender: str) -> str:
    """What is written of a sender where no values are.

    `<str>` of `'web'`, `<int>` of `int 3`, `<blog.Article>` of `blog.Article pk=7`; a name, and
    what says no more than a type already, stays as it is.
    """
    if sender[:1] == "'":
        return "<str>"
    kind, blank, _ = sender.partition(" ")
    return f"<{kind}>" if blank and kind[:1] != "<" else sender
