"""What an inspection says of models: what they are, and what happens to what points to them."""

from __future__ import annotations

import django
import pytest

from sigtrace.inspection import ManyToMany, Relation
from tests.projects import line_of, make_project


def test_kinds_of_models(found):
    models = found.models_by_label
    assert models["shop.Restaurant"].parents == ("shop.Place",)
    assert models["shop.Corner"].proxy
    assert models["shop.Corner"].concrete == "shop.Place"
    assert models["shop.Corner"].parents == ()
    assert models["shop.Item"].bases == ("shop.Base",)
    assert models["shop.Legacy"].managed is False
    assert models["shop.Swapped"].swapped == "shop.Replacement"
    assert models["shop.Item_tags"].auto_created == "shop.Item"
    assert models["shop.Labelling"].auto_created is None
    assert "shop.Base" not in models


def test_where_a_model_is(found, shop):
    model = found.models_by_label["shop.Restaurant"]
    assert (model.path, model.app) == ("shop.models.Restaurant", "shop")
    assert model.place.file == "shop/models.py"
    assert model.place.line == line_of(shop, "shop/models.py", "class Restaurant(")


def test_relations_are_what_a_deletion_follows(found):
    assert found.models_by_label["shop.Tag"].relations == (
        Relation("shop.Item_tags", "tag", "CASCADE", "shop.Tag"),
        Relation("shop.Labelling", "tag", "CASCADE", "shop.Tag"),
        Relation("shop.Guard", "tag", "PROTECT", "shop.Tag"),
    )
    item = {
        one.field + "@" + one.model: one for one in found.models_by_label["shop.Item"].relations
    }
    assert item["item@shop.Hint"].on_delete == "SET_NULL"
    assert item["item@shop.Hint"].null
    assert item["parent@shop.Item"].null
    assert item["object_id@shop.Remark"].kind == "generic"
    place = found.models_by_label["shop.Place"].relations
    (link,) = [one for one in place if one.parent_link]
    assert (link.model, link.kind) == ("shop.Restaurant", "one_to_one")


def test_many_to_many_fields(found):
    assert found.models_by_label["shop.Item"].many_to_many == (
        ManyToMany("tags", "shop.Tag", "shop.Item_tags", auto_created=True, accessor="item_set"),
        ManyToMany("labels", "shop.Tag", "shop.Labelling", auto_created=False, accessor="labelled"),
    )


def test_apps_and_modules_say_whose_they_are(found):
    origins = {app.label: app.place.origin for app in found.apps}
    assert origins == {"contenttypes": "django", "shop": "own", "other": "own"}
    assert found.modules["shop.receivers"] == "shop/receivers.py"
    assert found.modules["config.settings"] == "config/settings.py"
    assert not any(name.startswith(("django", "_sigtrace", "json")) for name in found.modules)


def test_what_on_delete_is_called(tmp_path):
    database = django.VERSION >= (6, 1)
    project = make_project(
        tmp_path,
        {
            "app/models.py": f"""
                from django.db import models

                def nobody():
                    return None

                def own(collector, field, sub_objs, using): ...

                class Guard:
                    def __call__(self, *args): ...

                    def __eq__(self, other): raise AssertionError

                class Target(models.Model): ...

                class Pointing(models.Model):
                    a = models.ForeignKey(Target, models.SET(nobody), null=True, related_name="+")
                    b = models.ForeignKey(Target, own, related_name="+")
                    c = models.ForeignKey(Target, models.RESTRICT, related_name="+")
                    d = models.ForeignKey(Target, models.SET_DEFAULT, default=1, related_name="+")
                    f = models.ForeignKey(Target, Guard(), related_name="+")
                    if {database}:
                        e = models.ForeignKey(Target, models.DB_CASCADE, related_name="+")
                """,
        },
        ("app",),
    )
    found = project.inspect().models_by_label["app.Target"].relations
    names = {one.field: (one.on_delete, one.database) for one in found}
    assert names.pop("e", ("DB_CASCADE", True)) == ("DB_CASCADE", True)
    assert names == {
        "a": ("SET", False),
        "b": ("app.models.own", False),
        "c": ("RESTRICT", False),
        "d": ("SET_DEFAULT", False),
        "f": ("app.models.Guard", False),
    }


@pytest.mark.skipif(django.VERSION < (6, 1), reason="no cascades by the database")
def test_a_cascade_of_the_database_is_known(tmp_path):
    files = {
        "app/models.py": """
            from django.db import models

            class Target(models.Model): ...

            class Pointing(models.Model):
                target = models.ForeignKey(Target, models.DB_CASCADE)
            """
    }
    found = make_project(tmp_path, files, ("app",)).inspect()
    (relation,) = found.models_by_label["app.Target"].relations
    assert relation.database
