"""A project with three receivers of its own and two of a package, to be changed by tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.projects import Project, make_project

if TYPE_CHECKING:
    from pathlib import Path

APPS = ("django.contrib.contenttypes", "django.contrib.auth", "lib", "shop")

RECEIVERS = """
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from shop.models import Item


@receiver(pre_save, sender=Item)
def first(sender, **kwargs):
    pass


@receiver(pre_save, sender=Item)
def second(sender, **kwargs):
    pass


@receiver(post_save, sender=Item, dispatch_uid="shop.index")
def index(sender, **kwargs):
    pass
"""
THIRD = """

@receiver(pre_save, sender=Item)
def third(sender, **kwargs):
    pass
"""

FILES = {
    "shop/models.py": """
    from django.db import models


    class Item(models.Model):
        pass
    """,
    "shop/apps.py": """
    from django.apps import AppConfig


    class ShopConfig(AppConfig):
        name = "shop"

        def ready(self):
            from shop import receivers
    """,
    "shop/receivers.py": RECEIVERS,
    "shop/late.py": """
    from django.db.models.signals import post_save


    def hear(sender, **kwargs):
        pass


    def connect():
        post_save.connect(hear, sender="shop.Item")
    """,
    "config/urls.py": """
    from shop import late

    late.connect()
    urlpatterns = []
    """,
}

_LIB = """
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate


def fill(sender, **kwargs):
    pass


def count(sender, **kwargs):
    pass


def greet(sender, **kwargs):
    pass


post_migrate.connect(fill)
"""


def lib(project: Project, version: str, *connects: str) -> None:
    """Install that version of the package, which connects besides what these lines do."""
    site = project.path.parent / "site-packages"
    (site / "lib").mkdir(parents=True, exist_ok=True)
    (site / "lib" / "__init__.py").touch()
    (site / "lib" / "models.py").write_text("\n".join((_LIB, *connects, "")))
    for old in site.glob("Lib-*"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    info = site / f"Lib-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Lib\nVersion: {version}\n")
    (info / "RECORD").write_text("lib/__init__.py,,\nlib/models.py,,\n")
    (info / "top_level.txt").write_text("lib\n")


COUNT = "user_logged_in.connect(count, dispatch_uid='lib.count')"
GREET = "user_logged_in.connect(greet)"


AGREED = """\
# sigtrace baseline 1: receivers that are meant to be connected, written by: sigtrace check --update
settings=config.settings

django.contrib.auth.signals.user_logged_in * lib.models.count uid=lib.count package=Lib
django.db.models.signals.post_migrate * lib.models.fill package=Lib
django.db.models.signals.post_save shop.Item shop.receivers.index uid=shop.index
django.db.models.signals.pre_save shop.Item shop.receivers.first
django.db.models.signals.pre_save shop.Item shop.receivers.second
"""


def make_small(path: Path) -> Project:
    """Write the project and its package, and the baseline that agrees to what they connect."""
    made = make_project(path / "project", FILES, APPS, 'ROOT_URLCONF = "config.urls"\n')
    project = Project(made.path, {**made.env, "PYTHONPATH": str(path / "site-packages")})
    lib(project, "1.0", COUNT)
    (project.path / "sigtrace.baseline").write_text(AGREED, "utf-8")
    return project
