"""The report as Markdown."""

from __future__ import annotations

from sigtrace.analysis.report import analyse
from sigtrace.reader import open_runs
from sigtrace.views.formats.markdown import render_markdown
from tests.factories import article_save, begin, counts, end, process, write


def markdown(run):
    return render_markdown(analyse(open_runs([run], run)), "sigtrace report")


def test_the_report_as_markdown(tmp_path):
    write(
        tmp_path / "4242.jsonl",
        process(),
        *article_save(),
        end("bulk", "4242-40", bypassed=["blog.signals.generate_slug"]),
        begin("save", "4242-50"),
        counts(unheard={"a.b.pre_save": 12}),
    )
    (tmp_path / "run.json").write_text('{"schema":1,"argv":["manage.py","demo"]}')
    assert (
        markdown(tmp_path)
        == """\
## sigtrace: `manage.py demo`

3 chains · 2 signals sent · 3 receiver calls · 2 queries · 0 errors

### Findings

- **sigtrace.R005** receivers bypassed · blog/views.py:41
  - QuerySet.bulk\\_create(Article), 50 rows did not call `blog.signals.generate_slug`
  - it sends no save or delete signals
  - spans `4242-40`
  - `sigtrace report --tree --root 4242-40`

### Receivers

| Receiver | Signal | Sender | Calls | Total | Self | Max | Queries | Errors | At |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
| `blog.signals.notify_about_article` | post\\_save | blog.Article | 1 | 3.1 ms | 3.1 ms | 3.1 ms | 0 | 0 | blog/signals.py:24 |
| `search.signals.update_search_index` | post\\_save | blog.Article | 1 | 2.2 ms | 0.8 ms | 2.2 ms | 1 | 0 | search/signals.py:8 |
| `blog.signals.generate_slug` | pre\\_save | blog.Article | 1 | 0.2 ms | 0.2 ms | 0.2 ms | 0 | 0 | blog/signals.py:12 |

### Slowest chains

| Chain | Time | Receiver calls | Queries | At |
| --- | ---: | ---: | ---: | --- |
| `Article.save()` | 6.7 ms | 3 | 2 | blog/views.py:41 |
| `QuerySet.bulk_create(Article)` | 1.0 ms | 0 | 0 | blog/views.py:41 |

### Unfinished

| Span | Chain | At |
| --- | --- | --- |
| `Article.save()` | `Article.save()` |  |

### Counted, not listed

- sent without receivers 12: `pre_save` 12
"""
    )


def test_names_cannot_break_out_of_their_cell(tmp_path):
    name = "a`b``|c\n<img>\x1b"
    write(
        tmp_path / "1.jsonl",
        process("1"),
        end("receiver", "1-2", "1-1", receiver=name, signal="x|<b>*_", exception=name),
        end("send", "1-1"),
    )
    row = next(line for line in markdown(tmp_path).splitlines() if line.startswith("| ```"))
    assert r"| ``` a`b``\|c\x0a<img>\x1b ``` |" in row
    assert r"x\|\<b\>\*\_" in row
