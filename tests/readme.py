"""What README.md takes from the program: the help of its commands, and the pictures.

`python -m tests.readme` writes them anew; `test_readme` says whether they are current.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from sigtrace.reader import Damage, read_events
from sigtrace.tree import Builder
from sigtrace.views.display import Display
from sigtrace.views.tree import render_chain
from tests.e2e.terminal import Terminal
from tests.support import ROOT, SAMPLE_SITE, Site, clean_environment, run_process

README = ROOT / "README.md"
PICTURE = ROOT / ".github" / "images" / "tree.svg"
CHECK_PICTURE = PICTURE.with_name("check.svg")
COMMANDS = ("run", "report", "receivers", "explain", "check")
EXAMPLES = {
    "receivers": ("receivers", "post_save"),
    "explain": ("explain", "Article", "delete"),
}

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


def block(text: str, marker: str) -> str:
    """The fenced block under the comment `<!-- marker -->`. Raises ValueError without one."""
    found = _pattern(marker).search(text)
    if found is None:
        raise ValueError(f"no block under <!-- {marker} -->")
    return found["body"]


def with_block(text: str, marker: str, body: str) -> str:
    """The text with another body in that block."""
    block(text, marker)
    return _pattern(marker).sub(lambda found: found["head"] + body + found["tail"], text)


def _pattern(marker: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<head>^<!-- {re.escape(marker)} -->\n```\w*\n)(?P<body>.*?)(?P<tail>^```$)",
        re.MULTILINE | re.DOTALL,
    )


def help_of(command: str) -> str:
    """What `sigtrace COMMAND --help` prints on 80 columns."""
    shown = (sys.executable, "-m", "sigtrace", command, "--help")
    done = run_process(*shown, cwd=ROOT, env={"COLUMNS": "80"})
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.replace("python -m sigtrace", "sigtrace")


def picture(site: Site) -> str:
    """Record the demo in that migrated copy of the sample site, and draw two of its chains."""
    done = site.sigtrace("run", "--no-live", "--values", "redacted", "manage.py", "demo")
    if done.returncode:
        raise RuntimeError(done.stderr)
    builder = Builder()
    chains = [
        chain
        for event in read_events(site.trace().processes, Damage())
        for chain in builder.feed(event)
    ]
    console = Console(record=True, width=WIDTH, file=Path("/dev/null").open("w"))  # noqa: SIM115
    with console.file:
        console.print(Text("$ sigtrace run manage.py demo", "bold"))
        for name, failed in SHOWN:
            chain = next(
                chain
                for chain in chains
                if chain.root.name == name and (chain.root.exception is not None) == failed
            )
            console.print(render_chain(chain, Display(width=WIDTH)), soft_wrap=True)
        svg = console.export_svg(title="sigtrace", theme=MONOKAI, unique_id="tree")
    return _tidy(svg)


def check_picture(site: Site) -> str:
    """Let a copy of the sample site drift from its baseline, and draw what the check says."""
    signals = site.path / "blog" / "signals.py"
    text = signals.read_text("utf-8")
    for before, after in DRIFT:
        if before not in text:
            raise ValueError(f"{signals} has no {before!r}")
        text = text.replace(before, after, 1)
    signals.write_text(text, "utf-8")
    with Terminal(site.path, clean_environment()) as terminal:
        terminal.run(f"stty cols {WIDTH}")
        shown = terminal.run(f"TERM=xterm-256color {site.interpreter} -m sigtrace check")
    console = Console(record=True, width=WIDTH, file=Path("/dev/null").open("w"))  # noqa: SIM115
    with console.file:
        console.print(Text("$ sigtrace check", "bold"))
        console.print(Text.from_ansi(shown.strip()))
        svg = console.export_svg(title="sigtrace", theme=MONOKAI, unique_id="check")
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


def picture_text(svg: str) -> list[str]:
    """The rows of a picture without durations and the space that they leave."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        row = rows.setdefault(float(element.get("y", 0)), [])
        row.append((float(element.get("x", 0)), element.text or ""))
    lines = (" ".join(text for _, text in sorted(rows[y])) for y in sorted(rows))
    masked = (re.sub(r"[\d.,]+\s(?:µs|ms|s)\b", "TIME", line) for line in lines)
    return [" ".join(line.split()) for line in masked if line.split()]


def example_of(name: str) -> str:
    """A command and what it prints in the sample site."""
    command = EXAMPLES[name]
    done = run_process(
        *(sys.executable, "-m", "sigtrace", *command),
        cwd=SAMPLE_SITE,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return f"$ {' '.join(('sigtrace', *command))}\n{done.stdout}"


def table_fields(text: str, heading: str) -> list[str]:
    """The first column of the table under a heading, which stands there without its `#`."""
    _, found, below = text.partition(f"# {heading}")
    if not found:
        raise ValueError(f"no heading {heading}")
    section = re.split(r"^#", below, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `([a-z_-]+)` \|", section, re.MULTILINE)


def main() -> None:
    text = README.read_text("utf-8")
    for command in COMMANDS:
        text = with_block(text, f"help {command}", help_of(command))
    for name in EXAMPLES:
        text = with_block(text, f"example {name}", example_of(name))
    README.write_text(text, "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site")
        shutil.copytree(
            SAMPLE_SITE, site.path, ignore=shutil.ignore_patterns(".sigtrace", "*.sqlite3")
        )
        site.manage("migrate", "-v0")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(picture(site), "utf-8")
        CHECK_PICTURE.write_text(check_picture(site), "utf-8")


if __name__ == "__main__":
    main()
