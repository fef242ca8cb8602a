"""What every save of the sample site sets off, recorded by real commands and read from the files."""

from __future__ import annotations

import re

import django
import pytest

from sigtrace.reader import open_run
from sigtrace.reader.strange import first_strange

POST_SAVE = "django.db.models.signals.post_save"
PRE_SAVE = "django.db.models.signals.pre_save"


def record(site, source: str, *options: str, **kwargs):
    """Run a script of the site traced and return its trace."""
    script = site.script(source)
    done = site.sigtrace("run", "--no-live", *options, script.name, **kwargs)
    assert done.returncode == 0, done.stderr
    return site.trace()


def without_times(tree: str) -> str:
    """A drawn tree without its durations and the padding before them."""
    return re.sub(r" +\d+(\.\d+)? m?s$", "", tree, flags=re.MULTILINE)


def test_the_chain_of_a_save_as_a_tree(site):
    record(
        site,
        "from blog.models import Article\n"
        'Article.objects.create(title="My first article", content="…")\n',
    )
    shown = site.sigtrace("report", "--tree")
    assert shown.returncode == 0
    place = re.compile(r" +(\S+:\d+)")
    tree = place.sub(r"  \1", without_times(shown.stdout))
    assert tree == (
        "● Article.save()  created  script.py:6\n"
        "├─ pre_save\n"
        "│  └─ generate_slug  blog/signals.py:19\n"
        "│     ~ slug  '' → 'my-first-article'\n"
        "├─ INSERT blog_article\n"
        "└─ post_save  created=True\n"
        "   ├─ notify_about_article  blog/signals.py:26\n"
        "   └─ log_article  audit/receivers.py:13\n"
        "      └─ AuditLog.save()  created · 1 query · no receivers  audit/receivers.py:19\n"
    )


def test_create_update_and_delete_with_exactly_the_documented_arguments(site):
    trace = record(
        site,
        "from blog.models import Article\n"
        'article = Article.objects.create(title="A")\n'
        'article.title = "B"\n'
        'article.save(update_fields=["title"])\n'
        "article.delete()\n",
    )
    pre, pre_update = trace.spans("send", signal=PRE_SAVE, sender="blog.Article")
    assert pre["arguments"] == {
        "instance": "blog.Article pk=None",
        "raw": False,
        "using": "default",
        "update_fields": None,
    }
    assert pre["receivers"] == ["blog.signals.generate_slug"]
    assert pre_update["arguments"]["update_fields"] == "<frozenset 1>"
    post, post_update = trace.spans("send", signal=POST_SAVE, sender="blog.Article")
    assert post["arguments"] == {
        "instance": "blog.Article pk=1",
        "created": True,
        "raw": False,
        "using": "default",
        "update_fields": None,
    }
    assert post_update["arguments"]["created"] is False
    deleted = trace.span("send", signal="django.db.models.signals.post_delete")
    assert deleted["arguments"] == {
        "instance": "blog.Article pk=1",
        "using": "default",
        "origin": "blog.Article pk=1",
    }
    assert deleted["receivers"] == ["blog.signals.cleanup_after_delete"]
    created, updated = trace.spans("save", model="blog.Article")
    assert (created["created"], created["pk"]) == (True, 1)
    assert (updated["created"], updated["update_fields"]) == (False, ["title"])


def test_the_nested_save_hangs_below_the_receiver_that_saves(site):
    trace = record(site, 'from blog.models import Article\nArticle.objects.create(title="A")\n')
    receiver = trace.span("receiver", receiver="audit.receivers.log_article")
    (nested,) = trace.children(receiver)
    assert (nested["kind"], nested["model"]) == ("save", "audit.AuditLog")
    post_save = trace.span("send", signal=POST_SAVE)
    assert receiver["parent"] == post_save["id"]
    assert trace.span("save", model="blog.Article")["id"] == post_save["parent"]
    slug = trace.span("receiver", receiver="blog.signals.generate_slug")
    assert slug["changes"] == {"slug": ["", "a"]}
    assert (slug["file"], slug["origin"], slug["index"]) == ("blog/signals.py", "own", 0)


