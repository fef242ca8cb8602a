"""One side of a comparison: a small Django program that runs batches on request.

`python worker.py FOLDER` keeps a SQLite file in FOLDER. Each line of standard input is a
scenario's name and a number of operations; the answer is the nanoseconds that they took.
Everything that a scenario needs is made before the clock starts, and taken away afterwards.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.db import connections, models
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 1000
SQLITE = "django.db.backends.sqlite3"
settings.configure(
    DATABASES={
        "default": {"ENGINE": SQLITE, "NAME": ":memory:"},
        "file": {"ENGINE": SQLITE, "NAME": str(Path(sys.argv[1]) / "benchmark.sqlite3")},
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()


class Article(models.Model):
    """What is saved and loaded: four fields, as the sample site's."""

    title = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200)
    content = models.TextField()
    views = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "benchmark"


published = Signal()


def new_receiver() -> Callable[..., None]:
    def receiver(sender: object, **kwargs: object) -> None:
        pass

    return receiver


def connected(signal: Signal, count: int, sender: object = None) -> ExitStack:
    """Connect that many receivers until the stack is closed."""
    stack = ExitStack()
    for _ in range(count):
        receiver = new_receiver()
        signal.connect(receiver, sender=sender, weak=False)
        stack.callback(signal.disconnect, receiver, sender=sender)
    return stack


def dispatch(operations: Iterator[None], receivers: int) -> int:
    with connected(published, receivers):
        began = time.perf_counter_ns()
        for _ in operations:
            published.send(Article, number=1, text="some text")
        return time.perf_counter_ns() - began


def save(operations: Iterator[None], receivers: int, alias: str) -> int:
    article = Article.objects.using(alias).get(pk=1)
    with connected(pre_save, receivers, Article), connected(post_save, receivers, Article):
        began = time.perf_counter_ns()
        for _ in operations:
            article.save()
        return time.perf_counter_ns() - began


def load(operations: Iterator[None]) -> int:
    began = time.perf_counter_ns()
    for _ in operations:
        list(Article.objects.all())
    return time.perf_counter_ns() - began


def prepare() -> None:
    for alias, rows in (("default", ROWS), ("file", 1)):
        with connections[alias].schema_editor() as editor:
            editor.create_model(Article)
        Article.objects.using(alias).bulk_create(
            Article(title=f"Title {n}", slug=f"title-{n}", content="word " * 50)
            for n in range(rows)
        )


def run(name: str, operations: Iterator[None]) -> int:
    """Run `dispatch 5`, `save 3 default`, `load`: the nanoseconds that the batch took."""
    kind, *parameters = name.split()
    if kind == "dispatch":
        return dispatch(operations, int(parameters[0]))
    if kind == "save":
        return save(operations, int(parameters[0]), parameters[1])
    return load(operations)


if __name__ == "__main__":
    prepare()
    print("ready", flush=True)
    for line in sys.stdin:
        scenario, _, number = line.rpartition(" ")
        print(run(scenario, iter([None] * int(number))), flush=True)
