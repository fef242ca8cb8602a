"""What README.md takes from the program: the help of its commands, and the pictures.

`python -m tests.readme` writes them anew; `test_readme` says whether they are current.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.pictures import FOLDER, PICTURES
from tests.support import ROOT, SAMPLE_SITE, Site, run_process

README = ROOT / "README.md"
COMMANDS = ("run", "tail", "report", "diff", "receivers", "explain", "check")
DJANGO = (5, 2)
"""The version that the examples are of."""

EXAMPLES = {
    "receivers": ("receivers", "post_save"),
    "explain": ("explain", "Article", "delete"),
}

FAILURE = """
from django.test import TestCase
from sigtrace.testing import SignalTestMixin
from blog.models import Article

class ArticleTests(SignalTestMixin, TestCase):
    def test_who_is_called(self):
        with self.assertSignals(
            ["pre_save blog.Article -> generate_slug", "post_save blog.Article -> search.update"]
        ):
            Article.objects.create(title="Hello")
"""
"""The test whose failure is shown."""

TESTS = ("trace", "mixin", "pytest")
"""The examples that are modules of tests."""

COVERAGE = ("report", "--coverage")
COVERAGE_LINES = 19

GRAPH = ("blog.Article", "blog.Draft")
"""The chains of the graph begin with these models, or are sent by them."""


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


def graph(site: Site) -> str:
    """Who sets off whom around drafts and comments, in the demo of that migrated sample site."""
    for arguments in (
        ("run", "--no-live", "manage.py", "demo"),
        ("report", "--format", "mermaid", *(f"--root={name}" for name in GRAPH)),
    ):
        done = site.sigtrace(*arguments)
        if done.returncode:
            raise RuntimeError(done.stderr)
    return done.stdout


def failure(site: Site) -> str:
    """What a failing assertion says in the sample site, without the times."""
    (site.path / "blog" / "tests_failing.py").write_text(FAILURE, "utf-8")
    done = site.manage("test", "blog.tests_failing")
    said = done.stderr.partition("AssertionError: ")[2].partition("\n\n---")[0]
    return re.sub(r" +[0-9.]+ ms$", "", said, flags=re.MULTILINE).strip() + "\n"


def coverage(site: Site) -> str:
    """The signal coverage of the sample site's own suite, as far as the first receivers."""
    for arguments in (("run", "--no-live", "manage.py", "test", "blog.tests"), COVERAGE):
        done = site.sigtrace(*arguments)
        if done.returncode:
            raise RuntimeError(done.stderr)
    lines = done.stdout.splitlines()[:COVERAGE_LINES]
    command = f"$ sigtrace {' '.join(COVERAGE)} | head -n {COVERAGE_LINES}"
    return "\n".join([command, *lines, ""])


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
    with tempfile.TemporaryDirectory() as folder:
        site = _sample_site(Path(folder))
        text = with_block(text, "graph", graph(site))
        text = with_block(text, "example coverage", coverage(site))
        text = with_block(text, "example failure", failure(site))
    README.write_text(text, "utf-8")
    for name, draw in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            site = _sample_site(Path(folder))
            (FOLDER / f"{name}.svg").write_text(draw(site), "utf-8")


def _sample_site(folder: Path) -> Site:
    """A copy of the sample site in a folder, migrated."""
    site = Site(folder / "site")
    ignored = shutil.ignore_patterns(".sigtrace", "*.sqlite3")
    shutil.copytree(SAMPLE_SITE, site.path, ignore=ignored)
    site.manage("migrate", "-v0")
    return site


if __name__ == "__main__":
    main()
