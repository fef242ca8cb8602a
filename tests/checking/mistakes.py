"""A project in which each mistake stands once, marked with its rule, beside what only looks like it.

`# !W005` says that the check finds W005 on that line; all other lines are right.
"""

from __future__ import annotations

SETTINGS = """
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "libs"))
AUTH_USER_MODEL = "shop.Member"
"""

APPS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "shop",
    "news",
)

MODELS = """
from django.contrib.auth.models import AbstractBaseUser
from django.db import models


class Member(AbstractBaseUser):
    name = models.CharField(max_length=20, unique=True)
    USERNAME_FIELD = "name"


class Base(models.Model):
    class Meta:
        abstract = True


class Tag(models.Model):
    pass


class Item(Base):
    tags = models.ManyToManyField(Tag)
    labels = models.ManyToManyField(Tag, through="Labelling", related_name="+")


class Labelling(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)


class Cheap(Item):
    class Meta:
        proxy = True


class Special(Item):
    pass


class Log(models.Model):
    item = models.ForeignKey(Item, models.DO_NOTHING)
"""

SIGNALS = """
from django.dispatch import Signal

published = Signal()


class Bus:
    moved = Signal()


nameless = [Signal()]
"""

TWICE = """
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from shop.models import Item, Tag
from shop.signals import published


@receiver(post_save, sender=Item, dispatch_uid="one")  # !E004
@receiver(post_save, sender=Item, dispatch_uid="two")
def twice(sender, **kwargs):
    pass


@receiver([post_save, post_delete], sender=Item)
@receiver(post_save, sender=Tag)
def once_each(sender, **kwargs):
    pass


def asked_twice(sender, **kwargs):
    pass


post_save.connect(asked_twice, sender=Item)
post_save.connect(asked_twice, sender=Item)


@receiver(published)
@receiver(published, sender=Item)
def general_and_special(sender, **kwargs):
    pass


class Watcher:
    def watch(self, sender, **kwargs):
        pass


one, other = Watcher(), Watcher()
published.connect(one.watch, sender=Item)
published.connect(other.watch, sender=Item)


def make(name):
    def made(sender, **kwargs):
        pass

    made.__name__ = made.__qualname__ = name
    return made


first, second = make("first"), make("second")
published.connect(first, sender=Item)
published.connect(second, sender=Item)
"""

TOOLS = """
from django.dispatch import receiver

from shop.models import Item
from shop.signals import published


@receiver(published, sender=Item)  # !E004
def tool(sender, **kwargs):
    pass
"""
TOOLS_ALONE = TOOLS.replace("  # !E004", "")

WEAK = """
from functools import partial

from django.db.models.signals import post_save
from django.dispatch import receiver

from shop.models import Item
from shop.signals import Bus, published


class Handler:
    def handle(self, sender, **kwargs):
        pass

    def __call__(self, sender, **kwargs):
        pass


def plain(sender, extra=None, **kwargs):
    pass


handler = Handler()
bound = partial(plain, extra=1)
published.connect(handler.handle, sender=Item)
published.connect(handler, sender=Item)
published.connect(bound, sender=Item)
published.connect(Handler().handle, sender=Item, weak=False)

post_save.connect(lambda **kwargs: None, sender=Item)  # !W005
post_save.connect(Handler().handle, sender=Item)  # !W005
post_save.connect(partial(plain, extra=2), sender=Item)  # !W005


def connect_later():
    def local(sender, **kwargs):
        pass

    post_save.connect(  # !W005
        local,
        sender=Item,
    )


def never_called(sqlite):
    Bus.moved.connect(lambda **kwargs: None)  # !W005
    Bus.moved.connect(lambda **kwargs: None, weak=False)
    sqlite.connect(lambda: None)

    @receiver(published)  # !W005
    def decorated(sender, **kwargs):
        decorated.calls += 1

    def returned(sender, **kwargs):
        pass

    published.connect(returned)
    return returned


def get_handler():
    return handler


published.connect(get_handler().handle, sender=Handler)


class Registered:
    all = []

    def __init__(self):
        self.all.append(self)

    def handle(self, sender, **kwargs):
        pass


published.connect(Registered().handle, sender=Registered)
"""

SENDERS = """
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.core.signals import request_started
from django.db.models.signals import (
    class_prepared,
    m2m_changed,
    post_migrate,
    post_save,
    pre_delete,
    pre_save,
)

from shop.models import Base, Cheap, Item, Labelling, Member, Special, Tag
from shop.signals import published


def hear(sender, **kwargs):
    pass


pre_save.connect(hear, sender=Base)  # !W006
pre_save.connect(hear, sender=Item)
pre_save.connect(hear, sender=Cheap)
pre_save.connect(hear, sender=Special)
pre_save.connect(hear, sender="shop.Itme")  # !W006
pre_save.connect(hear, sender="shop.Tag")
pre_save.connect(hear, sender=User)  # !W006
pre_save.connect(hear, sender=Member)
pre_save.connect(hear, sender=Item.tags.through)  # !W006
pre_save.connect(hear, sender=Labelling)
pre_save.connect(hear, sender=dict)  # !W006
m2m_changed.connect(hear, sender=Item)  # !W006
m2m_changed.connect(hear, sender=Item.tags.through)
m2m_changed.connect(hear, sender=Labelling)
post_migrate.connect(hear, sender="shop")  # !W006
post_migrate.connect(hear)
request_started.connect(hear, sender=Item)  # !W006
request_started.connect(hear, sender=dict)
user_logged_in.connect(hear, sender=Member)
published.connect(hear, sender="shop")
published.connect(hear, sender=dict)
"""

