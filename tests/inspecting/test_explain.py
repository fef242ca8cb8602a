"""What would run, what would not, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import django
import pytest

from sigtrace.analysis.explaining import Chain, NotCalled, Sent, Unknown, Written, explain
from sigtrace.errors import SigtraceError
from tests.projects import make_project

if TYPE_CHECKING:
    from sigtrace.inspection import Inspection

MODELS = """
from django.db import models


class Base(models.Model):
    class Meta:
        abstract = True


class Place(models.Model):
    pass


class Restaurant(Place):
    pass


class Corner(Place):
    class Meta:
        proxy = True


class Tag(models.Model):
    pass


class Item(Base):
    place = models.ForeignKey(Place, models.CASCADE)
    tags = models.ManyToManyField(Tag, related_name="items")


class Line(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)


class Hint(models.Model):
    item = models.ForeignKey(Item, models.SET_NULL, null=True)


class Guard(models.Model):
    item = models.ForeignKey(Item, models.PROTECT)


class Gone(models.Model):
    item = models.ForeignKey(Item, getattr(models, "DB_CASCADE", models.DO_NOTHING))


class Swapped(models.Model):
    class Meta:
        swappable = "APP_SWAPPED"


class Replacement(models.Model):
    pass
"""

RECEIVERS = """
from django.db.models.signals import *

from . import models


def make(name):
    def heard(sender, **kwargs): ...

    heard.__qualname__ = name
    return heard


for model in ("Base", "Place", "Restaurant", "Corner", "Item", "Line", "Gone", "Swapped"):
    for signal in (pre_save, post_delete):
        name = "pre_save" if signal is pre_save else "post_delete"
        signal.connect(make(f"{name}_{model}"), sender=getattr(models, model), weak=False)
m2m_changed.connect(make("wrong"), sender=models.Item, weak=False)
m2m_changed.connect(make("right"), sender=models.Item.tags.through, weak=False)
post_save.connect(make("of_any"), weak=False)
post_save.connect(make("garbage"), sender=models.Tag)
pre_save.connect(make("of_a_table"), sender=models.Item.tags.through, weak=False)
post_init.connect(make("made"), sender=models.Tag, weak=False)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Inspection:
    files = {
        "app/models.py": MODELS,
        "app/receivers.py": RECEIVERS,
        "app/apps.py": """
            from django.apps import AppConfig

            class Config(AppConfig):
                name = "app"

                def ready(self):
                    from . import receivers
            """,
    }
    path = tmp_path_factory.mktemp("app") / "project"
    return make_project(path, files, ("app",), 'APP_SWAPPED = "app.Replacement"\n').inspect()


def chain(found: Inspection, *asked: str) -> Chain:
    (one,) = explain(found, *asked).chains
    return one


def called(one: Chain) -> list[str]:
    return [
        receiver.receiver.name.removeprefix("app.receivers.")
        for step in one.steps
        if isinstance(step, Sent)
        for receiver in step.receivers
    ]


def missed(one: Chain) -> dict[str, str]:
    return {
        missing.connection.receiver.name.removeprefix("app.receivers."): missing.why
        for missing in one.not_called
    }


def test_a_save_of_a_child_calls_no_receiver_of_its_parent(found):
    one = chain(found, "app.Restaurant", "create")
    assert one.name == "Restaurant.save()  created"
    assert called(one) == ["pre_save_Restaurant", "of_any"]
    assert [step for step in one.steps if isinstance(step, Written)] == [
        Written("INSERT", "app.Place", "multi-table parent, unsent"),
        Written("INSERT", "app.Restaurant"),
    ]
    assert missed(one) == {
        "pre_save_Place": "app.Place is a multi-table parent: its row is saved without signals",
    }


def test_a_deletion_of_a_child_calls_the_receivers_of_its_parent(found):
    one = chain(found, "app.Restaurant", "delete")
    assert called(one) == [
        "post_delete_Restaurant",
        "post_delete_Line",
        "post_delete_Item",
        "post_delete_Place",
    ]
    assert missed(one) == {}


