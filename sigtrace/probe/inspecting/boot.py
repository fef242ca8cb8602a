"""Sets the project up as its manage.py would, and has written down what is connected then."""

from __future__ import annotations

import json
import os
import sys
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING, Any

from ...options import VARIABLE
from ..patching import Patches
from .failing import FailedError, HandedOverError, step
from .inspector import Inspector

if TYPE_CHECKING:
    from ...options import InspectOptions

_BOOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_boot")
_SETTINGS = "DJANGO_SETTINGS_MODULE"


class Boot:
    """The course of a process that was started to be inspected, from its first line to its end."""

    def __init__(self, options: InspectOptions) -> None:
        self._options = options
        self._manage = os.path.relpath(options.manage) if options.manage else ""
        self._patches = Patches()
        self._inspector = Inspector(options.project, self._patches)
        self._warnings: list[str] = []

    def loaded(self, module_name: str) -> None:
        """Hook a module of Django's that has just been executed."""
        if module_name == "django.core.management":
            management = sys.modules[module_name]
            self._patches.set(management, "execute_from_command_line", _hand_over)
            self._patches.set(management.ManagementUtility, "execute", _hand_over)
        else:
            self._inspector.loaded(module_name)

    def main(self) -> None:
        """Write the inspection, or why there is none, and end this process at once.

        At once, because what the project has started in the background would hold us up.
        """
        status = 1
        try:
            answer = self._answer()
            aside = f"{self._options.output}.new"
            with open(aside, "w", encoding="ascii") as file:
                json.dump({"schema": 1, **answer}, file)
            os.replace(aside, self._options.output)
            sys.stdout.flush()
            sys.stderr.flush()
            status = 0
        finally:
            os._exit(status)

    def _answer(self) -> dict[str, Any]:
        try:
            with step("inspection", self._options.project):
                return self._inspect()
        except FailedError as failed:
            return {"error": failed.told}

    def _inspect(self) -> dict[str, Any]:
        options, project = self._options, self._options.project
        self._be_like_manage()
        module, source = self._find_settings()
        with step("settings", project, source, module):
            from django.conf import settings

            # Asked for one by its name, Django loads them all.
            settings.INSTALLED_APPS  # noqa: B018
        with step("setup", project, source, module):
            import django

            django.setup()
        for name in options.imports:
            with step("import", project, module=name):
                _load_urls() if name == "urls" else __import__(name)
        return {
            "project": project,
            "settings": {
                "module": module,
                "source": source,
                "file": self._inspector.file_of(module),
            },
            "python": ".".join(map(str, sys.version_info[:3])),
            "django": django.get_version(),
            "executable": sys.executable,
            "imports": list(options.imports),
            "warnings": [*self._warnings, *self._inspector.warnings],
            **self._inspector.found(),
        }

    def _be_like_manage(self) -> None:
        """Set what `python manage.py check` would see, and leave nothing to our children."""
        os.environ.pop(VARIABLE, None)
        entries = os.environ.pop("PYTHONPATH", "").split(os.pathsep)
        path = os.pathsep.join(entry for entry in entries if entry != _BOOT)
        if path:
            os.environ["PYTHONPATH"] = path
        if not sys.flags.safe_path:
            sys.path[0] = os.path.dirname(os.path.abspath(self._manage or "manage.py"))
        sys.path[:0] = self._options.pythonpath
        sys.argv[:] = [self._manage or "manage.py", "check"]

    def _find_settings(self) -> tuple[str, str]:
        """Return the settings module and who named it; manage.py is run up to its command."""
        options = self._options
        before = os.environ.get(_SETTINGS)
        if options.settings:
            os.environ[_SETTINGS] = options.settings
        if self._manage:
            self._run_manage(needed=not options.settings and not before)
        if options.settings:
            # Some assign what others only default to.
            os.environ[_SETTINGS] = options.settings
            return options.settings, options.settings_source
        after = os.environ.get(_SETTINGS)
        if after:
            same = after == before
            return after, f"{_SETTINGS} in the environment" if same else self._manage
        conf = sys.modules.get("django.conf")
        if conf is not None and conf.settings.configured:
            return "settings.configure()", self._manage
        if not options.fallback:
            raise FailedError({"stage": "unnamed", "source": self._manage})
        if self._manage:
            said = f"{self._manage} names no settings: taken from {options.fallback_source}"
            self._warnings.append(said)
        sys.path[:0] = options.fallback_pythonpath
        os.environ[_SETTINGS] = options.fallback
        return options.fallback, options.fallback_source

    def _run_manage(self, needed: bool) -> None:
        """Run manage.py up to where it hands over to Django."""
        path = self._options.manage
        loader = SourceFileLoader("__main__", path)
        main = type(sys)("__main__")
        main.__file__ = path
        main.__loader__ = loader
        # To stay: what it has connected lives as long as the module.
        sys.modules["__main__"] = main
        try:
            with step("manage", self._options.project, self._manage):
                code = loader.source_to_code(loader.get_data(path), path)
                exec(code, vars(main))  # noqa: S102  (the project's own program)
        except HandedOverError:
            return
        except FailedError as failed:
            if needed:
                raise
            said = f"{failed.told['type']}: {failed.told['message']}"
        else:
            said = "it never came to Django's command line"
        self._warnings.append(f"{self._manage} was left out: {said}")


def _hand_over(*args: Any, **kwargs: Any) -> None:
    raise HandedOverError


def _load_urls() -> None:
    """Import the URL configuration and all that it includes."""
    from django.urls import get_resolver

    waiting: list[Any] = [get_resolver()]
    while waiting:
        patterns = waiting.pop().url_patterns
        waiting += [pattern for pattern in patterns if hasattr(pattern, "url_patterns")]
