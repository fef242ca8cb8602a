"""The list of receivers and an explained model on terminals of any width, and with hostile names."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sigtrace.analysis.explaining import explain
from sigtrace.analysis.registry import registry
from sigtrace.inspection import (
    Connection,
    Connector,
    Inspection,
    Model,
    Place,
    Receiver,
    Relation,
    Sender,
    Settings,
    Signal,
)
from sigtrace.views.display import Display
from sigtrace.views.explanation import render_explanation
from sigtrace.views.formats import explanation_json, registry_json, registry_markdown
from sigtrace.views.registry import render_registry

EVIL = "\x1b[31mred\x1b[0m\n[bold]x[/bold]\u202e|`<b>\u200b"
SAVED = "django.db.models.signals.post_save"


def receiver(name: str = "blog.receivers.heard", **fields: Any) -> Receiver:
    place = Place("blog/receivers.py", 7, "own")
    return Receiver(**{"name": name, "kind": "function", "place": place, **fields})


def connect(signal: str = SAVED, sender: Sender | None = None, **fields: Any) -> Connection:
    given = {"receiver": receiver(), "sender": sender or Sender("any"), **fields}
    return Connection(signal=signal, **given)


def inspection(*connections: Connection, models: tuple[Model, ...] = ()) -> Inspection:
    names = dict.fromkeys(one.signal for one in connections)
    return Inspection(
        project="/p",
        settings=Settings("config.settings", "manage.py"),
        python="3.11",
        django="5.2",
        signals=tuple(
            Signal(
                name,
                "django.db.models.signals.ModelSignal",
                connections=tuple(one for one in connections if one.signal == name),
            )
            for name in names
        ),
        models=models,
    )


def lines(found: Inspection, pattern: str = "", **display: Any) -> list[str]:
    return render_registry(registry(found, pattern), Display(**display)).plain.splitlines()


ARTICLE = Model("blog.Article", "blog.models.Article", concrete="blog.Article")


def test_groups_are_by_sender_and_any_sender_comes_last():
    found = inspection(
        connect(),
        connect(sender=Sender("model", "blog.Tag")),
        connect(sender=Sender("model", "blog.Article")),
    )
    shown = [line for line in lines(found) if line.startswith("  ") and line[2] != " "]
    assert shown == [
        "  blog.Article  and 1 receiver of any sender",
        "  blog.Tag  and 1 receiver of any sender",
        "  any sender",
    ]


def test_asynchronous_receivers_are_called_last():
    found = inspection(
        connect(receiver=receiver("a.late"), is_async=True), connect(receiver=receiver("a.early"))
    )
    shown = [line.split()[:2] for line in lines(found) if "a." in line]
    assert shown == [["1", "a.early"], ["2", "a.late"]]


def test_the_same_source_under_two_paths_is_a_repetition():
    both = [connect(receiver=receiver(name, number=n)) for n, name in enumerate(("a.f", "b.a.f"))]
    assert sum("connected 2 times" in line for line in lines(inspection(*both))) == 2


def test_what_a_function_makes_anew_is_no_repetition():
    made = [connect(receiver=receiver("a.make.<locals>.f", number=number)) for number in range(2)]
    assert not any("times" in line for line in lines(inspection(*made)))


def test_third_party_code_says_its_package_and_version():
    place = Place("/venv/lib/python3/site-packages/pkg/x.py", 3, "third-party", "django-pkg", "1.2")
    at = Connector(
        "/venv/lib/python3/site-packages/pkg/apps.py", 9, "third-party", "connect", "pkg"
    )
    shown = lines(inspection(connect(receiver=receiver(place=place), connected_at=at, weak=True)))
    row, below = shown[-2:]
    assert "pkg/x.py:3" in row
    assert row.endswith("django-pkg 1.2 .connect() weak")
    assert below == "      connected in pkg/apps.py:9, in ready() of pkg"


@pytest.mark.parametrize("width", [40, 60, 200])
def test_every_line_fits_the_terminal(width):
    long = receiver("blog." + "very_" * 30 + "long", place=Place("x/" * 60 + "y.py", 1, "own"))
    at = Connector("z/" * 60 + "w.py", 2, "own", "connect", "blog")
    name = "blog." + "Long" * 50
    relation = Relation(name, "field" * 20, "CASCADE", to="blog.Article")
    found = inspection(
        connect(receiver=long, connected_at=at, dispatch_uid="u" * 200),
        connect("django.db.models.signals.post_delete", Sender("model", name), receiver=long),
        models=(
            replace(ARTICLE, relations=(relation,), parents=(name,)),
            Model(name, name, concrete=name),
        ),
    )
    display = {"width": width, "crop": True}
    assert max(map(len, lines(found, **display))) <= width
    text = render_explanation(explain(found, "Article"), Display(width=width, crop=True))
    assert max(map(len, text.plain.splitlines())) <= width


def test_without_a_terminal_nothing_is_cut():
    name = "blog." + "very_" * 30 + "long"
    assert any(name in line for line in lines(inspection(connect(receiver=receiver(name)))))


def test_signs_have_replacements_in_ascii():
    twice = [connect(dispatch_uid=uid, is_async=True) for uid in "ab"]
    found = inspection(*twice, models=(ARTICLE,))
    assert "\n".join(lines(found, ascii=True)).isascii()
    assert render_explanation(explain(found, "Article"), Display(ascii=True)).plain.isascii()


def hostile() -> Inspection:
    relation = Relation(EVIL, EVIL, "CASCADE", to="blog.Article")
    evil = Model(EVIL, EVIL, concrete=EVIL, place=Place(EVIL, 1, "own"))
    at = Connector(EVIL, 1, "own", "connect", EVIL)
    place = Place(EVIL, 1, "third-party", EVIL, EVIL)
    senders = [Sender("any"), Sender("model", EVIL, EVIL), Sender("string", EVIL)]
    found = inspection(
        *(
            connect(
                name,
                sender,
                receiver=receiver(EVIL, place=place),
                connected_at=at,
                dispatch_uid=EVIL,
            )
            for name in (EVIL, SAVED, "django.db.models.signals.post_delete")
            for sender in senders
        ),
        models=(
            Model("blog.Article", EVIL, concrete="blog.Article", relations=(relation,)),
            evil,
        ),
    )
    settings = Settings(EVIL, EVIL)
    return Inspection(**{**vars(found), "settings": settings, "imports": (EVIL,)})


@pytest.mark.parametrize("pattern", ["", "red", EVIL + "not there"])
def test_hostile_names_are_shown_and_do_nothing(pattern):
    found = registry(hostile(), pattern)
    texts = [
        render_registry(found, Display(width=70, crop=True)).plain,
        registry_markdown.render_markdown(found),
        render_explanation(explain(hostile(), "blog.Article"), Display()).plain,
    ]
    for text in texts:
        assert not set(text) & set("\x1b\u202e\u200b")
        assert not any(line.startswith(("[bold]", "red")) for line in text.splitlines())
    assert "\\|" in texts[1] or not found.listed


def test_json_is_ascii_and_whole():
    told = json.loads(registry_json.render_json(registry(hostile())))
    assert told["signals"][0]["receivers"][0]["receiver"] == EVIL
    text = explanation_json.render_json(explain(hostile(), "blog.Article"))
    assert text.isascii()
    assert json.loads(text)["settings"]["module"] == EVIL
