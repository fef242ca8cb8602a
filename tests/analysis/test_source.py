"""What is found in source, and what only looks like it: no project, no import."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from sigtrace.analysis.source import SourceFile, Sources
from sigtrace.analysis.source.comments import comments, read_comment, statement_lines
from sigtrace.analysis.source.connecting import Finder
from sigtrace.analysis.source.names import Names, made_signals
from sigtrace.inspection import Inspection, Settings, Signal

KNOWN = ("django.db.models.signals.post_save", "blog.signals.published", "blog.bus.Bus.moved")
IMPORTS = """
import functools
from functools import partial
from django import dispatch
from django.db import models
from django.db.models import signals
from django.db.models.signals import post_save
from django.dispatch import receiver
from . import signals as ours
from .signals import published
from ..blog.bus import Bus
from blog.things import Thing
"""


def sites(source, module="blog.handlers"):
    file = SourceFile(Path("blog/handlers.py"), "blog/handlers.py", module, is_loaded=False)
    tree = ast.parse(IMPORTS + dedent(source))
    return list(Finder(Names(tree, file), KNOWN.__contains__).find(tree))


@pytest.mark.parametrize(
    "source",
    [
        "post_save.connect(f)",
        "signals.post_save.connect(f)",
        "models.signals.post_save.connect(f)",
        "ours.published.connect(f)",
        "Bus.moved.connect(f)",
        "x = post_save\nx.connect(f)",
        "for x in [post_save, published]:\n    x.connect(f)",
        "if True:\n    post_save.connect(f)",
        "try:\n    post_save.connect(f)\nexcept Exception:\n    pass",
        "with open('x'):\n    post_save.connect(f)",
        "match 1:\n    case 1:\n        post_save.connect(f)",
        "class A:\n    post_save.connect(f)",
        "def go():\n    post_save.connect(f)\ngo()",
        "@receiver(post_save)\ndef f(**kwargs): ...",
        "@dispatch.receiver([post_save])\ndef f(**kwargs): ...",
        "@published.connect\ndef f(**kwargs): ...",
        "from blog.tools import receiver\n@receiver(published)\ndef f(**kwargs): ...",
        "class A:\n    @staticmethod\n    @receiver(post_save)\n    def f(**kwargs): ...",
    ],
)
def test_what_connects_when_the_module_is_imported(source):
    (found,) = sites(source)
    assert found.runs


@pytest.mark.parametrize(
    "source",
    [
        "def go():\n    post_save.connect(f)",
        "def go():\n    post_save.connect(f)\n\ndef other():\n    go()",
        "def go():\n    @receiver(post_save)\n    def f(**kwargs): ...\n    keep(f)",
        "class A:\n    def ready(self):\n        post_save.connect(f)",
    ],
)
def test_what_connects_later(source):
    (found,) = sites(source)
    assert not found.runs


@pytest.mark.parametrize(
    "source",
    [
        "import sqlite3\nsqlite3.connect('x')",
        "client.connect('x')",
        "self.signal.connect(f)",
        "get().connect(f)",
        "from celery.signals import worker_ready\n@worker_ready.connect\ndef f(**kwargs): ...",
        "from flask import receiver\n@receiver('x')\ndef f(**kwargs): ...",
        "post_save.disconnect(f)",
        "f = lambda: post_save.connect(f)",
        "if __name__ == '__main__':\n    post_save.connect(f)",
        "import typing\nif typing.TYPE_CHECKING:\n    post_save.connect(f)",
    ],
)
def test_what_connects_nothing(source):
    assert sites(source) == []


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("post_save.connect(lambda **k: 1)", "a lambda"),
        ("post_save.connect(receiver=lambda **k: 1, weak=True)", "a lambda"),
        ("post_save.connect(partial(f, 1))", "a partial"),
        ("post_save.connect(functools.partial(f, 1))", "a partial"),
        ("post_save.connect(Thing())", "an object"),
        ("post_save.connect(_Thing().hear)", "a method of an object"),
        ("def go():\n    def f(**k): ...\n    post_save.connect(f)", "a function of go"),
        (
            "def go():\n    def f(**k): f()\n    post_save.connect(f, sender=1)",
            "a function of go",
        ),
        ("def go():\n    @receiver(post_save)\n    def f(**k): ...", "a function of go"),
        ("def go():\n    @post_save.connect\n    def f(**k): ...", "a function of go"),
    ],
)
def test_what_is_sure_to_be_collected(source, why):
    (found,) = sites(source)
    assert found.doomed.startswith(why)


@pytest.mark.parametrize(
    "source",
    [
        "post_save.connect(lambda **k: 1, weak=False)",
        "post_save.connect(lambda **k: 1, None, False)",
        "post_save.connect(lambda **k: 1, weak=WEAK)",
        "post_save.connect(lambda **k: 1, **options)",
        "post_save.connect(f)",
        "post_save.connect(thing.hear)",
        "post_save.connect(self.hear)",
        "post_save.connect(get_thing().hear)",
        "post_save.connect(make(f))",
        "def go():\n    def f(**k): ...\n    post_save.connect(f)\n    return f",
        "def go():\n    def f(**k): ...\n    post_save.connect(f)\n    KEPT.append(f)",
        "def go():\n    global f\n    def f(**k): ...\n    post_save.connect(f)",
        "def go():\n    @keep\n    def f(**k): ...\n    post_save.connect(f)",
        "def go():\n    @keep\n    @receiver(post_save)\n    def f(**k): ...",
        "def go():\n    @receiver(post_save, weak=False)\n    def f(**k): ...",
        "def go():\n    f = make()\n    post_save.connect(f)",
        "@receiver(post_save)\ndef f(**k): ...",
    ],
)
def test_what_may_live(source):
    (found,) = sites(source)
    assert found.doomed == ""


def test_a_local_function_that_hears_two_signals_is_collected_all_the_same():
    source = "def go():\n    def f(**k): ...\n    post_save.connect(f)\n    published.connect(f{})"
    assert all(site.doomed for site in sites(source.format("")))
    assert not any(site.doomed for site in sites(source.format(", weak=False")))


def test_signals_that_a_module_makes():
    source = """
    from django.dispatch import Signal
    from mine import PluginSignal as Made

    one = Signal()
    two: Signal = Signal()
    three, four = Made(), 3
    five = Made()

    class Bus:
        six = Signal()

    def f():
        seven = Signal()
    """
    file = SourceFile(Path("a/b.py"), "a/b.py", "a.b", is_loaded=False)
    tree = ast.parse(dedent(source))
    assert list(made_signals(tree, Names(tree, file))) == [
        "a.b.one",
        "a.b.two",
        "a.b.five",
        "a.b.Bus.six",
    ]


def test_relative_imports_start_at_the_package():
    tree = ast.parse("from . import a\nfrom ..b import c\n")
    file = SourceFile(Path("x/y/__init__.py"), "x/y/__init__.py", "x.y", is_loaded=False)
    names = Names(tree, file)
    assert [names.path(ast.Name(name)) for name in "acz"] == ["x.y.a", "x.b.c", "x.y.z"]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("# sigtrace: ignore", None),
        ("# sigtrace: ignore[]", ()),
        ("# sigtrace: ignore[ , ]", ()),
        ("#sigtrace:ignore[W008]", ("W008",)),
        ("# why # sigtrace: ignore[ W008,sigtrace.E003 ] more", ("W008", "E003")),
        ("# sigtrace: ignore [W008]", ("W008",)),
        ("# sigtrace: ignore W008 and so on", ("W008",)),
        ("# sigtrace: ignore: W008, sigtrace.E003", ("W008", "E003")),
        ("# sigtrace: ignore until the W008 of spring", None),
    ],
)
def test_comments_are_read(text, rules):
    found = read_comment("a.py", 1, text)
    assert found is not None
    assert found.rules == rules


def test_only_comments_are_comments():
    assert read_comment("a.py", 1, "# sigtrace is great") is None
    assert comments("a.py", b"x = '# sigtrace: ignore'\ny = 1  # sigtrace: ignore\n")[0].line == 2
    assert comments("a.py", b"x = (  # sigtrace: ignore\n") == []


def test_a_statement_is_as_long_as_it_is():
    tree = ast.parse(
        "@a\n@b(\n    1\n)\ndef f(\n    x,\n):\n    y = [\n        1,\n    ]\n\nz = 1\n"
    )
    assert [statement_lines(tree, line) for line in (1, 3, 6, 9, 12)] == [
        range(1, 8),
        range(1, 8),
        range(1, 8),
        range(8, 11),
        range(12, 13),
    ]


def test_python_warns_of_nothing_while_we_read(tmp_path):
    (tmp_path / "a.py").write_text(IMPORTS + 'x = "\\d"\npost_save.connect(f)\n')
    project = Inspection(
        str(tmp_path),
        Settings("s", "x"),
        "3.13",
        "5.2",
        signals=(Signal(KNOWN[0], "Signal"),),
        modules={"a": "a.py"},
    )
    ((file, site),) = Sources(project).sites
    assert (file.module, site.runs) == ("a", True)


def test_what_cannot_be_read_says_nothing(tmp_path):
    (tmp_path / "a.py").write_bytes(b"# connect\nx = (\n")
    (tmp_path / "b.py").write_bytes(b"# connect\0\n")
    modules = {"a": "a.py", "b": "b.py", "c": "gone.py", "d": "d.so"}
    project = Inspection(str(tmp_path), Settings("s", "x"), "3.13", "5.2", modules=modules)
    sources = Sources(project)
    assert (sources.sites, sources.comments) == ((), ())
    assert sources.statement("a.py", 2) == range(2, 3)