SHAPES = """
from functools import partial, wraps

from django.db.models.signals import class_prepared, m2m_changed, post_migrate, post_save, pre_delete
from django.dispatch import receiver

from shop.models import Tag
from shop.signals import nameless, published


@receiver(post_save, sender=Tag)  # !W007
def strict(sender, instance, created, raw, using, update_fields, signal):
    pass


def careful(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@receiver(post_save, sender=Tag)
@careful
def wrapped(sender, **kwargs):
    pass


def careless(function):
    def wrapper(*args, **kwargs):  # !W009
        return function(*args, **kwargs)

    return wrapper


@receiver(post_save, sender=Tag)
@careless
def unwrapped(sender, **kwargs):
    pass


post_save.connect(lambda **kwargs: None, sender=Tag, weak=False)  # !W009
nameless[0].connect(wrapped)  # !W009


@receiver(post_save)  # !W008
def any_save(sender, **kwargs):
    pass


@receiver(pre_delete)  # !W008
def any_delete(sender, **kwargs):
    pass


@receiver(m2m_changed)  # !W008
def any_m2m(sender, **kwargs):
    pass


@receiver([class_prepared, post_migrate, published])
def any_of_few(sender, **kwargs):
    pass


def named(sender, **kwargs):
    pass


kept = partial(named)
published.connect(kept)
"""

FILES = {
    "libs/tools.py": TOOLS,
    "libs/tools_alone.py": TOOLS_ALONE,
    "shop/apps.py": """
    from django.apps import AppConfig
    from django.db.models.signals import post_migrate


    class ShopConfig(AppConfig):
        name = "shop"

        def ready(self):
            import tools
            from libs import tools as the_same
            from libs import tools_alone
            from shop import senders, shapes, twice, weak

            post_migrate.connect(senders.hear, sender=self)
            weak.connect_later()

            def at_once(sender, **kwargs):
                pass

            post_migrate.connect(at_once, sender=self)  # !W005
    """,
    "shop/models.py": MODELS,
    "shop/signals.py": SIGNALS,
    "shop/twice.py": TWICE,
    "shop/weak.py": WEAK,
    "shop/senders.py": SENDERS,
    "shop/shapes.py": SHAPES,
    "news/models.py": "",
    "news/handlers.py": """
    from django.db.models import signals
    from django.dispatch import receiver

    from shop.models import Item


    @receiver(signals.post_save, sender=Item)  # !E003
    def on_save(sender, **kwargs):
        pass


    @receiver(signals.pre_save, sender=Item)
    def before_save(sender, **kwargs):
        pass
    """,
    "news/deep/connected.py": """
    from ...shop.signals import Bus as Line
    from django.db.models.signals import pre_save, post_save


    def hear(sender, **kwargs):
        pass


    def connect():
        for signal in (pre_save, post_save):
            signal.connect(hear)  # !E003


    connect()
    """,
    "news/own_signals.py": """
    from django.dispatch import Signal

    hidden = Signal()


    def hear(sender, **kwargs):
        pass


    hidden.connect(hear)  # !E003
    """,
    "news/decorated.py": """
    from shop.signals import published


    @published.connect  # !E003
    def hear(sender, **kwargs):
        pass
    """,
    # From here on nothing is wrong.
    "news/helpers.py": """
    from django.db.models.signals import post_save


    def connect(receiver, sender):
        post_save.connect(receiver, sender=sender)
    """,
    "news/typed.py": """
    from typing import TYPE_CHECKING

    from django.db.models.signals import post_save

    if TYPE_CHECKING:
        post_save.connect(print)
    if __name__ == "__main__":
        post_save.connect(print)
    """,
    "news/database.py": """
    import sqlite3
    from celery.signals import worker_ready

    database = sqlite3.connect(":memory:")


    @worker_ready.connect
    def ready(**kwargs):
        pass
    """,
    # No signals, for all that its name says.
    "news/traffic_signals.py": """
    class Light:
        def connect(self, what):
            pass


    light = Light()
    light.connect(lambda: None)
    """,
    "news/lights.py": "from .traffic_signals import light\n\nlight.connect(print)\n",
    "news/tasks.py": "from .handlers_of_tasks import hear\n",
    "news/handlers_of_tasks.py": """
    from django.dispatch import receiver

    from shop.signals import published


    @receiver(published)
    def hear(sender, **kwargs):
        pass
    """,
    **{
        f"news/{name}": "from django.db.models.signals import post_save\npost_save.connect(print)\n"
        for name in (
            "tests/test_all.py",
            "tests/factories.py",
            "test_one.py",
            "conftest.py",
            "migrations/0001_initial.py",
            "management/commands/load.py",
            "node_modules/tool.py",
        )
    },
    # An app of its own, which is not installed.
    "news/loose/apps.py": "",
    "news/loose/handlers.py": "from shop.signals import published\npublished.connect(print)\n",
    "news/broken.py": "from django.db.models.signals import post_save\npost_save.connect(\n",
}
