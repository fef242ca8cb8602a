"""OpenTelemetry spans, read by OpenTelemetry's own messages."""

from __future__ import annotations

import base64
import json

import pytest

from sigtrace.reader import Damage, open_runs
from sigtrace.views.formats.exports import Wanted, export
from tests.factories import article_save, begin, end, process, registered, scope, write

IDS = ("traceId", "spanId", "parentSpanId")


def lines(run, values="none"):
    text = "".join(export(open_runs([run], run), "otlp", Wanted(values), Damage(), lambda _: None))
    return text.splitlines()


def spans(run, values="none"):
    return [
        span
        for line in lines(run, values)
        for span in json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]


def attributes(span):
    return {one["key"]: next(iter(one["value"].values()), None) for one in span["attributes"]}


def parsed(line):
    """The line as the message that it is: JSON has ids as hex, protobuf's mapping as base64."""
    json_format = pytest.importorskip("google.protobuf.json_format", reason="service: protobuf")
    trace = pytest.importorskip(
        "opentelemetry.proto.trace.v1.trace_pb2", reason="service: opentelemetry-proto"
    )

    def encoded(value):
        if isinstance(value, dict):
            return {
                key: base64.b64encode(bytes.fromhex(one)).decode() if key in IDS else encoded(one)
                for key, one in value.items()
            }
        return [encoded(one) for one in value] if isinstance(value, list) else value

    return json_format.ParseDict(encoded(json.loads(line)), trace.TracesData())


def test_the_demo_is_read_by_opentelemetry(site):
    assert site.sigtrace("run", "--no-live", "manage.py", "demo").returncode == 0
    done = site.sigtrace("report", "--format", "otlp")
    messages = [parsed(line) for line in done.stdout.splitlines()]
    found = [span for one in messages for span in one.resource_spans[0].scope_spans[0].spans]
    assert len({span.span_id for span in found}) == len(found) > 100
    assert all(len(span.trace_id) == 16 and len(span.span_id) == 8 for span in found)
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in found)
    known = {span.span_id for span in found}
    assert all(span.parent_span_id in known for span in found if span.parent_span_id)
    assert len({span.trace_id for span in found}) == 1  # one command
    assert "demo: Hello" not in done.stdout
    (failed, *_) = [
        span for span in found if span.name == "blog.receivers.reject_spam" and span.status.code
    ]
    assert failed.status.code == failed.status.STATUS_CODE_ERROR
    linked = [span for span in found if span.links]
    assert {span.name for span in linked} == {"blog.receivers.send_newsletter"}
    assert all(link.span_id in known for span in linked for link in span.links)


def test_names_are_those_of_the_conventions(tmp_path):
    query = end("query", "1-3", "1-2", vendor="postgresql", exception="django.db.utils.DataError")
    write(
        tmp_path / "1.jsonl",
        process("1"),
        query,
        end("receiver", "1-2", "1-1"),
        end("send", "1-1", transaction="1-9"),
    )
    send, receiver, query = spans(tmp_path)
    assert attributes(query) | {
        "db.query.text": "INSERT INTO blog_article VALUES (%s)"
    } == attributes(query)
    assert attributes(query)["db.query.summary"] == query["name"] == "INSERT blog_article"
    assert attributes(query)["db.system.name"] == "postgresql"
    assert attributes(query)["error.type"] == "django.db.utils.DataError"
    assert query["status"] == {"code": 2}
    assert query["kind"] == 3
    assert attributes(receiver)["code.function.name"] == "blog.signals.notify_about_article"
    assert attributes(receiver)["code.file.path"] == "blog/signals.py"
    assert attributes(receiver)["code.line.number"] == "24"
    assert (receiver["kind"], "status" in receiver) == (1, False)
    assert receiver["parentSpanId"] == send["spanId"]
    assert attributes(send)["django.signal.name"] == "django.db.models.signals.post_save"
    assert attributes(send)["django.signal.transaction"] == "1-9"


def test_whole_numbers_are_text_and_ids_are_hex(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), end("save", "1-1"))
    (span,) = spans(tmp_path)
    assert span["startTimeUnixNano"] == "1700000000000000000"
    assert len(bytes.fromhex(span["traceId"])) == 16
    assert len(bytes.fromhex(span["spanId"])) == 8
    assert spans(tmp_path) == [span]


def test_chains_of_a_scope_are_one_trace_others_their_own(tmp_path):
    inside = [{**line, "scope": "1-90"} for n in (1, 2) for line in [end("save", f"1-{n}")]]
    write(
        tmp_path / "1.jsonl",
        process("1"),
        scope("1-90"),
        *inside,
        end("save", "1-3"),
        end("save", "1-4"),
    )
    first, second, third, fourth = spans(tmp_path)
    assert first["traceId"] == second["traceId"]
    assert len({span["traceId"] for span in (first, third, fourth)}) == 3
    assert attributes(first)["django.signal.scope.name"] == "POST articles/<int:pk>/"


def test_a_callback_links_to_what_registered_it(tmp_path):
    run = [
        registered("1-2", "1-1"),
        end("save", "1-1"),
        end("on_commit", "1-2", registered_by="1-1"),
    ]
    write(tmp_path / "1.jsonl", process("1"), *run)
    save, callback = spans(tmp_path)
    assert callback["links"] == [{"traceId": save["traceId"], "spanId": save["spanId"]}]


def test_what_never_ended_says_so(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), begin("save", "1-1", scope=None))
    (span,) = spans(tmp_path)
    assert attributes(span)["django.signal.unfinished"] is True
    assert span["startTimeUnixNano"] == span["endTimeUnixNano"]


def test_values_are_there_if_they_are_asked_for(tmp_path):
    write(tmp_path / "1.jsonl", process("1"), *article_save("1"))
    (tmp_path / "run.json").write_text('{"schema":1,"values":"redacted"}')
    assert "my-first-article" not in "".join(lines(tmp_path))
    slug = next(span for span in spans(tmp_path, "redacted") if "slug" in span["name"])
    key = "django.signal.changes.slug"
    assert [one["stringValue"] for one in attributes(slug)[key]["values"]] == [
        "",
        "my-first-article",
    ]
    assert attributes(slug)["django.signal.changed_fields"]["values"] == [{"stringValue": "slug"}]
