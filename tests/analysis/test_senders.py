"""Of what sent a signal, what may be counted and exported."""

from __future__ import annotations

import pytest

from sigtrace.analysis.senders import sender_kind


@pytest.mark.parametrize(
    "sender",
    [
        "blog.Article",
        "shop.checkout.Session",
        "tests.test_x.<locals>.Odd",
        "<list 3>",
        "<QuerySet blog.Article>",
        "<django.contrib.auth.apps.AuthConfig>",
        "<str>",
        "true",
        "",
    ],
)
def test_a_name_stays(sender):
    assert sender_kind(sender) == sender


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("blog.Article pk=7", "blog.Article"),
        ("shop.Customer pk=782c82c6-1a2b", "shop.Customer"),
        ("shop.Customer pk=a\nb", "shop.Customer"),
        ("'bearer abc'", "<str>"),
        ("'blog.Article'", "<str>"),
        ("'x.Y pk=7'", "<str>"),
        ("7", "<number>"),
        ("-1.5e9", "<number>"),
        ("2024-01-31", "<value>"),
        ("782c82c6-5f3e-4a3b-9d0f-5b8d2c1e7f00", "<value>"),
        ("paid", "<value>"),
        ("user@example.com", "<value>"),
        ("<b>secret!</b>", "<value>"),
        ("***", "<value>"),
    ],
)
def test_a_value_is_told_by_its_kind(sender, kind):
    assert sender_kind(sender) == kind
