"""What is hidden by name, and what is left of a command line."""

from __future__ import annotations

import pytest

from sigtrace.privacy import filter_argv, hides, words
from sigtrace.probe.addresses import filter_address


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("password", ["password"]),
        ("password2", ["password"]),
        ("apiKey", ["api", "key"]),
        ("HTTPAuthToken2", ["http", "auth", "token"]),
        ("user-e_mail", ["user", "e", "mail"]),
        ("DB", ["db"]),
        ("", []),
        ("__", []),
    ],
)
def test_words(name: str, expected: list[str]) -> None:
    assert words(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "password1",
        "new_password",
        "PASSWORD",
        "passwd",
        "client_secret",
        "SECRET_KEY",
        "key",
        "api-key",
        "apikey",
        "apiKey",
        "authToken",
        "Authorization",
        "HTTP_COOKIE",
        "session_key",
        "sessionid",
        "session_id",
        "session",
        "otp",
        "card_number",
        "iban",
        "email",
        "phone",
        "csrfmiddlewaretoken",
        "private",
        "salt",
        "pass",
    ],
)
def test_hidden(name: str) -> None:
    assert hides(name)


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "authored_by",
        "keyword",
        "monkey",
        "title",
        "slug",
        "pinned",
        "cardinality",
        "session_title",
        "compass",
        "passing",
        "tokenizer",
        "secretary",
        "using",
        "update_fields",
        "",
    ],
)
def test_shown(name: str) -> None:
    assert not hides(name)


def test_a_project_hides_and_shows_more() -> None:
    assert hides("base_salary", redact=("salary",))
    assert hides("internal_notes", redact=("internal_*",))
    assert not hides("key", show=("key",))
    assert hides("api_key", show=("key",)), "showing one name shows no other"
    assert not hides("api_key", show=("*_KEY",))
    assert hides("api_key", redact=("api_key",), show=("api_key",)), "redact wins"


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["manage.py", "shell", "-v", "2"], ["manage.py", "shell", "-v", "2"]),
        (["x", "--api-key=abc"], ["x", "--api-key=***"]),
        (["x", "--password", "abc", "y"], ["x", "--password", "***", "y"]),
        (["x", "--password", "-aVeryLong1", "y"], ["x", "--password", "***", "y"]),
        (["x", "--password", "--other", "y"], ["x", "--password", "--other", "y"]),
        (["x", "--no-auth", "tests"], ["x", "--no-auth", "tests"]),
        (["env", "SECRET_KEY=abc", "DEBUG=1"], ["env", "SECRET_KEY=***", "DEBUG=1"]),
        (["x", "postgres://bob:s3/cret@db/x"], ["x", "postgres://bob:***@db/x"]),
        (["x", "postgres://bob:s3cret@db:5432/x"], ["x", "postgres://bob:***@db:5432/x"]),
        (["x", "--dsn=https://abc@host/1"], ["x", "--dsn=***"]),
        (["x", "https://abc@host/1?token=q"], ["x", "https://***@host/1?token=***"]),
        (["x", "http://localhost:8000/@me"], ["x", "http://localhost:8000/@me"]),
        (["x", "a=b", "http://h/?a=1&token=q"], ["x", "a=b", "http://h/?a=1&token=***"]),
        (["-H", "Authorization: Bearer abc"], ["-H", "Authorization: ***"]),
        (["-H", "Authorization:abc"], ["-H", "Authorization:***"]),
        (["--data", '{"a": 1, "password":"x"}'], ["--data", '{"a": 1, "password":"***']),
        (["psql", "host=db password=x"], ["psql", "host=db password=***"]),
        (["-c", "print(1)"], ["-c", "<code>"]),
        (["-c", "pass", "a"], ["-c", "<code>", "a"]),
        (["python3.11", "-Ic", "pass"], ["python3.11", "-Ic", "<code>"]),
        (["python", "-cprint(1)"], ["python", "-c<code>"]),
        (["manage.py", "shell", "-c", "x"], ["manage.py", "shell", "-c", "<code>"]),
        (["manage.py", "shell", "--command=a()"], ["manage.py", "shell", "--command=<code>"]),
        (["gunicorn", "-c", "conf.py", "a.wsgi"], ["gunicorn", "-c", "conf.py", "a.wsgi"]),
        (["celery", "worker", "-c", "2"], ["celery", "worker", "-c", "2"]),
        (["pytest", "tests/test_auth.py::TestToken::test_key"], None),
        (["uvicorn", "config.auth:application"], None),
        (["test", "--settings=config.auth.settings"], None),
        ([], []),
    ],
)
def test_filter_argv(argv: list[str], expected: list[str] | None) -> None:
    assert filter_argv(argv) == (argv if expected is None else expected)


def test_filter_argv_by_the_projects_own_words() -> None:
    assert filter_argv(["x", "--salary=1"], redact=("salary",)) == ["x", "--salary=***"]
    assert filter_argv(["x", "--email=a"], show=("email",)) == ["x", "--email=a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/reset/MQ/c5k3xz-0f3a5b7c9d1e2f4a6b8c0d2e4f6a8b0c/", "/reset/MQ/***/"),
        ("see https://me:pw@h/a?token=x", "see https://me:***@h/a?token=***"),
        ("https://h/?sid=1&x=abcdefgh12345678", "https://h/?sid=***"),
        ("https://h/?x=abcdefgh12345678#y", "https://h/?x=***#y"),
        ("/media/holiday-2024-08-pictures-in-rome.jpg", None),
        ("2024/07/01 at 10:30", None),
        ("/articles/12345678901234567890/", None),
        ("abcdefgh1234567890 without a slash", None),
        ("a/b", None),
        ("", None),
    ],
)
def test_filter_address(text: str, expected: str | None) -> None:
    assert filter_address(text) == (text if expected is None else expected)
