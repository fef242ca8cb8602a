"""What an inspection says of connections: every kind of receiver, sender, signal and uid."""

from __future__ import annotations

import json

import django
import pytest

from sigtrace.analysis.explaining import explain
from sigtrace.analysis.registry import registry
from sigtrace.inspection import Connection, Inspection, Sender, Signal
from sigtrace.views.formats.registry_json import as_object
from tests.inspecting import shop as shop_files
from tests.projects import connection, connections, line_of, make_project

RECEIVERS = "shop/receivers.py"


def signal(found: Inspection, name: str) -> Signal:
    (one,) = [one for one in found.signals if one.name == name]
    return one


def on(found: Inspection, name: str, **fields: object) -> list[Connection]:
    return [
        one
        for one in signal(found, name).connections
        if all(getattr(one, key) == value for key, value in fields.items())
    ]


def test_every_connection_is_described_without_a_failure_of_ours(found):
    assert found.warnings == ()
    assert len([one for one in found.connections if one.receiver.place.origin == "own"]) == 25


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("shop.receivers.Handler.method", "method", "def method("),
        ("shop.receivers.Handler.of_class", "method", "@classmethod"),
        ("shop.receivers.Handler.static", "function", "@staticmethod"),
        ("shop.receivers.Handler.__call__", "instance", "def __call__("),
        ("shop.receivers.Constructed", "class", "def __init__("),
        ("shop.receivers.with_extra", "partial", "def with_extra("),
        ("shop.receivers.<lambda>", "function", "keep = lambda"),
        ("shop.receivers.connect_local.<locals>.local", "function", "def local("),
        ("shop.receivers.coroutine", "function", "async def coroutine"),
    ],
)
def test_receivers_are_named_by_what_runs(found, shop, name, kind, text):
    one = connection(found, name)
    assert one.receiver.kind == kind
    assert one.receiver.place.file == RECEIVERS
    assert one.receiver.place.line == line_of(shop, RECEIVERS, text)
    assert one.receiver.place.origin == "own"


def test_a_decorated_function_is_where_its_source_is(found, shop):
    for one in connections(found, "twice_decorated"):
        assert one.receiver.name == "shop.receivers.twice_decorated"
        assert one.receiver.place.line == line_of(shop, RECEIVERS, "@receiver([")
        assert one.connected_at is not None
        assert one.connected_at.how == "receiver"
        assert one.connected_at.line == line_of(shop, RECEIVERS, "@receiver([")
    assert len(connections(found, "twice_decorated")) == 2


def test_a_function_without_source_has_a_name_and_no_place(found):
    one = connection(found, "builtins.print")
    assert one.receiver.kind == "builtin"
    assert (one.receiver.place.file, one.receiver.place.origin) == (None, None)
    assert one.receiver.accepts_kwargs is None


def test_lambdas_and_local_functions_are_known(found):
    assert connection(found, "shop.receivers.<lambda>").receiver.is_lambda
    local = connection(found, "<locals>.local").receiver
    assert local.is_local
    assert not local.is_lambda


def test_who_takes_no_keywords(found):
    refusing = {
        one.receiver.name for one in found.connections if one.receiver.accepts_kwargs is False
    }
    assert refusing == {"shop.receivers.no_keywords"}


@pytest.mark.parametrize(
    ("receiver", "sender"),
    [
        ("Handler.method", Sender("model", "shop.Place", "shop.models.Place")),
        ("Handler.of_class", Sender("model", "shop.Corner", "shop.models.Corner")),
        ("Handler.static", Sender("model", "shop.Restaurant", "shop.models.Restaurant")),
        ("Handler.__call__", Sender("model", "shop.Legacy", "shop.models.Legacy")),
        ("Constructed", Sender("model", "shop.Swapped", "shop.models.Swapped")),
        ("with_extra", Sender("model", "shop.Base", "shop.models.Base", abstract=True)),
        ("<lambda>", Sender("any")),
    ],
)
def test_senders_are_models_of_every_kind(found, receiver, sender):
    assert connection(found, f"shop.receivers.{receiver}").sender == sender


