"""Large packages from PyPI; only where SIGTRACE_TEST_PACKAGES=1: it downloads for minutes."""

from __future__ import annotations

import json
import os
import venv

import pytest

from tests.projects import make_project
from tests.support import run_process

pytestmark = pytest.mark.skipif(
    os.environ.get("SIGTRACE_TEST_PACKAGES") != "1", reason="SIGTRACE_TEST_PACKAGES is not 1"
)

WAGTAIL = [
    *(
        f"wagtail.contrib.{name}"
        for name in ("forms", "redirects", "search_promotions", "settings", "frontend_cache")
    ),
    *(
        f"wagtail.{name}"
        for name in "embeds sites users snippets documents images search admin locales".split()
    ),
    "wagtail",
    "modelcluster",
    "taggit",
    *(
        f"django.contrib.{name}"
        for name in "admin auth contenttypes sessions messages staticfiles".split()
    ),
]
SETTINGS = """
STATIC_URL = "/static/"
WAGTAIL_SITE_NAME = "x"
WAGTAILADMIN_BASE_URL = "http://localhost"
"""


def install(path, *requirements):
    venv.create(path, with_pip=True)
    python = path / "bin" / "python"
    done = run_process(python, "-m", "pip", "install", "-q", *requirements, cwd=path, timeout=600)
    assert done.returncode == 0, done.stderr
    return str(python)


@pytest.mark.parametrize("older_first", [True, False], ids=["upgrade", "downgrade"])
def test_another_version_of_wagtail_reads_as_a_list(tmp_path, older_first):
    pythons = [
        install(tmp_path / version, f"wagtail=={version}", "Django~=4.2.0")
        for version in ("5.2", "7.0")
    ]
    if not older_first:
        pythons.reverse()
    project = make_project(tmp_path / "project", {}, WAGTAIL, SETTINGS)
    done = project.sigtrace("check", "--update", "--python", pythons[0], timeout=120)
    assert done.returncode == 0, done.stderr
    assert project.sigtrace("check", "--python", pythons[0]).returncode == 0
    done = project.sigtrace("check", "--python", pythons[1], "--format", "json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert {one["id"] for one in found} == {"sigtrace.E012"}
    version = "7.0" if older_first else "5.2"
    assert all(one["message"].startswith(f"wagtail {version}: ") for one in found)
    embeds = [one for one in found if "clear_embed_caches" in one["message"]]
    assert [one["level"] for one in embeds] == ["error" if older_first else "warning"]
    assert project.sigtrace("check", "--update", "--python", pythons[1]).returncode == 0
    assert project.sigtrace("check", "--python", pythons[1]).returncode == 0


OSCAR = """
from oscar.defaults import *

INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
    "django.contrib.sites", "django.contrib.flatpages", "oscar.config.Shop",
    "oscar.apps.analytics.apps.AnalyticsConfig", "oscar.apps.checkout.apps.CheckoutConfig",
    "oscar.apps.address.apps.AddressConfig", "oscar.apps.shipping.apps.ShippingConfig",
    "oscar.apps.catalogue.apps.CatalogueConfig",
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.communication.apps.CommunicationConfig",
    "oscar.apps.partner.apps.PartnerConfig", "oscar.apps.basket.apps.BasketConfig",
    "oscar.apps.payment.apps.PaymentConfig", "oscar.apps.offer.apps.OfferConfig",
    "oscar.apps.order.apps.OrderConfig", "oscar.apps.customer.apps.CustomerConfig",
    "oscar.apps.search.apps.SearchConfig", "oscar.apps.voucher.apps.VoucherConfig",
    "oscar.apps.wishlists.apps.WishlistsConfig", "oscar.apps.dashboard.apps.DashboardConfig",
    *(
        f"oscar.apps.dashboard.{name}.apps.{name.capitalize()}DashboardConfig"
        for name in (
            "reports users orders catalogue offers partners pages ranges reviews vouchers"
            " communications shipping"
        ).split()
    ),
    "widget_tweaks", "haystack", "treebeard", "django_tables2",
]
SITE_ID = 1
STATIC_URL = "/static/"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
"""


def test_oscar_is_agreed_to_and_has_no_findings_of_its_own(tmp_path):
    python = install(tmp_path / "oscar", "django-oscar==4.0", "Django~=4.2.0", "setuptools")
    project = make_project(tmp_path / "project", {}, (), OSCAR)
    done = project.sigtrace("check", "--update", "--python", python, timeout=120)
    assert done.returncode == 0, done.stderr
    baseline = (project.path / "sigtrace.baseline").read_text("utf-8")
    assert "oscar.apps.search.signals.user_search" in baseline
    assert "package=django-oscar" in baseline
    assert "?" not in baseline
    done = project.sigtrace("check", "--python", python, "--format", "json")
    assert done.returncode == 0, done.stdout
    assert {one["level"] for one in json.loads(done.stdout)["findings"]} <= {"warning"}
