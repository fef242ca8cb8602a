"""Runs tests that are written into a copy of the sample site."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support import Finished, Site

HEADER = """
import asyncio, threading, urllib.request
import pytest
import sigtrace
from asgiref.sync import sync_to_async
from blog.models import Article, Comment, Draft, Tag
from blog.signals import article_published, generate_slug
from django.db import transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal, receiver
from django.test import LiveServerTestCase, TestCase, TransactionTestCase, override_settings
from sigtrace.testing import SignalTestMixin
"""

PYTEST = "-m pytest -p no:cacheprovider -o python_files=tests*.py --ds config.settings".split()


@dataclass(frozen=True)
class TestedSite:
    """A site with `blog/tests_more.py`; both ways to run that take more options."""

    site: Site

    __test__ = False

    def write(self, source: str) -> None:
        (self.site.path / "blog" / "tests_more.py").write_text(HEADER + source, "utf-8")

    def django(self, *options: str) -> Finished:
        return self.site.manage("test", "-p", "tests_more.py", *options)

    def pytest(self, *options: str, path: str = "blog/tests_more.py") -> Finished:
        return self.site.run(sys.executable, *PYTEST, *options, *([path] if path else []))