def test_a_through_table_is_a_sender(found):
    (one,) = on(found, "django.db.models.signals.m2m_changed")
    assert one.sender == Sender("model", "shop.Item_tags", "shop.models.Item_tags")


def test_senders_that_are_no_models(found):
    senders = {one.sender.kind: one.sender for one in on(found, "shop.signals.module_level")}
    assert senders["string"] == Sender("string", "'a string'")
    assert senders["object"] == Sender("object", "<shop.receivers.Handler>")
    assert senders["class"] == Sender("class", "shop.receivers.Handler", "shop.receivers.Handler")


def test_a_string_that_is_resolved_later_is_connected_where_it_was_asked_for(tmp_path):
    project = make_project(
        tmp_path,
        {
            "early/models.py": """
                from django.db.models.signals import post_save

                def heard(sender, **kwargs): ...

                post_save.connect(heard, sender="later.Thing")
                """,
            "later/models.py": "from django.db import models\n\nclass Thing(models.Model): ...\n",
        },
        ("early", "later"),
    )
    one = connection(project.inspect(), "early.models.heard")
    assert one.sender.label == "later.Thing"
    assert one.connected_at is not None
    assert (one.connected_at.file, one.connected_at.line) == ("early/models.py", 6)


def test_a_string_of_a_model_that_is_there_hides_no_decorator(tmp_path):
    project = make_project(
        tmp_path,
        {
            "app/models.py": """
                from django.db import models
                from django.db.models.signals import post_save
                from django.dispatch import receiver

                class Thing(models.Model): ...

                @receiver(post_save, sender="app.Thing")
                def heard(sender, **kwargs): ...
                """,
        },
        ("app",),
    )
    at = connection(project.inspect(), "app.models.heard").connected_at
    assert at is not None
    assert (at.file, at.line, at.how) == ("app/models.py", 8, "receiver")


def test_a_string_that_is_never_resolved_is_told_apart(found, shop):
    post_save = signal(found, "django.db.models.signals.post_save")
    (one,) = post_save.lazy
    assert one.receiver.name == "shop.receivers.function"
    assert one.sender == Sender("lazy", "'shop.Missing'")
    assert one.connected_at is not None
    assert one.connected_at.line == line_of(shop, RECEIVERS, '"shop.Missing"')
    assert one not in post_save.connections


@pytest.mark.parametrize(
    ("name", "type_", "line"),
    [
        ("shop.signals.module_level", "django.dispatch.dispatcher.Signal", "module_level ="),
        ("shop.signals.subclassed", "shop.signals.Traced", "subclassed ="),
        ("shop.signals.Registry.changed", "django.dispatch.dispatcher.Signal", "changed ="),
        ("shop.signals.Registry.Inner.deep", "shop.signals.Traced", "deep ="),
        ("shop.factory.made", "django.dispatch.dispatcher.Signal", "return Signal()"),
    ],
)
def test_signals_are_named_by_who_assigns_them(found, shop, name, type_, line):
    one = signal(found, name)
    assert one.type == type_
    assert one.place.file == "shop/signals.py"
    assert one.place.line == line_of(shop, "shop/signals.py", line)
    assert one.connections


def test_signals_without_receivers_are_there_too(found):
    assert signal(found, "django.db.models.signals.pre_init").connections == ()


def test_the_order_is_that_of_django(found):
    names = [one.receiver.name for one in on(found, "shop.signals.subclassed")]
    assert names == ["shop.receivers.coroutine", "shop.receivers.function"]


@pytest.mark.skipif(django.VERSION < (5, 0), reason="4.2 knows no async receivers")
def test_coroutine_functions_are_async(found):
    asynchronous = {one.receiver.name for one in found.connections if one.is_async}
    assert asynchronous == {"shop.receivers.coroutine"}


