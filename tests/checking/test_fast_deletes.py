"""W008 names the models that Django would delete in one statement, as Django itself has it."""

from __future__ import annotations

import sys

from sigtrace.analysis.rules.any_sender import no_longer_fast
from tests.inspecting import shop
from tests.projects import make_project
from tests.support import run_process

ASK_DJANGO = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.apps import apps
from django.db.models.deletion import Collector
from django.db.models.signals import post_delete, pre_delete
for signal in (pre_delete, post_delete):
    signal.receivers = [one for one in signal.receivers if one[0][1] != id(None)]
    signal.sender_receivers_cache.clear()
for model in apps.get_models(include_auto_created=True):
    if not model._meta.proxy and Collector("default").can_fast_delete(model._base_manager.all()):
        print(model._meta.label)
"""


def test_the_models_are_those_of_djangos_collector(tmp_path):
    project = make_project(tmp_path / "project", shop.FILES, shop.APPS, shop.SETTINGS)
    (project.path / "ask.py").write_text(ASK_DJANGO)
    done = run_process(sys.executable, "ask.py", cwd=project.path, env=project.env)
    assert done.returncode == 0, done.stderr
    labels = done.stdout.split()
    assert "shop.Hint" in labels
    assert "shop.Item" not in labels
    assert sorted(no_longer_fast(project.inspect())) == sorted(labels)
