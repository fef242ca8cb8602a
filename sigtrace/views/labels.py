"""What a line says of a span: its name, what is remarkable about it, and the lines below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sigtrace.analysis.failures import began_here
from sigtrace.analysis.filters import OPERATIONS, bypassed, rows_written
from sigtrace.analysis.walking import walk
from sigtrace.tree import FINISHED, REGISTERED, RUNNING, UNFINISHED, Span
from sigtrace.views.sends import below_the_line, on_the_line, update_fields
from sigtrace.views.text import clean, data, listed, milliseconds, plural, quoted, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigtrace.views.display import Display, Glyphs

_NAME_STYLES = {"send": "magenta", "query": "blue", **dict.fromkeys(OPERATIONS, "bold")}
_UNSENT = {"bulk": "no signals sent", "m2m": "no save signals sent"}
_M2M = {"add": "added", "remove": "removed", "set": "set", "clear": "cleared"}


def name(span: Span, display: Display) -> Text:
    """The name of a span as it stands first on its line."""
    if span.kind == "receiver":
        own = span.text("origin") in ("own", "")
        return data(short(span.name), "green" if own else "green dim")
    if span.kind == "on_commit":
        words = "deferred" if span.state == REGISTERED else "on_commit"
        label = Text(end="").append(f"{display.glyphs.deferred} {words} ", "yellow")
        return label.append_text(data(short(span.name), "green"))
    return data(span.name, _NAME_STYLES.get(span.kind, ""))


def remarks(span: Span, above: Span | None, display: Display) -> list[str]:
    """What is remarkable about a span, in words; cleaned."""
    remark = {
        "save": _save,
        "delete": _delete,
        "m2m": _m2m,
        "bulk": _bulk,
        "receiver": _receiver,
        "query": _query,
    }.get(span.kind)
    found = on_the_line(span, above, display) if span.kind == "send" else []
    if remark is not None:
        found += remark(span)
    alias = span.event.get("alias")
    if alias not in (None, "default") and (above is None or above.event.get("alias") != alias):
        found.append(clean(f"using={alias}"))
    if span.event.get("historical"):
        found.append("historical model")
    if display.args:
        found += _more(span)
    return [text for text in found if text]


def summed_up(span: Span) -> list[str]:
    """What stands for the lines below an operation that no receiver heard."""
    queries = sum(below.kind == "query" for below in walk(span))
    return [plural(queries, "query", "queries")] * bool(queries) + ["no receivers"]


def details(span: Span, above: Span | None, display: Display) -> Iterator[list[Text]]:
    """The lines right below a span's own, as words to wrap."""
    glyphs = display.glyphs
    if span.kind == "send":
        arguments = below_the_line(span, above, display)
        if arguments:
            yield [Text(word, "dim", end="") for word in arguments]
    changes = span.event.get("changes")
    if isinstance(changes, dict):
        for field, values in changes.items():
            yield _change(field, values if display.values else None, glyphs)
    if began_here(span):
        words = [Text(end="").append(f"{glyphs.failed} ", "red").append_text(_exception(span))]
        message = span.text("exception_message")
        if message and display.values:
            words += [data(word) for word in clean(message).split(" ")]
        if span.event.get("swallowed"):
            words.append(Text(f"{glyphs.dot} swallowed by send_robust", "red", end=""))
        yield words
    elif span.event.get("swallowed"):
        yield [Text(f"{glyphs.failed} swallowed by send_robust", "red", end="")]
    if span.kind in _UNSENT and span.state == FINISHED:
        yield from _bypassed(span, glyphs)


def time(span: Span, display: Display) -> Text:
    """How long a span took, and whether it failed or never ended."""
    if span.state == REGISTERED:
        return Text(end="")
    if span.state == RUNNING:
        said = f"{display.glyphs.more} still running {span.duration_ns / 1e9:.1f} s"
        return Text(said, "bold yellow", end="")
    if span.state == UNFINISHED:
        return Text("unfinished", "bold red", end="")
    if span.event.get("discarded"):
        never = span.text("discarded_by") == "exception"
        return Text("not reached" if never else "discarded", "yellow", end="")
    took = milliseconds(span.duration_ns) if display.durations else ""
    if span.exception is not None:
        return Text(f"{display.glyphs.failed} {took}".rstrip(), "red", end="")
    return Text(took, "dim" if span.kind == "query" else "", end="")


def exception_name(path: str) -> str:
    """A type path as people write it: `ValueError`, `django.db.utils.IntegrityError`."""
    return path.removeprefix("builtins.")


def _exception(span: Span) -> Text:
    return data(exception_name(span.exception or ""), "bold red")


def _change(field: str, values: object, glyphs: Glyphs) -> list[Text]:
    sign = Text(end="").append(f"{glyphs.changed} ", "yellow").append_text(data(field, "yellow"))
    if not isinstance(values, list) or len(values) != 2 or values == [None, None]:
        return [sign]
    old, new = map(quoted, values)
    return [sign, Text(f" {old} {glyphs.arrow} {new}", end="")]


def _bypassed(span: Span, glyphs: Glyphs) -> Iterator[list[Text]]:
    names = [short(path) for path in bypassed(span)]
    if not names:
        return
    said = f"{glyphs.warning} {_UNSENT[span.kind]} {glyphs.dot} "
    said += plural(len(names), "receiver") + " bypassed:"
    yield [Text(said, "bold yellow", end=""), *listed(names)]


def _save(span: Span) -> list[str]:
    created = span.event.get("created")
    fields = update_fields(span)
    return [
        "" if created is None else "created" if created else "updated",
        "raw" if span.event.get("raw") else "",
        clean(f"update_fields={fields}") if fields else "",
    ]


def _delete(span: Span) -> list[str]:
    counts = span.event.get("counts")
    if not isinstance(counts, dict):
        return []
    deleted = {model: count for model, count in counts.items() if isinstance(count, int) and count}
    rows = sum(deleted.values())
    if rows == 1 and set(deleted) == {span.text("model")}:
        return []
    said = plural(rows, "row")
    if set(deleted) - {span.text("model")}:
        said += ": " + ", ".join(f"{count:,} {short(model)}" for model, count in deleted.items())
    return [clean(said)]


def _m2m(span: Span) -> list[str]:
    count = span.event.get("count")
    return [f"{count} {_M2M.get(span.text('action'), '')}"] if isinstance(count, int) else []


def _bulk(span: Span) -> list[str]:
    rows = rows_written(span)
    return ["" if rows is None else plural(rows, "row")]


def _receiver(span: Span) -> list[str]:
    return ["async"] if span.text("mode") == "async" else []


def _query(span: Span) -> list[str]:
    return ["executemany"] if span.event.get("many") else []


def _more(span: Span) -> list[str]:
    """What `--args` adds, besides the arguments of a send."""
    fields = {
        "save": "pk",
        "delete": "pk",
        "m2m": "pk",
        "receiver": "dispatch_uid",
        "query": "rows",
    }
    field = fields.get(span.kind, "")
    value = span.event.get(field)
    return [f"{field}={quoted(value)}"] if value is not None else []