@pytest.mark.parametrize("uid", [("<(shop, 1)>"), 7, "first", "<shop.receivers.Uid>"])
def test_uids_of_any_type(found, uid):
    assert [one.dispatch_uid for one in found.connections].count(uid) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("id(heard)", "<id>"),
        ("(id(post_save), id(Thing), 'a', 7)", "<(<id>, <id>, a, 7)>"),
        ("(1 << 32, (id(heard),))", "<(<id>, <(<id>)>)>"),
        ("f'{id(heard)}_{id(Thing)}.7'", "<id>_<id>.7"),
        ("f'{id(heard):#x}'", "<id>"),
        ("repr(object())", "<object object at <id>>"),
        ("(1 << 32) - 1", (1 << 32) - 1),
        ("'orders 20260101123456 0xff'", "orders 20260101123456 0xff"),
        ("f'v{id(heard)}'", "v<id>"),
        ("True", True),
    ],
)
def test_addresses_in_uids_are_told_as_such(tmp_path, given, told):
    files = {
        "app/models.py": f"""
            from django.db import models
            from django.db.models.signals import post_save

            class Thing(models.Model): ...

            def heard(sender, **kwargs): ...

            post_save.connect(heard, sender=Thing, dispatch_uid={given})
            """
    }
    one = connection(make_project(tmp_path, files, ("app",)).inspect(), "heard")
    assert one.dispatch_uid == told


def test_addresses_of_a_bound_method_are_known_whatever_their_size(tmp_path):
    files = {
        "app/models.py": """
            from django.dispatch import Signal

            changed = Signal()

            class Listener:
                def heard(self, **kwargs): ...

            one = Listener()
            changed.connect(one.heard, dispatch_uid=f"{id(one)}/{id(Listener.heard)}")
            """
    }
    one = connection(make_project(tmp_path, files, ("app",)).inspect(), "heard")
    assert one.dispatch_uid == "<id>/<id>"


def test_a_repeated_connect_is_counted_and_makes_no_second_connection(found):
    first, second = on(found, "shop.signals.Registry.changed")
    assert (first.dispatch_uid, first.connects) == ("first", 1)
    assert (second.dispatch_uid, second.connects) == ("second", 2)
    assert signal(found, "shop.signals.Registry.changed").connects == 3
    assert first.receiver.repeats(second.receiver)


def test_what_is_garbage_is_listed_apart(found, shop):
    gone = {
        (one.receiver.name, one.sender.label): one
        for one in signal(found, "shop.signals.module_level").collected
    }
    assert set(gone) == {
        ("shop.receivers.Handler.method", None),
        ("shop.receivers.<lambda>", None),
        ("shop.receivers.Handler.method", "shop.Tag"),
    }
    at = gone["shop.receivers.Handler.method", None].connected_at
    assert at is not None
    assert at.line == line_of(shop, RECEIVERS, "Handler().method")


def test_what_was_disconnected_is_not_said_to_be_garbage(tmp_path):
    project = make_project(
        tmp_path,
        {
            "app/models.py": """
                from django.dispatch import Signal

                changed = Signal()

                def heard(sender, **kwargs): ...

                changed.connect(heard)
                changed.disconnect(heard)
                del heard
                """,
        },
        ("app",),
    )
    one = signal(project.inspect(), "app.models.changed")
    assert (one.connects, one.connections, one.collected) == (1, (), ())


def test_who_lives_where_another_died_is_someone_else(tmp_path):
    project = make_project(
        tmp_path,
        {
            "app/models.py": """
                from django.dispatch import Signal

                changed = Signal()

                def make():
                    def heard(sender, **kwargs): ...
                    return heard

                for number in range(20):
                    changed.connect(make(), sender=int)
                kept = make()
                changed.connect(kept, sender=int)
                """,
        },
        ("app",),
    )
    one = signal(project.inspect(), "app.models.changed")
    assert len(one.collected) == 20
    (alive,) = one.connections
    assert alive.connects == 1
    assert alive.connected_at is not None
    assert alive.connected_at.line == 13


