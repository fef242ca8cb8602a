"""A project is set up as its manage.py would, and what fails is said in one sentence."""

from __future__ import annotations

import signal

import pytest

from sigtrace.errors import SigtraceError
from tests.projects import MANAGE, Project, make_project

APP = """
from django.db.models.signals import post_save
from django.conf import settings

def heard(sender, **kwargs): ...

post_save.connect(heard, dispatch_uid=settings.SETTINGS_MODULE)
"""

OTHER = "from config.settings import *\n"


@pytest.fixture
def project(tmp_path) -> Project:
    files = {"app/models.py": APP, "config/other.py": OTHER}
    return make_project(tmp_path / "project", files, ("app",))


def test_manage_names_the_settings(project):
    found = project.inspect()
    assert found.settings.module == "config.settings"
    assert found.settings.source.endswith("manage.py")
    assert found.settings.file == "config/settings.py"
    assert "config.settings" in [one.dispatch_uid for one in found.connections]
    assert found.warnings == ()


def test_the_environment_wins_over_manage(project):
    other = Project(project.path, {**project.env, "DJANGO_SETTINGS_MODULE": "config.other"})
    found = other.inspect()
    assert found.settings.module == "config.other"
    assert found.settings.source == "DJANGO_SETTINGS_MODULE in the environment"


def test_the_option_wins_over_all_also_over_a_manage_that_insists(project):
    project.write({"manage.py": MANAGE.replace(".setdefault(", ".__setitem__(")})
    found = project.inspect(settings="config.other", settings_source="--settings")
    assert found.settings.module == "config.other"
    assert found.settings.source == "--settings"


def test_what_manage_does_before_a_command_is_done_and_the_command_is_not(project):
    before = """
    import pathlib
    vendor = pathlib.Path(__file__).resolve().parent / "vendor"
    sys.path.insert(0, str(vendor))
    assert sys.argv[1:] == ["check"]
    """
    project.write(
        {
            "manage.py": MANAGE.replace("\n    from", f"{before}\n    from")
            + "    raise SystemExit('the command was run')\n",
            "vendor/vendored.py": "",
            "app/models.py": "import vendored\n" + APP,
        }
    )
    assert project.inspect().warnings == ()


def test_a_utility_of_ones_own_is_stopped_as_well(project):
    utility = MANAGE.replace(
        "execute_from_command_line(sys.argv)",
        "ManagementUtility(sys.argv).execute()\n    open('run', 'w').close()",
    ).replace("import execute_from_command_line", "import ManagementUtility")
    project.write({"manage.py": utility})
    assert project.inspect().settings.module == "config.settings"
    assert not (project.path / "run").exists()


def test_manage_that_configures_the_settings_itself(project):
    configuring = MANAGE.replace(
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")',
        'from django.conf import settings\n    settings.configure(INSTALLED_APPS=["app"], SETTINGS_MODULE="")',
    )
    project.write({"manage.py": configuring})
    found = project.inspect()
    assert found.settings.module == "settings.configure()"
    assert "app.models" in found.modules


def test_a_project_of_one_file(project):
    project.write(
        {
            "manage.py": """
                from django.conf import settings
                from django.core.management import execute_from_command_line
                from django.dispatch import Signal

                settings.configure(INSTALLED_APPS=[])
                changed = Signal()

                def heard(sender, **kwargs): ...

                changed.connect(heard)
                execute_from_command_line()
                """
        }
    )
    (one,) = (one for one in project.inspect().signals if one.name == "__main__.changed")
    assert one.collected == ()
    (alive,) = one.connections
    assert alive.receiver.name == "__main__.heard"
    assert (alive.receiver.place.file, alive.receiver.place.line) == ("manage.py", 9)


def test_manage_that_names_none_leaves_it_to_the_files_of_other_tools(project):
    project.write({"manage.py": MANAGE.replace("os.environ.setdefault", "print")})
    with pytest.raises(SigtraceError, match=r"manage\.py names no settings module"):
        project.inspect()
    found = project.inspect(fallback="config.other", fallback_source="pytest.ini")
    assert (found.settings.module, found.settings.source) == ("config.other", "pytest.ini")
    (warning,) = found.warnings
    assert warning.endswith("manage.py names no settings: taken from pytest.ini")


