"""What a project asks to ignore, by glob and by comment, and what of that is for nothing."""

from __future__ import annotations

import pytest

from sigtrace.analysis.rules import RULES, Finding
from sigtrace.analysis.rules.ignores import Ignores, read_glob
from sigtrace.analysis.source import read_comment
from sigtrace.errors import SigtraceError

ANY = """
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.dispatch import receiver


@receiver(post_save){first}
@receiver(pre_save){second}
def hear(
    sender,
    **kwargs,
):{third}
    pass{fourth}
"""

AGREED = """# sigtrace baseline 1
settings=config.settings
django.contrib.auth.signals.user_logged_in * lib.models.count uid=lib.count package=Lib
django.db.models.signals.post_migrate * lib.models.fill package=Lib
django.db.models.signals.post_save * shop.receivers.hear
django.db.models.signals.pre_save * shop.receivers.hear
"""


def write(project, first="", second="", third="", fourth=""):
    text = ANY.format(first=first, second=second, third=third, fourth=fourth)
    (project.path / "shop/receivers.py").write_text(text)


def ids(found):
    return [one["id"].removeprefix("sigtrace.") for one in found]


@pytest.fixture
def noisy(small):
    """A project whose two findings are W008."""
    write(small)
    (small.path / "sigtrace.baseline").write_text(AGREED)
    return small


@pytest.mark.parametrize("where", ["first", "second", "third"])
@pytest.mark.parametrize("what", ["", "[W008]", "[W007, sigtrace.W008]"])
def test_a_comment_ignores_what_is_found_of_its_statement(noisy, findings, where, what):
    assert ids(findings(noisy)) == ["W008", "W008"]
    write(noisy, **{where: f"  # why not  # sigtrace: ignore{what}"})
    assert findings(noisy) == []


def test_a_comment_elsewhere_or_for_another_rule_ignores_nothing(noisy, findings):
    write(noisy, third="  # sigtrace: ignore[W007]", fourth="  # sigtrace: ignore")
    found = findings(noisy)
    assert ids(found) == ["W008", "W008", "W011", "W011"]
    assert [one["message"] for one in found[2:]] == [
        "# sigtrace: ignore[W007] ignores nothing",
        "# sigtrace: ignore ignores nothing",
    ]
    assert found[2]["file"] == "shop/receivers.py"
    assert found[3]["line"] == found[2]["line"] + 1


def test_empty_brackets_ignore_nothing(noisy, findings):
    write(noisy, third="  # sigtrace: ignore[]")
    found = findings(noisy)
    assert ids(found) == ["W008", "W008", "W011"]
    assert found[2]["message"] == "# sigtrace: ignore[] ignores nothing"
    assert found[2]["hint"] == "Name rules in its brackets, or remove it."


def test_an_unknown_rule_is_said(noisy, findings):
    write(noisy, first="  # sigtrace: ignore[W008, W999]")
    (found,) = findings(noisy)
    assert found["hint"] == "There is no rule W999."


def test_globs_ignore_by_rule_and_name(noisy, findings):
    pyproject = noisy.path / "pyproject.toml"
    pyproject.write_text('[tool.sigtrace]\nignore = ["W008:hear", "E001:nobody.*"]\n')
    (found,) = findings(noisy)
    assert found["message"] == "'E001:nobody.*' ignores nothing"
    assert found["details"] == [f"in ignore in [tool.sigtrace] of {pyproject}"]
    assert ids([found]) == ["W011"]
    assert findings(noisy, env={"SIGTRACE_IGNORE": "W00?:django.db.models.signals.*"}) == []
    assert findings(noisy, env={"SIGTRACE_IGNORE": "shop.*"}) == []


def test_what_is_ignored_is_not_agreed_to(small, findings):
    path = small.path / "shop/receivers.py"
    text = path.read_text().replace("def second", "def second  # ")
    path.write_text(text.replace("def second  # (", "def second("))
    before = (small.path / "sigtrace.baseline").read_text()
    ignore = {"SIGTRACE_IGNORE": "E001:shop.receivers.second"}
    done = small.sigtrace("check", "--update", env=ignore)
    assert "+0 −1" in done.stderr
    after = (small.path / "sigtrace.baseline").read_text()
    assert set(before.splitlines()) - set(after.splitlines()) == {
        "django.db.models.signals.pre_save shop.Item shop.receivers.second"
    }
    assert findings(small, env=ignore) == []
    assert ids(findings(small)) == ["E001"]


def test_a_comment_in_the_baseline_ignores_a_missing_receiver(small, findings):
    baseline = small.path / "sigtrace.baseline"
    gone = "django.db.models.signals.pre_save shop.Item shop.dev.hear"
    baseline.write_text(baseline.read_text() + f"{gone}  # sigtrace: ignore[E002] in dev only\n")
    assert findings(small) == []


@pytest.mark.parametrize(
    ("text", "rules", "names"),
    [
        ("W008", "W008", "*"),
        ("sigtrace.W008", "W008", "*"),
        ("W*", "W*", "*"),
        ("W008:a.b", "W008", "a.b"),
        ("blog.*", "*", "blog.*"),
        ("hear", "*", "hear"),
    ],
)
def test_what_an_item_means(text, rules, names):
    found = read_glob(text, "x")
    assert (found.rules, found.names) == (rules, names)


@pytest.mark.parametrize("text", ["W999:a", "audit:*", "W008:"])
def test_an_item_without_a_rule_is_refused(text):
    with pytest.raises(SigtraceError, match="names no rule") as error:
        read_glob(text, "ignore in pyproject.toml")
    assert "W008:audit.*" in error.value.hint


def test_an_ignore_of_unused_ignores_is_used():
    assert list(Ignores((read_glob("W011", "x"),)).unused()) == []


def test_every_ignore_that_matches_is_used():
    finding = Finding(RULES["W008"], "m", "h", "a.py", 3, subjects=("a.f",))
    comment = read_comment("a.py", 3, "# sigtrace: ignore")
    assert comment is not None
    ignores = Ignores((read_glob("W008", "x"), read_glob("a.*", "x")), (comment,))
    assert ignores(finding)
    assert list(ignores.unused()) == []
