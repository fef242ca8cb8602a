"""`sigtrace report` as a command."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from sigtrace.cli.main import group
from tests.factories import article_save, begin, counts, end, process, write


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "manage.py").touch()
    run = tmp_path / ".sigtrace" / "20260101T000000Z-1-abc"
    write(run / "4242.jsonl", process(), *article_save())
    (run / "run.json").write_text('{"schema":1,"argv":["manage.py","demo"],"started":1}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(*args, **options):
    return CliRunner().invoke(group, ["report", *map(str, args)], **options)


def test_the_newest_run_by_default(project):
    done = report()
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("20260101T000000Z-1-abc · manage.py demo")
    assert done.stdout.endswith("Next: sigtrace report --tree   (every chain)\n")
    assert done.stderr == ""


def test_the_next_command_names_the_run_that_was_named(project):
    assert (
        "sigtrace report 20260101T000000Z-1-abc --tree" in report("20260101T000000Z-1-abc").stdout
    )


def test_tree_with_display_options(project):
    done = report("--tree", "--receiver", "generate_slug", "--args")
    assert "generate_slug" in done.stdout
    assert "raw=False" in done.stdout
    assert "notify" not in done.stdout


def test_each_chain_says_whose_it_is_where_several_processes_had_any(project):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    write(run / "7.jsonl", process("7"), counts())
    assert "pid" not in report("--tree").stdout
    write(run / "8.jsonl", process("8"), *article_save("8", at=50), begin("save", "8-99", at=90))
    first, *_, last = [line for line in report("--tree").stdout.splitlines() if "pid" in line]
    assert (first.strip(), last.strip()) == ("▸ pid 4242", "▸ pid 8")
    assert report("--tree", "--unfinished").stdout.startswith("▸ pid 8\n")


def test_an_empty_tree_says_how_to_see_more(project, capfd):
    done = report("--tree", "--sender", "nobody")
    assert (done.exit_code, done.stdout) == (0, "")
    said = capfd.readouterr().err
    assert said == "sigtrace: no chain to draw: nothing that --sender nobody names was recorded\n"


def test_a_callback_is_no_receiver_and_named_by_another_option(project, capfd):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    callback = end("on_commit", "4242-90", name="blog.signals.later")
    write(run / "4242.jsonl", process(), *article_save(), callback)
    for glob in ("later", "blog.signals.later"):
        assert report("--tree", "--receiver", glob).stdout == ""
        said = f"no chain to draw: {glob} is a callback; --around {glob} draws where it ran\n"
        assert capfd.readouterr().err == f"sigtrace: {said}"
        assert "later" in report("--tree", "--around", glob).stdout


def test_a_misspelt_name_is_said_with_those_that_are_like_it(project, capfd):
    for options in ([], ["--all"]):
        report("--tree", "--around", "generate_slgu", *options)
        said = capfd.readouterr().err
        assert "nothing that --around generate_slgu names was recorded" in said
        assert "did you mean generate_slug?" in said
    report("--tree", "--root", "blog.Artcle")
    assert "did you mean blog.Article?" in capfd.readouterr().err
    report("--tree", "--signal", "pre_sav")
    assert "did you mean pre_save or post_save?" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--root", "4242-999"], ": nothing that --root 4242-999 names was recorded"),
        (["--errors"], ": there is no exception in any"),
        (["--errors", "--all"], ": there is no exception in any"),
        (["--unfinished"], ": all have ended"),
        (["--min-ms", "9999"], "; --min-ms 9999 hides what took less"),
        (["--root", "search.Log"], "; --all shows what is hidden"),
        (["--root", "Log"], "; --all shows what is hidden"),
        (["--root", "4242-90"], "; --all shows what is hidden"),
        # Both there are, but not together.
        (["--root", "search.Log", "--around", "generate_slug"], ""),
    ],
    ids=str,
)
def test_an_empty_tree_says_why(project, capfd, options, said):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    silent = end("save", "4242-90", ms=500, name="Log.save()", model="search.Log")
    write(run / "4242.jsonl", process(), *article_save(), silent)
    assert report("--tree", *options).stdout == ""
    assert capfd.readouterr().err == f"sigtrace: no chain to draw{said}\n"


@pytest.mark.parametrize(
    ("sender", "globs"),
    [
        ("int 3", ["<int>", "int", "int 3", "<i*"]),
        ("'web'", ["<str>", "str", "'web'"]),
        ("<str>", ["<str>", "str"]),
        ("blog.Article pk=7", ["<blog.Article>", "blog.Article", "Article"]),
    ],
)
def test_a_sender_that_is_a_value_goes_by_its_type_as_the_report_says_it(project, sender, globs):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    sent = end("send", "4242-2", signal="a.sent", name="sent", sender=sender)
    write(run / "4242.jsonl", process(), end("receiver", "4242-3", "4242-2"), sent)
    for glob in globs:
        for option in ("--sender", "--root"):
            assert "sent" in report("--tree", option, glob).stdout
    assert report("--tree", "--sender", "<bool>").stdout == ""


def test_the_slowest_chain_is_one_that_is_drawn(project):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    silent = [end("save", "4242-90", ms=500, name="Log.save()")]
    write(run / "4242.jsonl", process(), *article_save(), *silent)
    assert "Article.save()" in report("--tree", "--slowest", "1").stdout
    assert "Log.save()" in report("--tree", "--slowest", "1", "--all").stdout


@pytest.mark.parametrize("options", [[], ["--root", "blog.Article"], ["--slowest", "9"]], ids=str)
def test_a_block_of_another_database_is_around_nothing_that_is_drawn(project, options):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    for alias, times in (("other", 0), ("default", 2)):
        block: dict[str, Any] = {"alias": alias, "transaction": None}
        write(
            run / "4242.jsonl",
            process(),
            begin("transaction", "4242-90", **block),
            *article_save(transaction="4242-90"),
            *article_save(first=20, at=20, transaction="4242-90"),
            end("transaction", "4242-90", ms=99, outcome="rolled back", **block),
        )
        drawn = report("--tree", "--no-fold", *options).stdout
        assert drawn.count("⎇ atomic") == times
        assert ("↺ 2 chains rolled back" in drawn) is (times == 2)


def test_json_and_markdown(project):
    assert json.loads(report("--format", "json").stdout)["totals"]["chains"] == 1
    assert report("--format", "markdown").stdout.startswith("## sigtrace: `manage.py demo`")


def test_tree_goes_with_text_only(project):
    done = report("--tree", "--format", "json")
    assert done.exit_code == 2
    assert "--tree" in done.stderr


def test_output_is_written_whole_or_not_at_all(project):
    file = project / "out.txt"
    file.write_text("old")
    assert report("--output", file).stdout == ""
    assert file.read_text().startswith("20260101")
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()
    file.write_text("old")
    assert report("missing", "--output", file).exit_code == 2
    assert file.read_text() == "old"
    assert [path.name for path in project.iterdir() if path.name.startswith(".out")] == []


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_output_that_cannot_be_written_is_said(project, capfd):
    assert report("--output", project / "no" / "out.txt").exit_code == 2
    assert "could not be written: No such file or directory" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (None, "no recorded run"),
        ([], "Django was not imported"),
        ([process(schema=99)], "newer sigtrace"),
    ],
    ids=["no run", "empty run", "newer schema"],
)
def test_what_cannot_be_reported_is_said(tmp_path, monkeypatch, capfd, events, said):
    (tmp_path / "manage.py").touch()
    monkeypatch.chdir(tmp_path)
    if events is not None:
        write(tmp_path / ".sigtrace" / "run" / "4242.jsonl", *events)
    assert report().exit_code == 2
    sentence, hint = capfd.readouterr().err.splitlines()
    assert said in sentence
    assert hint.strip()


def test_a_killed_receiver_is_unfinished(project):
    write(
        project / ".sigtrace" / "20260101T000000Z-1-abc" / "4242.jsonl",
        process(),
        begin("save", "4242-1"),
        begin("send", "4242-2", "4242-1"),
        begin("receiver", "4242-3", "4242-2", file="blog/signals.py", line=24),
        cut='{"event":"e',
    )
    (line,) = [line for line in report("--tree").stdout.splitlines() if "notify" in line]
    assert line.endswith("unfinished")


def test_damage_is_said_beside_a_tree(project, capfd):
    write(project / "1.jsonl", process("1"), {"event": "end"}, *article_save("1"))
    assert report("--tree", project / "1.jsonl").exit_code == 0
    assert "1 line could not be read: 1.jsonl" in capfd.readouterr().err


def test_a_pipe_that_closes_early_is_no_failure(project):
    events = [
        event
        for number in range(1, 9000, 3)
        for event in (
            end("receiver", f"1-{number + 2}", f"1-{number + 1}"),
            end("send", f"1-{number + 1}"),
        )
    ]
    file = write(project / "1.jsonl", process("1"), *events)
    command = [sys.executable, "-m", "sigtrace", "report", "--tree", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        assert started.stdout.readline().startswith(b"\xe2\x97\x8f post_save")
        started.stdout.close()
        error = started.stderr.read()
    assert (started.returncode, error) == (0, b"")


def test_help_needs_no_rich():
    code = "import sys; from sigtrace.cli import report; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_chains_are_chosen_by_options(project):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    failing = [
        end("query", "1-32", "1-31", exception="E"),
        end("save", "1-31", name="Tag.save()", exception="E", ms=3),
    ]
    write(
        run / "4242.jsonl",
        process(),
        *article_save(),
        *failing,
        begin("save", "1-41", name="Draft.save()"),
    )

    def roots(*options):
        shown = report("--tree", "--all", *options).stdout.splitlines()
        return [line.split()[1] for line in shown if line.startswith("●")]

    assert roots() == ["Article.save()", "Tag.save()", "Draft.save()"]
    assert roots("--root", "Tag.*") == ["Tag.save()"]
    assert roots("--root", "4242-3") == ["Article.save()"]
    assert roots("--errors") == ["Tag.save()"]
    assert roots("--unfinished") == ["Draft.save()"]
    assert roots("--around", "generate_slug") == ["Article.save()"]
    assert roots("--slowest", "2") == ["Article.save()", "Tag.save()"]


def test_what_looks_alike_is_drawn_each_time_if_asked(project):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    write(
        run / "4242.jsonl",
        process(),
        *(line for n in range(4) for line in article_save(first=1 + 20 * n)),
    )
    assert report("--tree").stdout.count("● Article.save()") == 1
    assert report("--tree", "--no-fold").stdout.count("● Article.save()") == 4
    assert report("--tree", "--slowest", "3").stdout.count("● Article.save()") == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--slowest", "3"], "--slowest is about how chains are drawn: add --tree"),
        (["--no-fold"], "add --tree"),
        (["--root", "x"], "--root chooses chains: add --tree"),
        (["--slowest", "3", "--format", "otlp"], "add --tree"),
        (["--tree", "--fail-on", "R001"], "--fail-on is about findings"),
        (["--format", "otlp", "--fail-on", "R001"], "--format otlp shows none"),
        (["--tree", "--slow-ms", "3"], "--slow-ms is about findings; --tree shows none"),
        (["--values", "all"], "add --format perfetto, otlp or mermaid"),
        (["--fail-on", "R001,R999"], "'R999' names no finding. There are: R001 fired more"),
        (["--fail-on", ","], "names no finding"),
        (["--fail-under", "90"], "--fail-under is about signal coverage: add --coverage"),
        (["--coverage", "--tree"], "--coverage is a report of its own"),
        (["--coverage", "--fail-on", "R001"], "it does not go with --fail-on"),
        (["--coverage", "--format", "otlp"], "written as text, json, markdown, not as otlp"),
        (["--coverage", "--slow-ms", "3"], "--coverage shows none"),
        (["--coverage", "--fail-under", "101"], "101.0 is not in the range 0<=x<=100"),
    ],
)
def test_options_that_do_not_go_together_are_said(project, options, said):
    done = report(*options)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize("field", ["sender", "file", "line", "origin", "connected_at"])
@pytest.mark.parametrize("command", ["report", "report --coverage"])
def test_what_is_strange_in_the_list_of_receivers_is_passed_over(project, command, field):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    known = {"receiver": "blog.signals.slug", "sender": "blog.Article", "file": "a.py", "line": 1}
    known |= {"origin": "own", "connected_at": {"file": "a.py", "line": 2}}
    for strange in (42, ["x"], {"file": ["x"]}):
        registry = {"signals": [{"signal": "s", "receivers": [known, known | {field: strange}]}]}
        (run / "receivers.json").write_text(json.dumps(registry))
        done = CliRunner().invoke(group, command.split())
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("command", "field", "value", "kind"),
    [
        ("report", "sender", ["x"], "a text"),
        ("report", "dropped", "x", "a whole number"),
        ("report --tree", "exception", 4, "a text"),
        ("report --format markdown", "sender", {}, "a text"),
        ("diff run", "unheard", 42, "an object"),
    ],
)
def test_a_line_that_nobody_writes_is_named(project, capfd, command, field, value, kind):
    path = project / ".sigtrace" / "run" / "4242.jsonl"
    lines = [process(), *article_save(), counts()]
    write(path, *[line | {field: value} if field in line else line for line in lines])
    done = CliRunner().invoke(group, [*command.split(), "run"])
    assert (done.exit_code, done.stdout) == (2, "")
    told = capfd.readouterr().err
    assert f"sigtrace: {path}: {field} of " in told
    assert f" is {value!r}, and should be {kind}.\n  Remove that line, or record" in told


def test_what_could_not_be_read_is_no_pass(project, capfd):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    assert report("--fail-on", "R006").exit_code == 0
    write(run / "4242.jsonl", process(), *article_save(), counts(dropped=3))
    assert report("--fail-on", "R006").exit_code == 2
    assert "3 spans were not written" in capfd.readouterr().err
    write(run / "4242.jsonl", process(), *article_save(), {"event": "end"})
    assert report("--fail-on", "R006").exit_code == 2
    assert "lines could not be read: 4242.jsonl" in capfd.readouterr().err
    assert report("--fail-on", "R011").exit_code == 2
    capfd.readouterr()
    loops = [{**line, "parent": line["id"]} for line in article_save()]
    write(run / "4242.jsonl", process(), *loops)
    assert report("--fail-on", "R009").exit_code == 2
    assert "no line of the trace begins a chain" in capfd.readouterr().err
    write(run / "4242.jsonl", process(), end("query", "4242-1", "4242-9"), counts(queries=3))
    assert report("--fail-on", "R009").exit_code == 2
    capfd.readouterr()
    write(run / "4242.jsonl", process(), counts(queries=3))
    assert report("--fail-on", "R009").exit_code == 0
    write(run / "4242.jsonl", process(), *article_save(), begin("save", "4242-99"))
    assert report("--fail-on", "R006").exit_code == 2
    assert report(run.name, "--fail-on", "R006").exit_code == 2
    said = capfd.readouterr().err
    assert "chains never ended" in said
    assert f"See which: sigtrace report {run.name} --tree --unfinished" in said


def test_who_was_never_called_is_not_said_of_a_part_of_a_run(project, capfd):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    known = {"receiver": "blog.late", "origin": "own", "sender": "blog.Article"}
    signals = [{"signal": "django.db.models.signals.post_delete", "receivers": [known]}]
    (run / "receivers.json").write_text(json.dumps({"signals": signals}))
    assert report("--fail-on", "R011").exit_code == 1
    assert "called 0 of 1 connected receivers" in report().stdout
    with (run / "4242.jsonl").open("rb") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        assert report("--fail-on", "R011").exit_code == 2
        said = report().stdout
        assert "called at least 0 of 1 connected receivers" in said
        assert f"who was never called cannot be told: {run.name} is still going on" in said
        assert "sigtrace.R011" not in said
    assert "sigtrace.R011" in report().stdout
    for last, why in (
        (counts(dropped=3), "3 spans not written"),
        ({"event": "end"}, "1 line not read"),
        (begin("save", "4242-99"), "1 span not ended"),
    ):
        write(run / "4242.jsonl", process(), *article_save(), last)
        said = report().stdout
        assert "called at least 0 of 1 connected receivers" in said
        assert f"who was never called cannot be told: {why}" in said
        assert "sigtrace.R011" not in said
        assert why in report("--format", "markdown").stdout
        assert json.loads(report("--format", "json").stdout)["missing"] == [why]
        assert report("--fail-on", "R011").exit_code == 2
    write(run / "4242.jsonl", process(), *article_save())
    (run / "run.json").write_text(json.dumps({"schema": 1, "exit_status": 137, "signal": 9}))
    capfd.readouterr()
    assert report("--fail-on", "R011").exit_code == 2
    assert "nothing can be said of R011: ended by signal 9" in capfd.readouterr().err


def test_who_was_never_called_is_not_said_of_signals_that_the_project_sends_out_of_sight(project):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    known = {"receiver": "blog.late", "origin": "own", "sender": "blog.Article"}
    paths = ("django.db.models.signals.post_delete", "blog.signals.bus")
    signals = [{"signal": path, "receivers": [known]} for path in paths]
    (run / "receivers.json").write_text(json.dumps({"signals": signals}))
    last = counts(unseen={"blog.signals.bus": 2})
    write(run / "4242.jsonl", process(), *article_save(), last)
    said = report().stdout
    assert "late was connected to post_delete of blog.Article" in said
    assert "late was connected to bus" not in said
    assert "called at least 0 of 2 connected receivers" in said
    assert "whom code of the project's own has called cannot be seen: bus" in said
    markdown = report("--format", "markdown").stdout
    assert "whom code of the project's own has called cannot be seen: `bus`" in markdown
    assert json.loads(report("--format", "json").stdout)["unseen"] == {"blog.signals.bus": 2}


def test_a_run_that_goes_on_says_so_and_is_no_pass(project, capfd):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    said = f"sigtrace: {run.name} is still going on"
    with (run / "4242.jsonl").open("rb") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        for options in ([], ["--tree"], ["--format", "otlp"]):
            assert report(*options).exit_code == 0
            assert capfd.readouterr().err.startswith(said)
        assert report("--fail-on", "R006").exit_code == 2
        done = CliRunner().invoke(group, ["diff", run.name, run.name, "--fail-on", "new-edge"])
        assert done.exit_code == 2
    assert report("--fail-on", "R006").exit_code == 0


def test_too_little_coverage_is_a_failure(project, capfd):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    assert report("--coverage").exit_code == 2
    assert "receivers.json is missing" in capfd.readouterr().err
    names = ("blog.signals.notify_about_article", "blog.signals.never")
    place = {"origin": "own", "file": "blog/signals.py", "line": 24}
    receivers = [{"receiver": name, **place} for name in names]
    known = {"signal": "django.db.models.signals.post_save", "receivers": receivers}
    (run / "receivers.json").write_text(json.dumps({"signals": [known]}))
    assert "50.0 % · 1 of 2 own receivers" in report("--coverage").stdout
    assert report("--coverage", "--fail-under", "50").exit_code == 0
    assert report("--coverage", "--fail-under", "50.1").exit_code == 1
    assert "is 50.0 %, which is less than 50.1 %" in capfd.readouterr().err
    with (run / "4242.jsonl").open("rb") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        assert report("--coverage", "--fail-under", "50.1").exit_code == 2
        assert "calls may be missing: 20260101T000000Z-1-abc is still" in capfd.readouterr().err
    write(run / "4242.jsonl", process(), *article_save(), counts(dropped=3))
    assert report("--coverage", "--fail-under", "60").exit_code == 2
    assert "calls may be missing: 3 spans" in capfd.readouterr().err
    assert report("--coverage", "--format", "markdown").stdout.startswith("## sigtrace: signal cov")


def test_annotations_for_github(project, monkeypatch):
    run = project / ".sigtrace" / "20260101T000000Z-1-abc"
    name: dict[str, Any] = {
        "name": "a.b",
        "receiver": "a.b",
        "file": "shop/a,b.py",
        "line": 3,
        "exception": "E",
    }
    elsewhere = {**name, "file": "/usr/lib/x.py", "exception": "F"}
    write(
        run / "4242.jsonl",
        process(),
        end("receiver", "1-2", "1-1", **name),
        end("receiver", "1-3", "1-1", **elsewhere),
        end("send", "1-1"),
    )
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    lines = report("--format", "github").stdout.splitlines()
    title = "title=sigtrace.R006 error in a receiver"
    next_ = "%0Asigtrace report --tree --errors --around a.b"
    place = f"file={project.name}/shop/a%2Cb.py,line=3"
    assert {line for line in lines if line.startswith("::error")} == {
        f"::error {title},{place}::b raised E once{next_}",
        f"::error {title}::b raised F once{next_}",
    }


@pytest.mark.parametrize("format_", ["perfetto", "otlp", "mermaid"])
def test_exports_are_written_whole_to_a_file(project, format_):
    file = project / "out"
    assert report("--format", format_, "--output", file).stdout == ""
    assert file.read_text() == report("--format", format_).stdout
    assert "my-first-article" not in file.read_text()


def test_an_export_holds_the_chains_that_were_asked_for(project):
    assert report("--format", "otlp").stdout.count("\n") == 1
    assert report("--format", "otlp", "--root", "blog.Tag").stdout == ""
    assert report("--format", "otlp", "--receiver", "generate_slug").stdout.count("\n") == 1
    assert report("--format", "mermaid", "--around", "nothing").stdout == "flowchart LR\n"