def test_manage_that_fails_is_left_out_where_it_is_not_needed(project):
    project.write({"manage.py": "import django_missing\n"})
    with pytest.raises(SigtraceError, match=r"manage\.py failed before .* No module named"):
        project.inspect()
    (warning,) = project.inspect(settings="config.other").warnings
    assert "manage.py was left out: ModuleNotFoundError: No module named" in warning


def test_without_manage_the_current_folder_is_on_the_path(project, monkeypatch):
    monkeypatch.chdir(project.path)
    assert project.inspect(manage="", settings="config.settings").settings.file is not None


def test_neither_options_of_ours_nor_our_path_reach_the_project(project):
    project.write(
        {
            "config/settings.py": (project.path / "config/settings.py").read_text()
            + "import os, sys\n"
            + "assert 'SIGTRACE_CONFIG' not in os.environ\n"
            + "assert os.environ['PYTHONPATH'] == '/nowhere'\n"
            + "assert not any('_boot' in entry for entry in sys.path)\n"
            + "assert sys.path[0].endswith('project')\n"
        }
    )
    with_path = Project(project.path, {**project.env, "PYTHONPATH": "/nowhere"})
    assert with_path.inspect().settings.module == "config.settings"


def test_threads_of_the_project_do_not_hold_us_up(project):
    project.write(
        {
            "app/models.py": "import threading\nthreading.Thread(target=threading.Event().wait).start()\n"
        }
    )
    assert "app.models" in project.inspect().modules


FAILURES = {
    "missing settings": (
        {"settings": "config.nothing", "settings_source": "--settings"},
        {},
        (
            r"^The settings config\.nothing \(named by --settings\) cannot be loaded: "
            r"ModuleNotFoundError: No module named 'config\.nothing'"
        ),
        "--pythonpath names a folder before them",
    ),
    "settings import what is missing": (
        {},
        {
            "config/settings.py": "from config.base import *\n",
            "config/base.py": "\nimport nothing\n",
        },
        (
            r"cannot be loaded: ModuleNotFoundError: No module named 'nothing' "
            r"\(\S*config/base\.py:2\)$"
        ),
        "--python names another interpreter",
    ),
    "settings with a mistake": (
        {},
        {"config/settings.py": "SECRET_KEY = (\n"},
        r"SyntaxError: .* \(\S*config/settings\.py:1\)$",
        "manage.py check",
    ),
    "settings that leave": (
        {},
        {"config/settings.py": "import sys\nsys.exit('no database')\n"},
        r"SystemExit: no database \(\S*config/settings\.py:2\)$",
        "manage.py check",
    ),
    "an app with a mistake": (
        {},
        {"app/models.py": "\n\nthing.nothing\n"},
        (
            r"^The project cannot be set up with the settings config\.settings \(named by \S*manage\.py\):"
            r" NameError: name 'thing' is not defined \(\S*app/models\.py:3\)$"
        ),
        "manage.py check",
    ),
    "a mistake of a package is told by our own line": (
        {},
        {"app/models.py": "\nimport decimal\ndecimal.Decimal('x')\n"},
        r"decimal\.ConversionSyntax.* \(\S*app/models\.py:3\)$",
        "manage.py check",
    ),
    "an import that was asked for": (
        {"imports": ("app.nothing",)},
        {},
        r"^app\.nothing cannot be imported: ModuleNotFoundError",
        "--pythonpath",
    ),
    "urls without any": (
        {"imports": ("urls",)},
        {},
        r"^urls cannot be imported: AttributeError: .*ROOT_URLCONF",
        "manage.py check",
    ),
}


@pytest.mark.parametrize(("options", "files", "message", "hint"), FAILURES.values(), ids=FAILURES)
def test_failures(project, options, files, message, hint):
    project.write(files)
    with pytest.raises(SigtraceError, match=message) as raised:
        project.inspect(**options)
    assert hint in raised.value.hint
    assert raised.value.exit_status == 2
    assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("os._exit(7)", r"ended before the project was set up \(exit status 7\)"),
        (f"os.kill(os.getpid(), {int(signal.SIGKILL)})", "was ended by signal 9"),
    ],
)
def test_an_interpreter_that_dies(project, statement, said):
    project.write({"app/models.py": f"import os\n{statement}\n"})
    with pytest.raises(SigtraceError, match=said):
        project.inspect()
