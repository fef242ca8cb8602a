"""The pictures in README.md: what the program shows when it runs, as SVG.

`python -m tests.readme` draws them anew; `test_readme` says whether they are current.
"""

from __future__ import annotations

import html
import os
import re
import socket
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from sigtrace.reader import Damage, read_events
from sigtrace.tree import Builder
from sigtrace.views.display import Display
from sigtrace.views.tree import render_chain
from tests.e2e.screen import Screen
from tests.support import ROOT, Site

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = ROOT / ".github" / "images"
WIDTH = 100
SHOWN = (
    ("Article.save()", False),
    ("QuerySet.bulk_create(Article)", False),
    ("Comment.save()", True),
)
"""The chains of the demo that the picture shows: the first of each name that failed, or did not."""

_NEW = "@receiver(post_save, sender=Article)\ndef update_search_index(sender, **kwargs): ...\n\n\n"
_LAST = "@receiver(post_delete, sender=Article)\n"
DRIFT = (("@receiver(pre_save, sender=Article)\n", ""), (_LAST, _NEW + _LAST))
"""What changes in the blog's signals for the picture of a failing check: before, after."""

SVG = "{http://www.w3.org/2000/svg}"
_BANNER = re.compile(r"Python 3\.|Type \"help\"|\(InteractiveConsole\)|sigtrace: ")


def tree(site: Site) -> str:
    """Record the demo in that migrated copy of the sample site, and draw some of its chains."""
    done = site.sigtrace("run", "--no-live", "--values", "redacted", "manage.py", "demo")
    if done.returncode:
        raise RuntimeError(done.stderr)
    builder = Builder()
    chains = [
        chain
        for event in read_events(site.trace().processes, Damage())
        for chain in builder.feed(event)
    ]
    lines = [Text("$ sigtrace run manage.py demo", "bold")]
    for name, failed in SHOWN:
        chain = next(
            chain
            for chain in chains
            if chain.root.name == name and (chain.root.exception is not None) == failed
        )
        lines.append(render_chain(chain, Display(width=WIDTH)))
    return _svg(Text("\n").join(lines), "tree")


def shell(site: Site) -> str:
    """Type into `manage.py shell` in a terminal, and take what it shows."""
    with _terminal(site) as screen:
        screen.shows(r"^\$$")
        screen.enter("sigtrace run manage.py shell -v 0 --interface python")
        screen.shows(r"^>>>$")
        screen.enter("article = Article.objects.create(title='My first article')")
        screen.shows(r"AuditLog[\s\S]*^>>>$")
        screen.enter("for view in range(20): article.save()")
        screen.keys("Enter")
        screen.shows(r"more[\s\S]*^>>>$")
        return _svg(_text(screen.coloured.splitlines()), "shell")


def request(site: Site) -> str:
    """Send a request to `manage.py runserver`, and take what its terminal shows of it."""
    site.script("from blog.models import Article\nArticle.objects.create(title='News')\n")
    site.run(site.interpreter, "script.py")
    with socket.socket() as free, _terminal(site) as screen:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        screen.shows(r"^\$$")
        screen.enter(f"sigtrace run manage.py runserver {port}")
        screen.shows(r"Quit the server")
        address = f"http://127.0.0.1:{port}/articles/1/publish/"
        urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=30).close()
        screen.shows(r"on_commit send_newsletter")
        lines = screen.coloured.replace(str(port), "8000").splitlines()
    # What Django greets with and logs holds its version and the time.
    plain = [Text.from_ansi(line).plain for line in lines]
    first = next(number for number, line in enumerate(plain) if line.startswith("▸ request"))
    logged = next(number for number, line in enumerate(plain) if '"POST /articles' in line)
    tree = lines[first:logged] + lines[logged + 1 :]
    return _svg(_text([lines[0], *tree]), "request")


def check(site: Site) -> str:
    """Let the sample site drift from its baseline, and take what the check says."""
    signals = site.path / "blog" / "signals.py"
    text = signals.read_text("utf-8")
    for before, after in DRIFT:
        if before not in text:
            raise ValueError(f"{signals} has no {before!r}")
        text = text.replace(before, after, 1)
    signals.write_text(text, "utf-8")
    with _terminal(site) as screen:
        screen.shows(r"^\$$")
        screen.enter("sigtrace check")
        screen.shows(r"Intended\?[\s\S]*^\$$")
        # The prompt comes again below it.
        return _svg(_text(screen.coloured.rpartition("\n$")[0].splitlines()), "check")


PICTURES: dict[str, Callable[[Site], str]] = {
    "tree": tree,
    "shell": shell,
    "request": request,
    "check": check,
}


def _terminal(site: Site) -> Screen:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {"PS1": "$ ", "PATH": path, "PYTHONPATH": str(ROOT)}
    return Screen(site.path, "/bin/bash", "--norc", "--noprofile", env=env, columns=WIDTH)


def _text(lines: list[str]) -> Text:
    """Lines of a terminal with their colours, without greetings and what stands empty at the end."""
    kept = [Text.from_ansi(line) for line in lines if not _BANNER.match(line)]
    while kept[-1].plain.strip() in ("", ">>>"):
        kept.pop()
    return Text("\n").join(kept)


def _svg(shown: Text, name: str) -> str:
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        console.print(shown, soft_wrap=True)
        svg = console.export_svg(title="sigtrace", theme=MONOKAI, unique_id=name)
    return _tidy(svg)


def _tidy(svg: str) -> str:
    """Leave out what not every viewer honours: a font from elsewhere, spaces that move the text."""

    def without_indent(found: re.Match[str]) -> str:
        text = html.unescape(found["text"])
        shown = text.strip()
        if not shown:
            return ""
        column = float(found["length"]) / len(text)
        x = float(found["x"]) + (len(text) - len(text.lstrip())) * column
        words = html.escape(shown).replace("\u00a0", "&#160;")
        length = len(shown) * column
        return f'{found["head"]} x="{x:g}"{found["y"]} textLength="{length:g}"{found["clip"]}>{words}</text>'

    pattern = re.compile(
        r'(?P<head><text class="\w+-r\d+") x="(?P<x>[\d.]+)"(?P<y> y="[\d.]+")'
        r' textLength="(?P<length>[\d.]+)"(?P<clip> [^>]*)>(?P<text>[^<]*)</text>'
    )
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return pattern.sub(without_indent, svg)


def text_of(svg: str) -> list[str]:
    """The rows of a picture without durations and the space that they leave."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        row = rows.setdefault(float(element.get("y", 0)), [])
        row.append((float(element.get("x", 0)), element.text or ""))
    lines = (" ".join(text for _, text in sorted(rows[y])) for y in sorted(rows))
    masked = (re.sub(r"[\d.,]+\s(?:µs|ms|s)\b", "TIME", line) for line in lines)
    return [" ".join(line.split()) for line in masked if line.split()]