def test_the_demo_names_everything_it_does(site):
    untraced = site.manage("demo")
    traced = site.sigtrace("run", "--no-live", "manage.py", "demo")
    assert traced.stdout == untraced.stdout
    trace = site.trace()
    assert {span["kind"] for span in trace.lines("end")} == {
        *("save", "send", "receiver", "query", "bulk", "delete", "m2m"),
        *("transaction", "on_commit"),
    }
    (scope,) = {line["id"] for line in trace.lines("scope")}
    assert trace.lines("scope")[0]["name"] == "demo"
    assert {span["scope"] for span in trace.lines("end")} == {scope}
    bypassed = trace.span("bulk", operation="bulk_create", model="blog.Article")["bypassed"]
    assert bypassed == [
        "blog.signals.generate_slug",
        "blog.signals.notify_about_article",
        "audit.receivers.log_article",
    ]
    failed = trace.span(
        "receiver",
        receiver="blog.receivers.reject_spam",
        swallowed=False,
        index=0,
        exception="django.core.exceptions.ValidationError",
    )
    send = next(line for line in trace.lines("end") if line["id"] == failed["parent"])
    assert send["not_reached"] == ["blog.receivers.tidy_comment"]
    outcomes = {span["outcome"] for span in trace.spans("transaction")}
    assert outcomes == {"committed", "rolled back"}
    assert [span["discarded"] for span in trace.spans("on_commit")].count(True) == 1
    methods = {span["method"] for span in trace.spans("send")}
    assert methods >= {"send", "send_robust"}
    if django.VERSION >= (5, 0):
        assert "asend" in methods


def test_every_line_has_the_fields_of_the_schema(site):
    from sigtrace import events

    site.sigtrace("run", "--no-live", "manage.py", "demo")
    assert first_strange(open_run(site.trace().path, site.path)) is None
    for line in site.trace().events:
        match line["event"]:
            case "end":
                expected = {*events.END_FIELDS, *events.KIND_FIELDS[line["kind"]]}
            case "process":
                expected = set(events.PROCESS_FIELDS)
            case "scope":
                expected = set(events.SCOPE_FIELDS)
            case "counts":
                expected = set(events.COUNTS_FIELDS)
            case "registered":
                expected = set(events.REGISTERED_FIELDS)
            case "begin":
                more = {"scope", "file", "line", "alias", "transaction"}
                expected = {*events.BEGIN_FIELDS, *more} & set(line)
                assert expected >= set(events.BEGIN_FIELDS)
        assert set(line) == expected, line


@pytest.mark.parametrize("method", ["send", "send_robust", "asend", "asend_robust"])
def test_all_four_ways_to_send(site, method):
    if method.startswith("a") and django.VERSION < (5, 0):
        pytest.skip("Django 5.0 brought asend")
    call = f"article_published.{method}(sender=Article, article=article)"
    call = f"asyncio.run({call})" if method.startswith("a") else call
    trace = record(
        site,
        "import asyncio\nfrom blog.models import Article\n"
        "from blog.signals import article_published\n"
        'article = Article(title="A", content="no links")\n'
        f"print(len({call}))\n",
    )
    send = trace.span("send", signal="blog.signals.article_published")
    assert send["method"] == method
    assert len(send["receivers"]) == len(trace.children(send))
    assert "blog.receivers.check_links" in send["receivers"]
    if django.VERSION >= (5, 0):
        one = trace.span("receiver", receiver="blog.receivers.refresh_search_index")
        two = trace.span("receiver", receiver="blog.receivers.ping_subscribers")
        assert one["mode"] == two["mode"] == "async"
        assert two["time"] < one["time"] + one["duration_ns"]


