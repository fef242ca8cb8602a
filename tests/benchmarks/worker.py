"""One side of a comparison: a small Django program that runs batches on request.

`python -m tests.benchmarks.worker FOLDER [CLOCK [TOOL]]` keeps its files in FOLDER, and uses the
database of PostgreSQL that PGDATABASE names, if it does. Each line of standard input is a
scenario's name and a number of operations; the answer is the nanoseconds that they took, by the
`wall` or the `cpu`. Everything that a scenario needs is made before the clock starts, and taken
away afterwards.
"""

from __future__ import annotations

import os
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

from tests.benchmarks.tools import NO_TOOL, TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 1000
FOLDER = Path(sys.argv[1])
CLOCKS = {"wall": time.perf_counter_ns, "cpu": time.process_time_ns}
clock = CLOCKS[sys.argv[2] if len(sys.argv) > 2 else "wall"]
TOOL = TOOLS[sys.argv[3]] if len(sys.argv) > 3 else NO_TOOL
SQLITE = "django.db.backends.sqlite3"
databases = {
    "default": {"ENGINE": SQLITE, "NAME": ":memory:"},
    "file": {"ENGINE": SQLITE, "NAME": str(FOLDER / "benchmark.sqlite3")},
}
if "PGDATABASE" in os.environ:
    # Where the server is, libpq reads from the other variables.
    databases["postgresql"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PGDATABASE"],
    }
around = TOOL.start(FOLDER)
settings.configure(
    DATABASES=databases,
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
        # All workers have one database of PostgreSQL.
        db_table = f"article_{os.getpid()}"


published = Signal()
cached = Signal(use_caching=True)


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
        began = clock()
        for _ in operations:
            published.send(Article, number=1, text="some text")
        return clock() - began


def unheard(operations: Iterator[None]) -> int:
    """As a model signal that is connected for other models only."""
    with connected(cached, 5, object):
        began = clock()
        for _ in operations:
            cached.send(Article, number=1, text="some text")
        return clock() - began


def save(operations: Iterator[None], receivers: int, alias: str) -> int:
    article = Article.objects.using(alias).get(pk=1)
    with connected(pre_save, receivers, Article), connected(post_save, receivers, Article):
        began = clock()
        for _ in operations:
            article.save()
        return clock() - began


def load(operations: Iterator[None]) -> int:
    began = clock()
    for _ in operations:
        list(Article.objects.all())
    return clock() - began


def prepare() -> None:
    for alias in connections:
        rows = ROWS if alias == "default" else 1
        with connections[alias].schema_editor() as editor:
            editor.create_model(Article)
        Article.objects.using(alias).bulk_create(
            Article(title=f"Title {n}", slug=f"title-{n}", content="word " * 50)
            for n in range(rows)
        )


def run(name: str, operations: Iterator[None]) -> int:
    """Run `dispatch 5`, `unheard`, `save 3 default`, `load`: the nanoseconds that they took."""
    kind, *parameters = name.split()
    if kind == "dispatch":
        return dispatch(operations, int(parameters[0]))
    if kind == "save":
        return save(operations, int(parameters[0]), parameters[1])
    return unheard(operations) if kind == "unheard" else load(operations)


def run_under_tool(name: str, operations: int) -> int:
    """Run that many operations in as many portions as the tool wants: nanoseconds."""
    taken = 0
    while operations:
        portion = min(operations, TOOL.most or operations)
        with around():
            taken += run(name, iter([None] * portion))
        operations -= portion
    return taken


if __name__ == "__main__":
    prepare()
    print("ready", flush=True)
    for line in sys.stdin:
        scenario, _, number = line.rpartition(" ")
        print(run_under_tool(scenario, int(number)), flush=True)
