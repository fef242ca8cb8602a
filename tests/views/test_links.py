"""Places that can be clicked, where the display says so."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from sigtrace.views.display import Display
from sigtrace.views.links import file_link
from sigtrace.views.live import LiveTree
from tests.factories import article_save, end, heard_save

LINKS = Display(links=True, root="/home/me/my site")


@pytest.mark.parametrize(
    ("file", "line", "url"),
    [
        ("blog/signals.py", 12, "file:///home/me/my%20site/blog/signals.py#12"),
        ("/venv/lib/pkg/x.py", 3, "file:///venv/lib/pkg/x.py#3"),
        ("/venv/lib/pkg/x.py", None, "file:///venv/lib/pkg/x.py"),
        ("//server/share/x.py", 1, "file:///server/share/x.py#1"),
        ("a#b?c;d%20.py", 1, "file:///home/me/my%20site/a%23b%3Fc%3Bd%2520.py#1"),
        ("é\udcff.py", 1, "file:///home/me/my%20site/%C3%A9%FF.py#1"),
        ("\x1b\\\x07\x9b.py", 1, "file:///home/me/my%20site/%1B%5C%07%C2%9B.py#1"),
        ("\ud800.py", 1, ""),
        ("<console>", 1, ""),
        ("", 1, ""),
        (None, None, ""),
    ],
)
def test_the_url_of_a_place(file, line, url):
    assert file_link(file, line, LINKS) == url


def test_without_links_or_a_root_there_is_none():
    assert file_link("blog/signals.py", 12, Display(root="/home")) == ""
    assert file_link("blog/signals.py", 12, Display(links=True)) == ""
    assert file_link("/blog/signals.py", 12, Display(links=True)) == "file:///blog/signals.py#12"


def written(texts):
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="standard", width=200)
    for text in texts:
        console.print(text, soft_wrap=True)
    return file.getvalue()


def linked(output):
    """The URL and the text of each link in what a terminal gets."""
    pattern = r"\x1b\]8;id=[^;]*;([^\x1b]*)\x1b\\(.*?)\x1b\]8;;\x1b\\"
    return [(url, re.sub(r"\x1b\[[\d;]*m", "", text)) for url, text in re.findall(pattern, output)]


def test_every_place_of_a_tree_is_a_link_also_where_it_is_cut():
    view = LiveTree(Display(links=True, root="/site", width=60, crop=True))
    assert linked(written(view.feed(article_save()))) == [
        ("file:///site/blog/views.py#41", "blog/views.py:41"),
        ("file:///site/blog/signals.py#12", "blog/signals.py:12"),
        ("file:///site/blog/signals.py#24", "blog/signals.py:24"),
        ("file:///site/search/signals.py#8", "search/signals.py:8"),
        ("file:///site/blog/views.py#41", "…/views.py:41"),
    ]


def test_the_place_of_what_repeats_is_one_too():
    view = LiveTree(Display(links=True, root="/site"))
    view.feed([line for n in range(3) for line in heard_save(f"1-{n}1")])
    assert linked(written(view.finish())) == [("file:///site/blog/views.py#41", "blog/views.py:41")]


def test_a_hostile_path_stays_within_its_escape_sequence():
    hostile = "a\x1b]8;;\x1b\\\x1b[31mb\x07\n.py"
    view = LiveTree(LINKS)
    texts = view.feed([end("receiver", "1-2", "1-1", file=hostile), end("send", "1-1")])
    _, (url, text) = linked(written(texts))
    assert url == "file:///home/me/my%20site/a%1B%5D8%3B%3B%1B%5C%1B%5B31mb%07%0A.py#24"
    assert text == r"a\x1b]8;;\x1b\\x1b[31mb\x07\x0a.py:24"


def test_without_links_nothing_of_the_kind_is_written():
    assert "\x1b]8" not in written(LiveTree(Display()).feed(article_save()))
