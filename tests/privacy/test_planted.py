"""Secrets planted wherever a program has some: none of them is in what a run leaves, or shows."""

from __future__ import annotations

import re

import pytest

SETTINGS = """
from config.settings import *
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sessions", "vault"]
ROOT_URLCONF = "vault.urls"
MIDDLEWARE = []
ALLOWED_HOSTS = ["*"]
"""
MODELS = """
from django.db import models

class Token(models.Model):
    key = models.CharField(max_length=80, primary_key=True)
    client_secret = models.CharField(max_length=80, default="")
    email = models.CharField(max_length=80, default="")
    profile = models.JSONField(default=dict)

class Access(models.Model):
    token = models.ForeignKey(Token, models.CASCADE)
    iban = models.CharField(max_length=80, default="")
"""
URLS = """
from django.http import HttpResponse, HttpResponseNotFound
from django.urls import path
from django.dispatch import Signal
from vault.models import Token

asked = Signal()

def reset(request, uidb64, token):
    asked.send(request, request=request, token=token, path_info=request.path, url=request.build_absolute_uri())
    if token.endswith("fails"): raise PermissionError(f"planted-exception {token} {request.path}")
    return HttpResponse("ok")

urlpatterns = [path("reset/<uidb64>/<token>/", reset, name="password_reset_confirm")]
"""
# Each secret begins with "planted", but for a token as Django's `PasswordResetTokenGenerator` has it.
RESET = "c5k3xz-0f3a5b7c9d1e2f4a6b8c0d2e4f6a8b0c"
WORK = """
import django, os, sys
django.setup()
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal, receiver
from django.test import Client
from django.utils import timezone
from vault.models import Access, Token
from vault.urls import asked
call_command("migrate", run_syncdb=True, verbosity=0)
opened = Signal()

@receiver([opened, asked, post_delete])
def heard(sender, **kwargs): pass

@receiver([pre_save, post_save])
def fills(sender, instance, **kwargs):
    if isinstance(instance, Token):
        instance.client_secret = "planted-changed-secret"
        instance.email = "planted@example.org"
        instance.profile = {"password": "planted-json", "list": ["planted-json-list"]}
        instance.api_key = "planted-attribute"
    if isinstance(instance, Session): instance.session_data = "planted-session-data"

token = Token.objects.create(key="planted-key")
token.client_secret = "planted-other-secret"; token.save()
session = Session.objects.create(session_key="planted-session", expire_date=timezone.now())
access = Access.objects.create(token=token, iban="planted-iban")
for sender in (token, session, access, Token, None):
    opened.send(sender, instance=sender if sender is not Token else None, token=token,
        session=session, sessions=Session.objects.filter(session_key="planted-filter"),
        password="planted-password", api_key="planted-api-key", otp=31337042, secret=b"planted-bytes",
        data={"user": {"password": "planted-nested", "ids": ["planted-nested-list"]}},
        pairs=[("token", "planted-pair")], header={"Authorization": "Bearer planted-bearer"})

class PlantedError(Exception): pass
@receiver(opened)
def fails(sender, **kwargs): raise PlantedError("planted-message", {"key": "planted-dictionary"})
try: opened.send(None)
except PlantedError: pass
opened.send_robust(None)
try:
    try: opened.send(None)
    except PlantedError as error: raise LookupError("planted-chained") from error
except LookupError: pass
opened.disconnect(fails)

@receiver(opened)
def asks(sender, **kwargs):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'planted-literal' AS x -- planted-comment")
        cursor.execute("SELECT %s AS x /* planted-comment */", ["planted-parameter"])
        cursor.execute("UPDATE vault_token SET email = 'planted-update' WHERE key = 'planted-where'")
        cursor.executemany("UPDATE vault_token SET email = %s", [("planted-many",)])
        try: cursor.execute("SELECT planted FROM nowhere WHERE x = 'planted-in-error")
        except Exception: pass
    Token.objects.filter(key="planted-filtered").update(email="planted-updated")
    list(Token.objects.extra(where=["key = 'planted-extra'"]))
def later(secret): pass
opened.send(None)
import functools
with transaction.atomic():
    token.save()
    transaction.on_commit(functools.partial(later, "planted-callback"))
client = Client(headers={"authorization": "planted-header"}, raise_request_exception=False)
for tail in (RESET, RESET + "fails"):
    client.post(f"/reset/MQ/{tail}/?api_key=planted-query", {"password": "planted-form"})
client.get(f"/nowhere/{RESET}/?token=planted-nowhere")
opened.send(f"http://testserver/reset/MQ/{RESET}/", link=f"Click https://x/reset/MQ/{RESET}/ soon")
token.delete()
if os.fork() == 0:
    opened.send(None, token="planted-child"); os._exit(0)
os.wait()
"""


@pytest.fixture
def vault(site):
    package = site.path / "vault"
    package.mkdir()
    for name, source in {
        "__init__": "",
        "settings": SETTINGS,
        "models": MODELS,
        "urls": URLS,
    }.items():
        (package / f"{name}.py").write_text(source)
    (site.path / "work.py").write_text(f"RESET = {RESET!r}\n{WORK}")
    return site


ARGV = (
    *("work.py", "--api-key=planted-argv", "--password", "planted-word"),
    *("token=planted-assignment", "postgres://me:planted-dsn@host/db?password=planted-in-url"),
    *("Authorization: Bearer planted-bearer", '{"password": "planted-json-word"}'),
)
SHOWN = f"planted[-@][a-z-]+|{RESET[7:]}"


@pytest.mark.parametrize(
    "options", [(), ("--values", "none", "--effects", "--all"), ("--effects", "--all")]
)
def test_no_secret_is_left_or_shown(vault, options):
    env = {"DJANGO_SETTINGS_MODULE": "vault.settings"}
    words = ("--live", "--live-to", "live.txt", "--args", *options)
    done = vault.sigtrace("run", *words, *ARGV, env=env)
    assert done.returncode == 0, done.stderr
    trace = vault.trace()
    assert len(trace.spans("receiver")) > 30
    assert len(trace.spans("query")) > 10
    assert len(trace.processes) == 2
    left = {path.name: path.read_text("utf-8") for path in trace.path.iterdir()}
    left["live"] = (vault.path / "live.txt").read_text("utf-8")
    left["stderr"] = done.stderr
    for format_ in ("text", "json", "markdown", "github", "perfetto", "otlp", "mermaid"):
        left[format_] = vault.sigtrace("report", "--format", format_).stdout
    left["tree"] = vault.sigtrace("report", "--tree", "--all", "--args").stdout
    for name, text in left.items():
        assert text.strip() or name in ("stderr", "github"), name
        assert re.findall(f"{SHOWN}|31337042", text) == [], name
    assert "vault.Token" in left["tree"]
    assert "POST reset/<uidb64>/<token>/" in left["tree"]