def test_a_list_that_was_changed_by_other_means_is_described_too(tmp_path):
    project = make_project(
        tmp_path,
        {
            "app/models.py": """
                from django.db import models
                from django.db.models.signals import post_save, pre_save

                class Thing(models.Model): ...

                def heard(sender, **kwargs): ...

                post_save.connect(heard, sender=Thing)
                entry = post_save.receivers[0]
                pre_save.receivers = [((1, id(Thing)), heard, *entry[2:])]
                """,
        },
        ("app",),
    )
    (one,) = on(project.inspect(), "django.db.models.signals.pre_save")
    assert one.receiver.name == "app.models.heard"
    assert one.sender.label == "app.Thing"
    assert (one.connects, one.weak, one.connected_at) == (0, False, None)


def test_a_signal_that_was_never_made_is_found_too(tmp_path):
    project = make_project(
        tmp_path,
        {
            "app/models.py": """
                import copy
                from django.dispatch import Signal

                changed = Signal()
                copied = copy.copy(changed)
                copied.receivers = []

                def heard(sender, **kwargs): ...

                copied.connect(heard)
                """,
        },
        ("app",),
    )
    one = signal(project.inspect(), "app.models.copied")
    assert [alive.receiver.name for alive in one.connections] == ["app.models.heard"]
    assert one.place.file is None


def test_a_model_of_a_migration_is_a_sender_that_nothing_sends_for(tmp_path):
    project = make_project(
        tmp_path,
        {
            "app/models.py": "from django.db import models\n\nclass Thing(models.Model): ...\n",
            "app/apps.py": """
                from django.apps import AppConfig

                class Config(AppConfig):
                    name = "app"

                    def ready(self):
                        from . import receivers
                """,
            "app/receivers.py": """
                from django.db import models
                from django.db.migrations.state import ModelState, ProjectState
                from django.db.models.signals import post_save

                state = ProjectState()
                state.add_model(ModelState("app", "Thing", [("id", models.AutoField(primary_key=True))]))
                Historical = state.apps.get_model("app", "Thing")

                def heard(sender, **kwargs): ...

                post_save.connect(heard, sender=Historical)
                """,
        },
        ("app",),
    )
    found = project.inspect()
    one = connection(found, "app.receivers.heard")
    assert (one.sender.label, one.sender.historical) == ("app.Thing", True)
    assert [model.label for model in found.models] == ["app.Thing"]
    (chain,) = explain(found, "app.Thing", "create").chains
    (missed,) = chain.not_called
    assert missed.why == "its sender is a model of a migration"


def test_where_and_when_it_was_connected(found, shop):
    at = connection(found, "shop.receivers.Handler.method").connected_at
    assert at is not None
    assert (at.file, at.origin, at.how) == (RECEIVERS, "own", "connect")
    assert at.line == line_of(shop, RECEIVERS, "connect(handler.method")
    assert at.ready == "shop"
    (one,) = on(found, "django.db.models.signals.post_delete")
    assert one.connected_at is not None
    assert one.connected_at.ready is None


def test_nothing_is_imported_to_be_looked_at(found):
    assert "late.views" not in found.modules
    assert not connections(found, "in_a_view")


@pytest.mark.parametrize("name", ["urls", "late.views"])
def test_what_others_load_is_loaded_on_request(shop, name):
    asked = shop.inspect(imports=(name,))
    one = connection(asked, "late.views.in_a_view")
    assert one.sender.label == "shop.Item"
    assert asked.imports == (name,)
    assert asked.modules["late.views"] == "late/views.py"


def test_the_order_of_the_apps_changes_nothing(found, tmp_path):
    apps = tuple(reversed(shop_files.APPS))
    project = make_project(tmp_path, shop_files.FILES, apps, shop_files.SETTINGS)
    here, there = (
        {**as_object(registry(one)), "settings": None} for one in (found, project.inspect())
    )
    assert json.dumps(there, indent=1) == json.dumps(here, indent=1)