def test_who_is_near_and_not_called(found):
    assert missed(chain(found, "Place", "update")) == {
        "pre_save_Restaurant": "app.Restaurant is a multi-table child: it sends its own",
        "pre_save_Corner": "app.Corner is another class for the same table: it sends its own",
    }
    assert missed(chain(found, "Corner", "update")) == {
        "pre_save_Place": "app.Place is another class for the same table: it sends its own",
    }
    item = missed(chain(found, "Item", "create"))
    assert item["pre_save_Base"] == "app.Base is abstract and never sends it"
    assert "pre_save_Line" not in item
    replacement = missed(chain(found, "Replacement", "create"))
    assert replacement == {"pre_save_Swapped": "app.Swapped is swapped out for app.Replacement"}


def test_bulk_writes_send_nothing(found):
    assert chain(found, "Item", "create").unsent == (
        "bulk_create() of app.Item sends nothing: these 2 receivers would not be called.",
    )
    assert chain(found, "Hint", "update").unsent == (
        (
            "bulk_update() or QuerySet.update() of app.Hint sends nothing: this receiver would not be"
            " called."
        ),
    )


def test_garbage_is_said_not_to_be_called(found):
    (_, one) = explain(found, "Tag", "create").chains
    assert missed(one)["garbage"] == "it was connected weakly, and nobody kept it alive"


def test_making_an_instance_is_shown_where_somebody_listens(found):
    made, saved = explain(found, "Tag", "create").chains
    assert called(made) == ["made"]
    assert saved.name == "Tag.save()  created"
    assert len(explain(found, "Item", "create").chains) == 1


def test_what_a_deletion_reaches(found):
    one = chain(found, "app.Item", "delete")
    steps = [
        (step.signal, step.sender) if isinstance(step, Sent) else (step.statement, step.model)
        for step in one.steps
    ]
    assert steps == [
        ("pre_delete", "app.Line"),
        ("pre_delete", "app.Item"),
        ("DELETE", "app.Item_tags"),
        ("UPDATE", "app.Hint"),
        ("DELETE", "app.Line"),
        ("post_delete", "app.Line"),
        ("DELETE", "app.Item"),
        ("post_delete", "app.Item"),
        *([("DELETE", "app.Gone")] if django.VERSION >= (6, 1) else []),
    ]
    assert one.stops == ("PROTECT: rows of app.Guard.item forbid it",)
    assert "The rows of app.Item_tags go without m2m_changed." in one.unsent


def test_an_on_delete_of_ones_own_may_do_anything(tmp_path):
    project = make_project(tmp_path, {"app/models.py": GUARDED}, ("app",))
    (one,) = explain(project.inspect(), "Target", "delete").chains
    assert [step for step in one.steps if isinstance(step, Written)] == [
        Written("UPDATE", "app.Emptied", "SET: app.Emptied.target, no signals"),
        Written("DELETE", "app.Target"),
    ]
    assert called(one) == []
    assert [(known.relation, known.on_delete) for known in one.unknown] == [
        ("app.Guarded.target", "app.models.guarded"),
        ("app.Silent.target", "app.models.Silent.<lambda>"),
    ]
    guarded, silent = one.unknown
    assert [(sent.signal, sent.sender) for sent in guarded.possible] == [
        ("pre_delete", "app.Guarded"),
        ("post_delete", "app.Below"),
    ]
    assert silent == Unknown("app.Silent.target", "app.models.Silent.<lambda>", ())

    done = project.sigtrace("explain", "Target", "delete")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines() if "called" in line] == [
        "perhaps called: before pre_delete of app.Guarded app/models.py:25".split(),
        "perhaps called: after post_delete of app.Below app/models.py:28".split(),
    ]
    assert "! app.Silent.target: on_delete is app.models.Silent.<lambda>," in done.stdout
    done = project.sigtrace("explain", "Target", "delete", "--format", "json")
    told = json.loads(done.stdout)["chains"][0]["unknown"]
    assert [(one["relation"], len(one["possible"])) for one in told] == [
        ("app.Guarded.target", 2),
        ("app.Silent.target", 0),
    ]


