"""Projects of packages from PyPI that connect many receivers, in an environment of their own.

For tests that are asked for: SIGTRACE_TEST_PEERS=1 (they download some 60 packages).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import django
import pytest

from tests.projects import Project, make_project
from tests.support import run_process

if TYPE_CHECKING:
    from pathlib import Path

ASKED_FOR = "SIGTRACE_TEST_PEERS"

requested = pytest.mark.skipif(
    os.environ.get(ASKED_FOR) != "1", reason=f"downloads packages: {ASKED_FOR}=1 asks for it"
)

TEMPLATES = """
STATIC_URL = "/static/"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
"""

CONTRIB = tuple(
    f"django.contrib.{name}"
    for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
)

WAGTAIL = (
    *("home", "wagtail.contrib.forms", "wagtail.contrib.redirects", "wagtail.contrib.settings"),
    *("wagtail.embeds", "wagtail.sites", "wagtail.users", "wagtail.snippets", "wagtail.documents"),
    *("wagtail.images", "wagtail.search", "wagtail.admin", "wagtail", "modelcluster", "taggit"),
    *CONTRIB,
)

OSCAR = """
from oscar.defaults import *

INSTALLED_APPS = [
    *{contrib!r},
    "django.contrib.sites",
    "django.contrib.flatpages",
    "oscar.config.Shop",
    *(
        f"oscar.apps.{{path}}.apps.{{name}}Config"
        for path, name in (
            ("analytics", "Analytics"),
            ("checkout", "Checkout"),
            ("address", "Address"),
            ("shipping", "Shipping"),
            ("catalogue", "Catalogue"),
            ("catalogue.reviews", "CatalogueReviews"),
            ("communication", "Communication"),
            ("partner", "Partner"),
            ("basket", "Basket"),
            ("payment", "Payment"),
            ("offer", "Offer"),
            ("order", "Order"),
            ("customer", "Customer"),
            ("search", "Search"),
            ("voucher", "Voucher"),
            ("wishlists", "Wishlists"),
            ("dashboard", "Dashboard"),
            ("dashboard.reports", "ReportsDashboard"),
            ("dashboard.users", "UsersDashboard"),
            ("dashboard.orders", "OrdersDashboard"),
            ("dashboard.catalogue", "CatalogueDashboard"),
            ("dashboard.offers", "OffersDashboard"),
            ("dashboard.partners", "PartnersDashboard"),
            ("dashboard.pages", "PagesDashboard"),
            ("dashboard.ranges", "RangesDashboard"),
            ("dashboard.reviews", "ReviewsDashboard"),
            ("dashboard.vouchers", "VouchersDashboard"),
            ("dashboard.communications", "CommunicationsDashboard"),
            ("dashboard.shipping", "ShippingDashboard"),
        )
    ),
    "widget_tweaks",
    "haystack",
    "treebeard",
    "sorl.thumbnail",
    "django_tables2",
]
HAYSTACK_CONNECTIONS = {{"default": {{"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}}}
SITE_ID = 1
"""


def environment(path: Path, *requirements: str) -> Path:
    """Make an environment with these packages and the Django that runs here; its interpreter."""
    python = path / "bin" / "python"
    pinned = f"Django=={django.get_version()}"
    commands: tuple[tuple[str | Path, ...], ...] = (
        (sys.executable, "-m", "venv", path),
        (python, "-m", "pip", "install", "-q", pinned, *requirements),
    )
    for command in commands:
        done = run_process(*command, cwd=path.parent, timeout=900)
        assert done.returncode == 0, done.stderr
    return python


def wagtail(path: Path) -> Project:
    """A project with a page of its own and all that wagtail installs."""
    files = {"home/models.py": "from wagtail.models import Page\n\nclass HomePage(Page): ...\n"}
    return make_project(path, files, WAGTAIL, f'{TEMPLATES}WAGTAILADMIN_BASE_URL = "http://x"\n')


def oscar(path: Path) -> Project:
    """A project that has the shop's apps as they are."""
    settings = OSCAR.format(contrib=CONTRIB) + TEMPLATES
    return make_project(path, {}, (), settings)
