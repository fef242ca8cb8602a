"""A project with a receiver of every kind on a sender of every kind."""

from __future__ import annotations

MODELS = """
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Base(models.Model):
    class Meta:
        abstract = True


class Place(models.Model):
    name = models.CharField(max_length=20)


class Restaurant(Place):
    stars = models.IntegerField(default=0)


class Corner(Place):
    class Meta:
        proxy = True


class Tag(models.Model):
    name = models.CharField(max_length=20)


class Item(Base):
    place = models.ForeignKey(Place, models.CASCADE)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    tags = models.ManyToManyField(Tag)
    labels = models.ManyToManyField(Tag, through="Labelling", related_name="labelled")
    remarks = GenericRelation("shop.Remark")


class Labelling(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)


class Remark(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    thing = GenericForeignKey()


class Line(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)


class Hint(models.Model):
    item = models.ForeignKey(Item, models.SET_NULL, null=True)
    line = models.ForeignKey(Line, models.DO_NOTHING)


class Guard(models.Model):
    tag = models.ForeignKey(Tag, models.PROTECT)


class Legacy(models.Model):
    class Meta:
        managed = False


class Swapped(models.Model):
    class Meta:
        swappable = "SHOP_SWAPPED"


class Replacement(models.Model):
    pass
"""

SIGNALS = """
from django.dispatch import Signal


class Traced(Signal):
    pass


module_level = Signal()
subclassed = Traced()


class Registry:
    changed = Signal()

    class Inner:
        deep = Traced()


def make():
    return Signal()
"""

RECEIVERS = """
import functools
import sys

from django.db.models import signals
from django.dispatch import receiver

from . import models
from .factory import made
from .signals import Registry, module_level, subclassed


def function(sender, **kwargs):
    pass


async def coroutine(sender, **kwargs):
    pass


def no_keywords(sender, instance, created, raw, using, update_fields, signal):
    pass


def decorated(inner):
    @functools.wraps(inner)
    def wrapper(*args, **kwargs):
        return inner(*args, **kwargs)

    return wrapper


@receiver([signals.pre_save, signals.post_save], sender=models.Item)
@decorated
def twice_decorated(sender, **kwargs):
    pass


class Handler:
    def method(self, sender, **kwargs):
        pass

    @classmethod
    def of_class(cls, sender, **kwargs):
        pass

    @staticmethod
    def static(sender, **kwargs):
        pass

    def __call__(self, sender, **kwargs):
        pass


class Constructed:
    def __init__(self, sender, **kwargs):
        pass


def with_extra(extra, sender, **kwargs):
    pass


handler = Handler()
partial = functools.partial(with_extra, "x")
keep = lambda sender, **kwargs: None


class Uid:
    def __eq__(self, other):
        if not sys._getframe(1).f_code.co_filename.endswith("dispatcher.py"):
            raise RuntimeError("== is Django's to call")
        return self is other

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("repr is not ours to call")


def connect_local():
    def local(sender, **kwargs):
        pass

    module_level.connect(local, weak=False)


signals.post_save.connect(handler.method, sender=models.Place)
signals.post_save.connect(Handler.of_class, sender=models.Corner)
signals.post_save.connect(Handler.static, sender=models.Restaurant)
signals.post_save.connect(handler, sender=models.Legacy)
signals.post_save.connect(Constructed, sender=models.Swapped)
signals.post_save.connect(partial, sender=models.Base)
signals.post_save.connect(function, sender="shop.Missing")
signals.post_save.connect(function, sender="shop.Tag", dispatch_uid=("shop", 1))
signals.post_save.connect(no_keywords, sender=models.Labelling, dispatch_uid=7)
signals.post_save.connect(keep, weak=False)
signals.m2m_changed.connect(function, sender=models.Item.tags.through)
module_level.connect(function, sender="a string")
module_level.connect(function, sender=handler)
module_level.connect(function, sender=Handler)
module_level.connect(function, dispatch_uid=Uid())
module_level.connect(print)
connect_local()
subclassed.connect(coroutine)
subclassed.connect(function)
Registry.changed.connect(function, dispatch_uid="first")
Registry.changed.connect(function, dispatch_uid="second")
Registry.changed.connect(function, dispatch_uid="second")
Registry.Inner.deep.connect(function)
made.connect(function)

# Gone at once, at the next connect, in a cycle.
module_level.connect(Handler().method)
module_level.connect(lambda sender, **kwargs: None)
cyclic = Handler()
cyclic.itself = cyclic
module_level.connect(cyclic.method, sender=models.Tag)
del cyclic
"""

FILES = {
    "shop/models.py": MODELS,
    "shop/signals.py": SIGNALS,
    "shop/factory.py": "from .signals import make\n\nmade = make()\n",
    "shop/receivers.py": RECEIVERS,
    "shop/apps.py": """
        from django.apps import AppConfig


        class ShopConfig(AppConfig):
            name = "shop"

            def ready(self):
                from . import receivers
        """,
    # Sorts before and is shorter: neither makes it the name.
    "a.py": "from shop.factory import made\nfrom shop.signals import Registry, module_level\n",
    "late/views.py": """
        from django.db.models.signals import post_delete
        from django.dispatch import receiver

        from shop.models import Item


        @receiver(post_delete, sender=Item)
        def in_a_view(sender, **kwargs):
            pass
        """,
    "late/urls.py": "from . import views\n\nurlpatterns = []\n",
    "config/urls.py": """
        from django.urls import include, path

        urlpatterns = [path("", include("late.urls"))]
        """,
    "other/models.py": """
        from django.db import models
        from django.db.models.signals import post_delete, pre_save

        import a
        from shop.signals import module_level


        class Other(models.Model):
            pass


        def heard(sender, **kwargs):
            pass


        pre_save.connect(heard, sender=Other)
        post_delete.connect(heard)
        """,
}
APPS = ("django.contrib.contenttypes", "shop", "other")
SETTINGS = 'SHOP_SWAPPED = "shop.Replacement"\nROOT_URLCONF = "config.urls"\n'
