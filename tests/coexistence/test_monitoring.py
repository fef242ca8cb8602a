"""Tools that watch production: Sentry and OpenTelemetry, beside us."""

from __future__ import annotations

import django
import pytest

SENTRY = """
import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport

class Kept(Transport):
    items = []
    def capture_envelope(self, envelope):
        self.items += [item.payload.json for item in envelope.items]

def start():
    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1", transport=Kept, traces_sample_rate=1.0,
        integrations=[DjangoIntegration(signals_spans=True)], default_integrations=False,
        auto_enabling_integrations=False,
    )
"""
# Started before Django is imported, Sentry imports it, and is there when we look at it.
HEAD = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
"""
WORK = """
from django.db import connection
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal, receiver
from blog.models import Article, Tag
opened, inner = Signal(), Signal()

@receiver(opened)
def relays(sender, **kwargs): inner.send(sender)
@receiver(inner)
def heard(sender, **kwargs): return "heard"
@receiver(opened)
def fails(sender, **kwargs):
    if sender == "fail": raise LookupError("fails")
@receiver(pre_save, sender=Tag)
def renames(instance, **kwargs): instance.name += "!"

with sentry_sdk.start_transaction(name="work", op="test"):
    results = opened.send("fine")
    print([getattr(each, "__name__", "?") for each, _ in results], getattr(results[0][0], "__wrapped__", None) is relays)
    print(sorted(vars(results[0][0])), results[0][0] is relays)
    print([type(result).__name__ for _, result in opened.send_robust("fail")])
    try: opened.send("fail")
    except LookupError as error: sentry_sdk.capture_exception(error)
    tag = Tag.objects.create(name="x")
    print(tag.name)
sentry_sdk.flush()
for item in Kept.items:
    for span in item.get("spans", ()):
        print(span["op"], span["description"], span["status"] if "status" in span else None)
    for error in item.get("exception", {}).get("values", ()):
        print(error["type"], [frame["function"] for frame in error["stacktrace"]["frames"]])
from django.dispatch import Signal
print(opened.has_listeners(), Signal._live_receivers.__module__.partition(".")[0])
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_sentry(beside, when):
    if when == "before":
        trace = beside(WORK, head=HEAD + SENTRY + "start()\n")
    else:
        trace = beside(SENTRY + "start()\n" + WORK)
    fine, robust, failed = trace.spans("send", name="opened")
    assert [call["name"] for call in trace.children(fine)] == ["__main__.relays", "__main__.fails"]
    assert [call["exception"] for call in trace.children(robust)] == [None, "LookupError"]
    assert robust["not_reached"] == failed["not_reached"] == []
    assert failed["exception"] == "LookupError"
    for send in trace.spans("send", name="inner"):
        (above,) = trace.spans("receiver", id=send["parent"])
        assert above["name"] == "__main__.relays"
        assert [call["name"] for call in trace.children(send)] == ["__main__.heard"]
    saved = trace.span("save", model="blog.Tag")
    (renames,) = trace.spans("receiver", name="__main__.renames")
    assert renames["changes"] == {"name": ["x", "x!"]}
    assert trace.span("send", id=renames["parent"])["parent"] == saved["id"]


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django 5.0 brought asend")
def test_sentry_and_asynchronous_receivers(beside):
    trace = beside(
        SENTRY
        + """
start()
import asyncio
from django.dispatch import Signal, receiver
opened, inner = Signal(), Signal()
@receiver(opened)
async def one(sender, **kwargs): await asyncio.sleep(0); await inner.asend("one"); return 1
@receiver(opened)
def two(sender, **kwargs): inner.send("two"); return 2
@receiver(inner)
async def heard(**kwargs): await asyncio.sleep(0)
async def main():
    with sentry_sdk.start_transaction(name="work", op="test"):
        print([result for _, result in await opened.asend(None)])
asyncio.run(main())
sentry_sdk.flush()
for item in Kept.items:
    for span in item.get("spans", ()): print(span["op"], span["description"])
"""
    )
    calls = {call["name"]: call for call in trace.children(trace.span("send", name="opened"))}
    assert set(calls) == {"__main__.one", "__main__.two"}
    for send in trace.spans("send", name="inner"):
        assert send["parent"] == calls[f"__main__.{send['sender'].strip(chr(39))}"]["id"]


REQUESTS = """
from django.test import Client
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
from django.dispatch import receiver
from django.db.models.signals import pre_save
from blog.models import Article
@receiver(pre_save, sender=Article)
def begins(**kwargs): pass
"""


def test_opentelemetry(beside):
    trace = beside(
        """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
from opentelemetry.instrumentation.django import DjangoInstrumentor
DjangoInstrumentor().instrument()
"""
        + REQUESTS
        + """
Article.objects.create(title="x")
for path in ("/articles/1/publish/", "/articles/1/publish-async/", "/articles/9/publish/"):
    print(path, Client().post(path).status_code)
for span in exporter.get_finished_spans():
    print(span.name, span.kind, dict(span.attributes).get("http.status_code"), span.status.status_code)
    assert span.parent is None
DjangoInstrumentor().uninstrument()
"""
    )
    scopes = {line["id"]: line["name"] for line in trace.lines("scope", closed=True)}
    assert list(scopes.values()) == [
        *("POST articles/<int:pk>/publish/", "POST articles/<int:pk>/publish-async/"),
    ]
    calls = trace.spans("receiver", name="__main__.begins")
    assert {call["scope"] for call in calls} == {None, *scopes}
