"""What `explain` says is what happens: compared with real saves and deletions of made-up models."""

from __future__ import annotations

import json
import random
import sys

import pytest

from sigtrace.analysis.explaining import Sent, explain
from tests.projects import Project, make_project
from tests.support import run_process

SEEDS = range(8)
MODELS = 7

CALLS = """
from django.db.models import signals

called = []


def connect(signal, model=None):
    def heard(sender, **kwargs):
        called.append([signal, sender._meta.label])

    getattr(signals, signal).connect(heard, sender=model, weak=False)
"""

HEAD = """
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

from calls import connect


class Remark(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.PositiveIntegerField()
    thing = GenericForeignKey()
"""

# Rows for whatever may point to what, made once; each operation is undone.
SCRIPT = """
import json
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction

import {app}.models as own
from calls import called

models = [own.Remark, *(getattr(own, name) for name in {order!r})]
concrete = [model for model in models if not model._meta.proxy]


def root(model):
    while model._meta.parents:
        model = next(iter(model._meta.parents))
    return model


def keys(model):
    return [
        field
        for field in model._meta.concrete_fields
        if field.remote_field
        and not field.remote_field.parent_link
        and field.remote_field.model is not ContentType
    ]


def exact(model, pk):
    for heir in model.__subclasses__():
        if not heir._meta.proxy and heir.objects.filter(pk=pk).exists():
            return exact(heir, pk)
    return model


def make(model, **values):
    for field in keys(model):
        first = field.remote_field.model.objects.first()
        values.setdefault(field.attname, first and first.pk)
    if model is own.Remark:
        values.setdefault("content_type", ContentType.objects.first())
        values.setdefault("object_id", 0)
    model.objects.create(**values)


def point(model, field):
    target = field.remote_field.model
    rows = [row for row in model.objects.all() if exact(model, row.pk) is model]
    pointed = {{getattr(row, field.attname) for row in rows}} - {{None}}
    # Within one table there would be no end of it: one row of each kind is enough there.
    within = root(target) is root(model)
    kinds = {{exact(target, pk) for pk in pointed}}
    for row in target.objects.all():
        kind = exact(target, row.pk)
        if kind not in kinds if within else row.pk not in pointed:
            kinds.add(kind)
            make(model, **{{field.attname: row.pk}})


def fill():
    for model in concrete:
        make(model)
    for _ in range(3):
        for model in concrete:
            for field in keys(model):
                point(model, field)
            assert model.objects.count() < 300, "too many"
    for model in concrete:
        for field in model._meta.local_many_to_many:
            for row in model.objects.all():
                getattr(row, field.name).set(field.remote_field.model.objects.all())
        if any(hasattr(field, "bulk_related_objects") for field in model._meta.private_fields):
            for row in model.objects.all():
                kind = ContentType.objects.get_for_model(model)
                make(own.Remark, content_type=kind, object_id=row.pk)


call_command("migrate", run_syncdb=True, verbosity=0)
connection.check_constraints = lambda *args, **kwargs: None
answers = {{}}
with transaction.atomic():
    fill()
    for model in models:
        for operation in ("delete", "update"):
            called.clear()
            with transaction.atomic():
                if operation == "delete":
                    model.objects.all().delete()
                else:
                    model.objects.first().save()
                transaction.set_rollback(True)
            answers[model._meta.label + " " + operation] = list(called)
    transaction.set_rollback(True)
print(json.dumps(answers))
"""


def made_up(seed: int) -> tuple[str, list[str]]:
    """Source of a models.py and the names of its models, parents and targets first."""
    choose = random.Random(seed)
    source, names, concrete = [HEAD], [], []
    generic = choose.randrange(MODELS)
    for number in range(MODELS):
        name = f"M{number}"
        base = "models.Model"
        kind = choose.random()
        if concrete and kind < 0.15:
            source.append(
                f"class {name}({choose.choice(concrete)}):\n    class Meta:\n        proxy = True\n"
            )
            names.append(name)
            continue
        if concrete and kind < 0.4:
            base = choose.choice(concrete)
        body = []
        for position in range(choose.randrange(3)):
            target = choose.choice([*concrete, "self"])
            how = choose.choice(["CASCADE"] * 5 + ["SET_NULL", "DO_NOTHING"])
            null = target == "self" or how == "SET_NULL" or choose.random() < 0.2
            target = "'self'" if target == "self" else target
            body.append(
                f"f{number}_{position} = models.ForeignKey({target}, models.{how},"
                f" null={null}, related_name='+')"
            )
        if concrete and choose.random() < 0.3:
            body.append(
                f"m{number} = models.ManyToManyField({choose.choice(concrete)}, related_name='+')"
            )
        if number == generic:
            body.append("remarks = GenericRelation(Remark)")
        lines = "".join(f"    {line}\n" for line in body or ["pass"])
        source.append(f"class {name}({base}):\n{lines}")
        names.append(name)
        concrete.append(name)
    for name in ("Remark", *names):
        source += [
            f"connect({signal!r}, {name})"
            for signal in ("pre_delete", "post_delete", "pre_save", "post_save")
            if choose.random() < 0.4
        ]
    if choose.random() < 0.2:
        source.append("connect('post_delete')")
    return "\n\n".join(source), names


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Project, dict[str, list[str]]]:
    files, orders = {"calls.py": CALLS}, {}
    for seed in SEEDS:
        source, orders[f"app{seed}"] = made_up(seed)
        files[f"app{seed}/models.py"] = source
    apps = ("django.contrib.contenttypes", *orders)
    project = make_project(tmp_path_factory.mktemp("made") / "project", files, apps)
    return project, orders


def test_what_is_explained_is_what_happens(made):
    project, orders = made
    found = project.inspect()
    exact, others = 0, []
    for app, order in orders.items():
        script = project.path / f"{app}.py"
        script.write_text(
            "import os, django\n"
            "os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
            "django.setup()\n" + SCRIPT.format(app=app, order=order)
        )
        done = run_process(sys.executable, script.name, cwd=project.path)
        assert done.returncode == 0, done.stderr
        for asked, happened in json.loads(done.stdout).items():
            label, operation = asked.split()
            said = [
                (step.signal, step.sender)
                for chain in explain(found, label, operation).chains
                for step in chain.steps
                if isinstance(step, Sent) and step.receivers
            ]
            # Of every signal and sender the first call: there are many rows.
            first = list(dict.fromkeys(map(tuple, happened)))
            source = (project.path / app / "models.py").read_text()
            assert set(first) <= set(said), f"{asked} of {app}:\n{source}"
            if said == first:
                exact += bool(said)
            else:
                others.append(asked)
    # Which of two tables that do not depend on each other comes first depends on the rows, and so
    # does whether each way is taken: not every combination is there.
    assert exact > 50
    assert len(others) <= exact / 20, others