def test_loaddata_is_raw(site):
    done = site.sigtrace("run", "--no-live", "manage.py", "loaddata", "articles")
    assert done.returncode == 0, done.stderr
    saves = site.trace().spans("save")
    assert saves
    assert {save["raw"] for save in saves} == {True}
    assert site.trace().lines("scope")[0]["name"] == "loaddata"


def test_what_a_migration_saves_is_historical(site):
    trace = record(
        site,
        "from django.db import connection\n"
        "from django.db.migrations.executor import MigrationExecutor\n"
        "from blog.models import Article, Tag\n"
        'apps = MigrationExecutor(connection).loader.project_state([("blog", "0001_initial")]).apps\n'
        'tag = apps.get_model("blog", "Tag").objects.create(name="then")\n'
        'tag.articles.add(apps.get_model("blog", "Article").objects.create(title="then"))\n'
        'Tag.objects.create(name="now").articles.add(Article.objects.create(title="now"))\n',
    )
    then, now = trace.spans("save", model="blog.Tag")
    assert (then["historical"], now["historical"]) == (True, False)
    assert [span["kind"] for span in trace.children(then)] == ["query"]
    then, now = trace.spans("m2m")
    assert (then["historical"], now["historical"]) == (True, False)
    assert then["through"] == now["through"] == "blog.Article_tags"


def test_recursion_is_recorded_to_its_end(site):
    untraced = site.manage("recurse")
    traced = site.sigtrace("run", "--no-live", "--quiet", "manage.py", "recurse", timeout=120)
    assert traced.returncode == untraced.returncode == 1
    assert traced.stderr == untraced.stderr
    trace = site.trace()
    begun = {line["id"] for line in trace.lines("begin", kind="receiver")}
    ended = {line["id"] for line in trace.lines("end", kind="receiver")}
    assert len(ended) > 20
    assert begun <= ended


def test_a_request_is_a_scope_named_by_its_route(site):
    trace = record(
        site,
        "from blog.models import Article\nfrom django.test import Client\n"
        "from django.test.utils import setup_test_environment\nsetup_test_environment()\n"
        'article = Article.objects.create(title="A", content="x")\n'
        'print(Client().post(f"/articles/{article.pk}/publish/").status_code)\n',
    )
    opened, closed = trace.lines("scope")
    assert opened["id"] == closed["id"]
    assert (closed["kind"], closed["name"]) == ("request", "POST articles/<int:pk>/publish/")
    assert (closed["closed"], closed["status"]) == (True, 200)
    send = trace.span("send", signal="blog.signals.article_published")
    assert send["scope"] == opened["id"]
    assert trace.spans("save", model="blog.Article")[0]["scope"] is None


def test_values_none_is_the_default_under_ci(site):
    script = site.script('from blog.models import Article\nArticle.objects.create(title="A")\n')
    site.sigtrace("run", "--no-live", script.name, env={"CI": "true"})
    trace = site.trace()
    slug = trace.span("receiver", receiver="blog.signals.generate_slug")
    assert slug["changes"] == {"slug": None}
    send = trace.span("send", signal=POST_SAVE)
    assert send["arguments"]["instance"] == "blog.Article"
    assert send["arguments"]["created"] is True
    assert send["arguments"]["using"] is None
    assert trace.run["values"] == "none"


@pytest.mark.postgresql
def test_the_demo_on_postgresql(postgresql_site):
    untraced = postgresql_site.manage("demo")
    traced = postgresql_site.sigtrace("run", "--no-live", "manage.py", "demo")
    assert (traced.returncode, traced.stdout) == (0, untraced.stdout)
    trace = postgresql_site.trace()
    assert {query["vendor"] for query in trace.spans("query")} == {"postgresql"}
    assert all(query["rows"] is not None for query in trace.spans("query", name="SELECT blog_tag"))
    assert "rolled back" in {span["outcome"] for span in trace.spans("transaction")}