GUARDED = """
from django.db import models
from django.db.models.signals import post_delete, pre_delete

def guarded(collector, field, sub_objs, using):
    models.CASCADE(collector, field, sub_objs, using)

class Target(models.Model): ...

class Guarded(models.Model):
    target = models.ForeignKey(Target, guarded)
    other = models.ForeignKey("self", guarded, null=True)

class Below(models.Model):
    guarded = models.ForeignKey(Guarded, models.CASCADE)

class Silent(models.Model):
    target = models.ForeignKey(Target, lambda *args: None)

class Emptied(models.Model):
    target = models.ForeignKey(Target, models.SET(list), null=True)

def emptied(sender, **kwargs): ...
post_delete.connect(emptied, sender=Emptied)
def before(sender, **kwargs): ...
pre_delete.connect(before, sender=Guarded)

def after(sender, **kwargs): ...
post_delete.connect(after, sender=Below)
"""


@pytest.mark.skipif(django.VERSION < (6, 1), reason="no cascades by the database")
def test_what_the_database_deletes_sends_nothing(found):
    one = chain(found, "app.Item", "delete")
    assert one.steps[-1] == Written(
        "DELETE", "app.Gone", "DB_CASCADE of app.Gone.item: by the database, unsent"
    )
    assert one.unsent[-1] == (
        "The database deletes rows of app.Gone by itself:"
        " not called are app.receivers.post_delete_Gone."
    )


@pytest.mark.parametrize(("model", "field"), [("Item", "tags"), ("Tag", "items")])
def test_many_to_many_from_both_sides(found, model, field):
    one = chain(found, model, "m2m", field)
    assert one.name == f"{model}.{field}.add()"
    assert called(one) == ["right", "right"]
    assert missed(one) == {"wrong": "app.Item never sends it, app.Item_tags does"}


def test_an_auto_created_table_sends_nothing_itself(found):
    one = chain(found, "app.Item_tags", "create")
    assert called(one) == []
    assert one.unsent == ("An auto-created table sends no save signals.",)
    (written,) = chain(found, "app.Item_tags", "delete").steps
    assert written == Written("DELETE", "app.Item_tags", "a table without signals")
    near = missed(chain(found, "Item", "create"))
    assert near["of_a_table"] == "app.Item_tags is an auto-created table and never sends it"


def test_without_an_operation_all_are_explained(found):
    names = [one.name for one in explain(found, "app.Item").chains]
    assert names == ["Item.save()  created or updated", "Item.delete()", "Item.tags.add()"]


FAILURES = {
    "no such model": (("Itm",), "There is no model Itm.", "Nearest: app.Item"),
    "abstract": (("Base",), "Base is abstract", "app.Item"),
    "swapped": (("Swapped",), "app.Swapped is swapped out", "sigtrace explain app.Replacement"),
    "no such field": (("Item", "m2m", "tag"), "no many-to-many field tag", "It has tags."),
    "no field at all": (("Place", "m2m"), "app.Place has no many-to-many field.", ""),
}


@pytest.mark.parametrize(("asked", "message", "hint"), FAILURES.values(), ids=FAILURES)
def test_what_cannot_be_explained(found, asked, message, hint):
    with pytest.raises(SigtraceError) as raised:
        explain(found, *asked)
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_a_name_in_two_apps_needs_the_app(tmp_path):
    models = "from django.db import models\n\nclass Thing(models.Model): ...\n"
    files = {"one/models.py": models, "two/models.py": models}
    found = make_project(tmp_path, files, ("one", "two")).inspect()
    with pytest.raises(SigtraceError, match=r"may be any of one\.Thing, two\.Thing"):
        explain(found, "thing")
    assert explain(found, "TWO.thing").model.label == "two.Thing"
    assert explain(found, "one.models.Thing").model.label == "one.Thing"


def test_what_is_not_called_is_a_connection(found):
    (one,) = chain(found, "Item", "m2m", "tags").not_called
    assert isinstance(one, NotCalled)
    assert one.connection.signal == "django.db.models.signals.m2m_changed"
