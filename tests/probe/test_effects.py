"""What a chain does outside of the database."""

from __future__ import annotations

import importlib.util

import pytest

MAIL = """
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
from django.core.mail import EmailMultiAlternatives, send_mail
@receiver(post_save, sender=Book)
def tell(instance, **kwargs):
    send_mail("subject", "text", "from@example.org", ["to@example.org"])
    EmailMultiAlternatives("subject", "text", "from@example.org", ["to@example.org"]).send()
send_mail("outside", "text", "from@example.org", ["to@example.org"])
Book.objects.create()
from django.core import mail
print(len(mail.outbox))
"""


def effects(run):
    return [(span["name"], span["effect"], span["target"]) for span in run.trace.spans("effect")]


def test_mail_whatever_the_backend(twice):
    run = twice(MAIL, effects=True)
    assert run.traced.stdout == "3\n"
    assert effects(run) == [("mail", "mail", None)] * 2
    (call,) = run.trace.spans("receiver")
    assert [child["kind"] for child in run.trace.children(call)] == ["effect", "effect"]
    assert run.trace.spans("effect")[0]["line"] != run.trace.spans("effect")[1]["line"]


def test_nothing_without_the_option(twice):
    assert effects(twice(MAIL)) == []


NETWORK = """
import socket, http.client, threading, http.server
from unittest.mock import patch
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
server.RequestHandlerClass.log_message = lambda *args: None
threading.Thread(target=server.serve_forever, daemon=True).start()
@receiver(post_save, sender=Book)
def call(instance, **kwargs):
    for _ in range(3):
        client = http.client.HTTPConnection(*server.server_address)
        client.request("GET", "/")
        client.getresponse().read()
        client.close()
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.sendto(b"x", ("127.0.0.1", 9))
    udp.close()
socket.create_connection(server.server_address).close()
Book.objects.create()
server.shutdown()
server.server_close()
"""


@pytest.mark.parametrize("values", ["none", "redacted"])
def test_connections_and_datagrams_once_a_place(twice, values):
    run = twice(NETWORK, effects=True, values=values)
    connected, sent = effects(run)[0], effects(run)[-1]
    assert len(effects(run)) == 2  # the line of the three requests, and that of the datagram
    assert {effect for _, effect, _ in effects(run)} == {"network"}
    assert (connected[2] or "").startswith("127.0.0.1:") == (values == "redacted")
    assert sent[2] == (None if values == "none" else "127.0.0.1:9")


def test_programs_by_their_name(twice):
    run = twice(
        """
import subprocess
@receiver(post_save, sender=Book)
def start(instance, **kwargs):
    subprocess.run([sys.executable, "-c", "print('secret')"], stdout=subprocess.DEVNULL)
    os.system("true --secret")
Book.objects.create()
""",
        effects=True,
    )
    python, true = effects(run)
    assert python[0].startswith("program python")
    assert true == ("program true", "program", None)
    assert "secret" not in str(run.trace.events)


def test_an_effect_says_in_which_transaction_it_was(twice):
    run = twice(
        MAIL.replace(
            "Book.objects.create()", "with transaction.atomic():\n    Book.objects.create()"
        ),
        effects=True,
    )
    (block,) = {span["transaction"] for span in run.trace.spans("effect")}
    assert run.trace.span("transaction", id=block)["outcome"] == "committed"


@pytest.mark.skipif(importlib.util.find_spec("celery") is None, reason="service: Celery is missing")
def test_tasks_that_are_queued(twice):
    run = twice(
        """
from celery import Celery
app = Celery("app", broker="memory://", set_as_current=False)
@app.task(name="app.later")
def later(): pass
@receiver(post_save, sender=Book)
def queue(instance, **kwargs):
    later.delay()
later.delay()
Book.objects.create()
""",
        effects=True,
    )
    assert effects(run) == [("task app.later", "task", None)]
    assert run.trace.span("effect")["file"] == "script.py"
